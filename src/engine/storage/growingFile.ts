/** A file that only grows: what is appended is there whole, or the file is as it was. */
import type { FileHandle } from 'node:fs/promises'
import { guarded } from './writeErrors'

/** A file open for appending; appends follow one another, since long ones are written in pieces. */
export class GrowingFile {
  readonly path: string
  readonly #handle: FileHandle
  #last: Promise<unknown> = Promise.resolve()
  /** Where a torn piece begins that could not be taken back; null where all is whole. */
  #tornAt: number | null = null

  /** @param handle opened with the flags `a+` */
  constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  /**
   * Appends data; on disk when the promise resolves. Behind a torn piece nothing is
   * appended: it is taken back first, and where the disk refuses that the append fails.
   *
   * @param width the data begins at a multiple of so many bytes, zeros ahead of it where need be
   * @returns the byte at which the data begins
   */
  append(data: Uint8Array, width = 1): Promise<number> {
    const appended = this.#last.then(() => this.#write(data, width))
    this.#last = appended.catch(() => undefined)
    return appended
  }

  async #write(data: Uint8Array, width: number): Promise<number> {
    return guarded(this.path, async () => {
      if (this.#tornAt !== null) await this.#takeBack(this.#tornAt)
      const { size } = await this.#handle.stat()
      const gap = (width - (size % width)) % width
      try {
        await this.#handle.appendFile(gap > 0 ? Buffer.concat([Buffer.alloc(gap), data]) : data)
        await this.#handle.sync()
      } catch (error) {
        // What was written of it would be glued to the next append.
        await this.#takeBack(size).catch(() => undefined)
        throw error
      }
      return size + gap
    })
  }

  async #takeBack(end: number): Promise<void> {
    this.#tornAt = end
    await this.#handle.truncate(end)
    this.#tornAt = null
  }

  /** Closes behind the last append. */
  async close(): Promise<void> {
    await this.#last
    await this.#handle.close()
  }
}
