/** Files on their way to the engine: streamed in pieces, or known to it already. */
import type { EngineApi } from '#shared/contract'
import { toPlain } from '#shared/errors'
import type { DroppedFile } from './droppedFiles'

/** Bytes of a file that are sent at once. */
const PIECE = 2 << 20

/** One drop, until it is let go of. */
export class DropSender {
  sent = $state({ bytes: 0, total: 0, beganAt: 0 })
  /** Of the engine's; null before it has one, and after it was let go of. */
  drop: string | null = null

  readonly #api: EngineApi
  #isLeft = false
  /** So many things need the drop now; one that was left meanwhile is let go of after them. */
  #users = 0

  constructor(api: EngineApi) {
    this.#api = api
  }

  /** Bytes per second so far; null in the first moments. */
  get rate(): number | null {
    // Read first: a rate that is not known yet is asked for again with the next piece.
    const { bytes, beganAt } = this.sent
    const seconds = (performance.now() - beganAt) / 1000
    return seconds > 0.5 ? bytes / seconds : null
  }

  /**
   * Hands files over in pieces, then has them looked at.
   *
   * @returns what went wrong, in words; null where nothing did
   */
  send(files: readonly DroppedFile[], look: () => Promise<void>): Promise<string | null> {
    return this.#trying(async () => {
      await this.#sendPieces(files)
      if (!this.#isLeft) await look()
    })
  }

  /** Has looked at what lies on the engine's own machine already; as {@link send} otherwise. */
  adopt(drop: string, look: () => Promise<void>): Promise<string | null> {
    this.drop = drop
    return this.#trying(look)
  }

  /** Does what needs the drop, which stays as long. */
  async holding<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#users += 1
    try {
      return await work()
    } finally {
      this.#users -= 1
      if (this.#isLeft) this.#discard()
    }
  }

  /** Nobody looks at it any more: it is let go of as soon as nothing needs it. */
  leave(): void {
    this.#isLeft = true
    this.#discard()
  }

  /** Removes what was handed over; nobody waits for it, nor could do anything if that failed. */
  #discard(): void {
    const { drop } = this
    if (drop === null || this.#users > 0) return
    this.drop = null
    this.#api.discardDrop({ drop }).catch(() => undefined)
  }

  async #sendPieces(files: readonly DroppedFile[]): Promise<void> {
    const total = files.reduce((sum, { file }) => sum + file.size, 0)
    this.sent = { bytes: 0, total, beganAt: performance.now() }
    const sizes = files.map(({ path, file }) => ({ path, bytes: file.size }))
    const { drop } = await this.#api.beginDrop({ files: sizes })
    this.drop = drop
    for (const [index, { file }] of files.entries()) {
      for (let at = 0; at < file.size && !this.#isLeft; at += PIECE) {
        const piece = file.slice(at, at + PIECE)
        const base64 = await base64Of(piece)
        await this.#api.addToDrop({ drop, file: index, base64 })
        this.sent.bytes += piece.size
      }
    }
  }

  /** What failed is of no use, and may take 20 GB: it is let go of. */
  async #trying(work: () => Promise<void>): Promise<string | null> {
    try {
      await this.holding(work)
      return null
    } catch (error) {
      this.#discard()
      return toPlain(error).message
    }
  }
}

/** A browser's own way to base64: the part of a data address behind its comma. */
function base64Of(piece: Blob): Promise<string> {
  return new Promise((done, fail) => {
    const reader = new FileReader()
    reader.onload = () => {
      const address = reader.result as string
      done(address.slice(address.indexOf(',') + 1))
    }
    reader.onerror = () => fail(reader.error ?? new Error('the file cannot be read'))
    reader.readAsDataURL(piece)
  })
}
