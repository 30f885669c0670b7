/** The index of a stored corpus: one fixed-size entry per document, and where its text lies. */
import { CONTENT_HASH_BYTES, TEXT_HASH_BYTES } from './documentHash'

/** Bytes of one entry: hashes, text bytes, container, offset, length. */
export const ENTRY_BYTES = 72
const TEXT_HASH_AT = CONTENT_HASH_BYTES
const BYTES_AT = TEXT_HASH_AT + TEXT_HASH_BYTES
const CONTAINER_AT = BYTES_AT + 4
const OFFSET_AT = CONTAINER_AT + 4
const LENGTH_AT = OFFSET_AT + 8

export interface IndexEntry {
  /** SHA-256 of the normalised text. */
  contentHash: Buffer
  /** First 16 bytes of SHA-256 of the exact text. */
  textHash: Buffer
  /** UTF-8 bytes of the text. */
  bytes: number
  /** Number of the block that holds the text; of the source file, when in place. */
  container: number
  /** Where the text begins in the block; where its line or file begins, when in place. */
  offset: number
  /** Bytes of the text in the block; of the line or file, when in place. */
  length: number
}

/** Writes an entry as bytes. */
export function packEntry(entry: IndexEntry): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES)
  entry.contentHash.copy(bytes, 0)
  entry.textHash.copy(bytes, TEXT_HASH_AT)
  bytes.writeUInt32LE(entry.bytes, BYTES_AT)
  bytes.writeUInt32LE(entry.container, CONTAINER_AT)
  bytes.writeDoubleLE(entry.offset, OFFSET_AT)
  bytes.writeUInt32LE(entry.length, LENGTH_AT)
  return bytes
}

/** Reads the entry of a document; its hashes are views, not copies. */
export function unpackEntry(index: Buffer, document: number): IndexEntry {
  const at = document * ENTRY_BYTES
  return {
    contentHash: index.subarray(at, at + CONTENT_HASH_BYTES),
    textHash: index.subarray(at + TEXT_HASH_AT, at + BYTES_AT),
    bytes: index.readUInt32LE(at + BYTES_AT),
    container: index.readUInt32LE(at + CONTAINER_AT),
    offset: index.readDoubleLE(at + OFFSET_AT),
    length: index.readUInt32LE(at + LENGTH_AT)
  }
}

/** UTF-8 bytes of a document's text, without unpacking the rest. */
export function entryBytes(index: Buffer, document: number): number {
  return index.readUInt32LE(document * ENTRY_BYTES + BYTES_AT)
}
