/** How far reading is, told a few times a second. */
import type { Progress } from '#shared/records'

export interface ReadProgress {
  /** Bytes taken from disk, before decompression. */
  bytes: number
  totalBytes: number
  documents: number
  /** Bytes per second over the last seconds; null at the very start. */
  rate: number | null
  secondsLeft: number | null
}

const INTERVAL_MS = 250
const WINDOW_MS = 5000

/** Counts what is read and tells it at most four times a second, and once at the end. */
export class ReadMeter {
  bytes = 0
  documents = 0
  readonly #totalBytes: number
  readonly #tell: (progress: ReadProgress) => void
  #marks: { at: number; bytes: number }[] = [{ at: performance.now(), bytes: 0 }]

  constructor(totalBytes: number, tell: (progress: ReadProgress) => void = () => undefined) {
    this.#totalBytes = totalBytes
    this.#tell = tell
  }

  addBytes = (count: number): void => {
    this.bytes += count
    this.#tellIfDue()
  }

  addDocument(): void {
    this.documents += 1
    if (this.documents % 1000 === 0) this.#tellIfDue()
  }

  /** Tells the last state, whenever the one before was told. */
  finish(): void {
    this.#tell(this.#progress(performance.now()))
  }

  #tellIfDue(): void {
    const now = performance.now()
    if (now - this.#marks.at(-1)!.at < INTERVAL_MS) return
    this.#tell(this.#progress(now))
    const recent = this.#marks.filter((mark) => now - mark.at < WINDOW_MS)
    this.#marks = [...recent, { at: now, bytes: this.bytes }]
  }

  #progress(now: number): ReadProgress {
    const first = this.#marks[0]!
    const seconds = (now - first.at) / 1000
    const rate = seconds > 0 ? (this.bytes - first.bytes) / seconds : null
    const left = Math.max(0, this.#totalBytes - this.bytes)
    return {
      bytes: this.bytes,
      totalBytes: this.#totalBytes,
      documents: this.documents,
      rate,
      secondsLeft: rate ? left / rate : null
    }
  }
}

/** Reading progress as the record that crosses to whoever shows it. */
export function progressOf(activity: string, label: string, progress: ReadProgress): Progress {
  const { bytes, totalBytes, documents, rate, secondsLeft } = progress
  return {
    activity,
    label,
    done: Math.min(bytes, totalBytes),
    total: totalBytes,
    unit: 'bytes',
    rate,
    secondsLeft,
    ...(documents > 0 ? { detail: `${documents.toLocaleString('en')} documents` } : {})
  }
}
