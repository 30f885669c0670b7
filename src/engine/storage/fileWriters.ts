/** Files that are open for writing: from front to back, or at places. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { guarded } from './writeErrors'

/** Writes all bytes: from where the file stands, or from a place on. */
async function writeAll(file: FileHandle, data: Uint8Array, at?: number): Promise<void> {
  for (let done = 0; done < data.byteLength;) {
    const place = at === undefined ? null : at + done
    done += (await file.write(data, done, undefined, place)).bytesWritten
  }
}

/** A file being written from front to back. */
export class FileWriter {
  readonly path: string
  readonly #handle: FileHandle
  readonly #hash = createHash('sha256')
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** Bytes written so far. */
  bytes = 0
  /** SHA-256 of all of them; null until the file is closed. */
  sha256: string | null = null

  constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  /** Appends bytes; small pieces are gathered into writes of a megabyte. The bytes are copied. */
  async write(data: Uint8Array): Promise<void> {
    if (data.byteLength === 0) return
    this.#hash.update(data)
    this.bytes += data.byteLength
    this.#pending.push(data.byteLength < 1 << 16 ? Uint8Array.from(data) : Buffer.from(data))
    this.#pendingBytes += data.byteLength
    if (this.#pendingBytes >= 1 << 20) await this.#flush()
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes === 0) return
    const chunk = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    await guarded(this.path, () => writeAll(this.#handle, chunk))
  }

  /** Syncs and closes; returns what a manifest records. */
  async close(): Promise<{ bytes: number; sha256: string }> {
    try {
      await this.#flush()
      await guarded(this.path, () => this.#handle.sync())
    } finally {
      await this.#handle.close()
    }
    this.sha256 = this.#hash.digest('hex')
    return { bytes: this.bytes, sha256: this.sha256 }
  }

  /** Closes without keeping what is unwritten. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
  }
}

/**
 * A file written at places, out of memory that the caller leaves alone until a write is done. It is
 * synced as it grows: a disk that begins at the end takes as long again.
 */
export class PlacedWriter {
  static readonly #SYNC_EVERY_BYTES = 1 << 27
  #unsynced = 0
  #syncing: Promise<void> = Promise.resolve()
  /** Bytes up to the end of what was written furthest back. */
  bytes = 0

  constructor(readonly file: { path: string; handle: FileHandle }) {}

  async write(data: Uint8Array, position: number): Promise<void> {
    const { path, handle } = this.file
    await guarded(path, () => writeAll(handle, data, position))
    this.bytes = Math.max(this.bytes, position + data.byteLength)
    this.#unsynced += data.byteLength
    if (this.#unsynced < PlacedWriter.#SYNC_EVERY_BYTES) return
    this.#unsynced = 0
    this.#syncing = this.#syncing.then(() => handle.datasync())
    this.#syncing.catch(() => undefined)
  }

  /** Syncs and closes. */
  close(): Promise<void> {
    const { path, handle } = this.file
    return guarded(path, () =>
      this.#syncing.then(() => handle.sync()).finally(() => handle.close())
    )
  }
}
