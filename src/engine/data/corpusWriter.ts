/** Writes a corpus folder: texts in compressed blocks, and per partition an index of documents. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FileWriter, FolderDraft } from '#engine/storage/files'
import { packEntry } from './corpusIndex'
import type { IndexEntry } from './corpusIndex'
import { contentHash, textHash } from './documentHash'

/** Text gathered before a block is compressed: large enough to compress, small enough to seek. */
const BLOCK_BYTES = 256 * 1024
const BLOCKS_IN_FLIGHT = 4
const compress = promisify(gzip)

/** Where a document of an in-place corpus lies. */
export interface SourcePlace {
  source: number
  offset: number
  length: number
}

interface PartitionDraft {
  entries: Buffer[]
  fields: string[]
  pending: Buffer[]
  pendingBytes: number
  block: number
  documents: number
  bytes: number
  hash: Hash
}

/** Collects documents into partitions; `finish` once, inside a folder draft that is committed later. */
export class CorpusWriter {
  readonly #draft: FolderDraft
  readonly #blocks: FileWriter
  readonly #keepFields: boolean
  readonly #partitions = new Map<string, PartitionDraft>()
  /** Per block, in order of numbers: where it lies, packed and unpacked size. */
  readonly #table: { offset: number; packed: number; raw: number }[] = []
  #queue: Promise<void> = Promise.resolve()
  #inFlight: Promise<void>[] = []

  private constructor(draft: FolderDraft, blocks: FileWriter, keepFields: boolean) {
    this.#draft = draft
    this.#blocks = blocks
    this.#keepFields = keepFields
  }

  static async begin(draft: FolderDraft, keepFields: boolean): Promise<CorpusWriter> {
    return new CorpusWriter(draft, await draft.create('blocks.bin'), keepFields)
  }

  get partitionNames(): string[] {
    return [...this.#partitions.keys()]
  }

  /** UTF-8 bytes of text written so far. */
  get bytes(): number {
    return [...this.#partitions.values()].reduce((sum, one) => sum + one.bytes, 0)
  }

  /**
   * Adds a document.
   *
   * @param fields values kept for later steps
   * @param place given when the text stays where it is
   */
  async add(
    partition: string,
    text: string,
    fields: Record<string, unknown>,
    place: SourcePlace | null
  ): Promise<void> {
    const part = this.#partition(partition)
    const bytes = Buffer.from(text)
    const hashes = { contentHash: contentHash(text), textHash: textHash(bytes) }
    const entry: IndexEntry = place
      ? { ...hashes, bytes: bytes.length, ...placeEntry(place) }
      : { ...hashes, bytes: bytes.length, ...this.#startText(part, bytes) }
    part.entries.push(packEntry(entry))
    if (this.#keepFields) part.fields.push(JSON.stringify(fields) + '\n')
    part.documents += 1
    part.bytes += bytes.length
    part.hash.update(hashes.contentHash).update(hashes.textHash)
    if (this.#keepFields) part.hash.update(part.fields.at(-1)!)
    if (part.pendingBytes >= BLOCK_BYTES) await this.#flush(part)
  }

  /**
   * Writes what is pending and the indexes.
   *
   * @returns per partition, sorted by name: its ledger, and the hash of its documents in order
   */
  async finish(): Promise<{ name: string; documents: number; bytes: number; hash: string }[]> {
    for (const part of this.#partitions.values()) await this.#flush(part)
    await this.#queue
    await this.#blocks.close()
    await this.#draft.writeFile('blocks.json', JSON.stringify(this.#table))
    const names = this.partitionNames.sort()
    for (const [number, name] of names.entries()) {
      const part = this.#partitions.get(name)!
      const index = await this.#draft.create(`partitions/${number}/index.bin`)
      for (const entry of part.entries) await index.write(entry)
      await index.close()
      const fields = await this.#draft.create(`partitions/${number}/fields.jsonl`)
      for (const line of part.fields) await fields.write(Buffer.from(line))
      await fields.close()
    }
    return names.map((name) => {
      const { documents, bytes, hash } = this.#partitions.get(name)!
      return { name, documents, bytes, hash: hash.digest('hex') }
    })
  }

  #partition(name: string): PartitionDraft {
    let part = this.#partitions.get(name)
    if (!part) {
      part = {
        entries: [],
        fields: [],
        pending: [],
        pendingBytes: 0,
        block: -1,
        documents: 0,
        bytes: 0,
        hash: createHash('sha256')
      }
      this.#partitions.set(name, part)
    }
    return part
  }

  #startText(
    part: PartitionDraft,
    bytes: Buffer
  ): Omit<IndexEntry, 'contentHash' | 'textHash' | 'bytes'> {
    if (part.block < 0) {
      part.block = this.#table.length
      this.#table.push({ offset: 0, packed: 0, raw: 0 })
    }
    const offset = part.pendingBytes
    part.pending.push(bytes)
    part.pendingBytes += bytes.length
    return { container: part.block, offset, length: bytes.length }
  }

  /** Compresses on the thread pool, several blocks at once, and writes them in order. */
  async #flush(part: PartitionDraft): Promise<void> {
    if (part.block < 0) return
    const raw = part.pending.length === 1 ? part.pending[0]! : Buffer.concat(part.pending)
    const entry = this.#table[part.block]!
    part.pending = []
    part.pendingBytes = 0
    part.block = -1
    const packing = compress(raw, { level: 1 })
    this.#queue = Promise.all([packing, this.#queue]).then(async ([packed]) => {
      entry.offset = this.#blocks.bytes
      entry.packed = packed.length
      entry.raw = raw.length
      await this.#blocks.write(packed)
    })
    this.#inFlight.push(this.#queue)
    if (this.#inFlight.length > BLOCKS_IN_FLIGHT) await this.#inFlight.shift()
  }
}

function placeEntry(place: SourcePlace): { container: number; offset: number; length: number } {
  return { container: place.source, offset: place.offset, length: place.length }
}
