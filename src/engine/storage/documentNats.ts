/** `measurements.f64`: nats of documents, float64 little-endian, appended and never rewritten. */
import { closeSync, existsSync, readSync, statSync } from 'node:fs'
import { openToReadSync } from './reading'
import { REDONE, damagedError } from './seals'
import { sha256 } from './sha256'

/** Of a value. */
export const FLOAT64_BYTES = 8

/** Where a measurement's documents lie, and how they are known again. */
export interface DocumentsPlace {
  /** Values ahead of the first. */
  at: number
  /** How many values. */
  documents: number
  /** Of their bytes: the first letters of the SHA-256, in hex. */
  sha256: string
}

const SUM_LETTERS = 16
/** What is read ahead where one measurement after another is asked for. */
const AHEAD_BYTES = 1 << 20

/** The checksum of documents' bytes. */
export function sumOfBytes(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, SUM_LETTERS)
}

/** Reads documents' nats where they lie; the file is opened when something is first read. */
export class DocumentNats {
  readonly path: string
  #file: number | null = null
  /** What was read last, and where it begins in the file. */
  #window: { begin: number; bytes: Uint8Array } = { begin: 0, bytes: new Uint8Array() }

  constructor(path: string) {
    this.path = path
  }

  /** Values that lie in the file. */
  get size(): number {
    const bytes = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
    return Math.floor(bytes / FLOAT64_BYTES)
  }

  /**
   * Nats per document.
   *
   * @throws WorkbenchError `storage/corrupt` where the bytes are not those that were written
   */
  read(place: DocumentsPlace): number[] {
    const fault = this.faultAt(place)
    if (fault) throw damagedError(`${this.path}, ${placeInWords(place)},`, fault, REDONE)
    // A copy: what was read may begin anywhere.
    const values = new Float64Array(this.#bytesAt(place).slice().buffer)
    const nats = new Array<number>(values.length)
    for (let i = 0; i < values.length; i++) nats[i] = values[i]!
    return nats
  }

  /** What is wrong with the bytes of a place; null where nothing is. */
  faultAt(place: DocumentsPlace): { expected: string; found: string } | null {
    const bytes = this.#bytesAt(place)
    const found = sumOfBytes(bytes)
    if (bytes.length === place.documents * FLOAT64_BYTES && found === place.sha256) return null
    return { expected: place.sha256, found }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  /** The bytes of a place; fewer where the file ends before. */
  #bytesAt({ at, documents }: DocumentsPlace): Uint8Array {
    const begin = at * FLOAT64_BYTES
    const length = documents * FLOAT64_BYTES
    const before = this.#window
    const end = before.begin + before.bytes.length
    if (begin < before.begin || begin + length > end) {
      const isNext = begin >= before.begin && begin <= end
      const wanted = isNext ? Math.max(length, AHEAD_BYTES) : length
      this.#window = { begin, bytes: this.#readBytes(begin, wanted) }
    }
    const from = begin - this.#window.begin
    return this.#window.bytes.subarray(from, from + length)
  }

  #readBytes(begin: number, length: number): Uint8Array {
    this.#file ??= existsSync(this.path) ? openToReadSync(this.path) : null
    if (this.#file === null) return new Uint8Array()
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      const read = readSync(this.#file, bytes, done, length - done, begin + done)
      if (read === 0) break
      done += read
    }
    return bytes.subarray(0, done)
  }
}

/** Where documents lie, for who looks into the file. */
export function placeInWords({ at, documents }: DocumentsPlace): string {
  const begin = at * FLOAT64_BYTES
  return `bytes ${begin} to ${begin + documents * FLOAT64_BYTES}`
}
