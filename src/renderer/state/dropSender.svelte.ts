/** Files on their way to the engine: streamed in pieces, or known to it already. */
import type { EngineApi } from '#shared/contract'
import type { DroppedFile } from './droppedFiles'

/** Bytes of a file that are sent at once. */
const PIECE = 2 << 20

/** One drop, until it is let go of. */
export class DropSender {
  sent = $state({ bytes: 0, total: 0, beganAt: 0 })
  /** Of the engine's; null before it has one, and after it was let go of. */
  drop: string | null = null
  isCancelled = false

  readonly #api: EngineApi

  constructor(api: EngineApi) {
    this.#api = api
  }

  /** Bytes per second so far; null in the first moments. */
  get rate(): number | null {
    // Read first: a rate that is not known yet is asked for again with the next piece.
    const { bytes, beganAt } = this.sent
    const seconds = (Date.now() - beganAt) / 1000
    return seconds > 0.5 ? bytes / seconds : null
  }

  /** Hands files over in pieces; what was cancelled meanwhile is let go of. */
  async send(files: readonly DroppedFile[]): Promise<void> {
    const total = files.reduce((sum, { file }) => sum + file.size, 0)
    this.sent = { bytes: 0, total, beganAt: Date.now() }
    const sizes = files.map(({ path, file }) => ({ path, bytes: file.size }))
    const { drop } = await this.#api.beginDrop({ files: sizes })
    this.drop = drop
    for (const [index, { file }] of files.entries()) {
      for (let at = 0; at < file.size && !this.isCancelled; at += PIECE) {
        const piece = file.slice(at, at + PIECE)
        const base64 = await base64Of(piece)
        await this.#api.addToDrop({ drop, file: index, base64 })
        this.sent.bytes += piece.size
      }
    }
    if (this.isCancelled) await this.discard()
  }

  /** Lets go of what was handed over. */
  async discard(): Promise<void> {
    const { drop } = this
    this.drop = null
    if (drop !== null) await this.#api.discardDrop({ drop })
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
