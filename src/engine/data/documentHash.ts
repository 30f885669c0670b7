/** What identifies a document, and the draws that follow from its content alone. */
import { createHash } from 'node:crypto'

/** Bytes of the hash of normalised text; of the hash of the exact text. */
export const CONTENT_HASH_BYTES = 32
export const TEXT_HASH_BYTES = 16

/** What differs only in Unicode form or in runs of white space counts as the same document. */
export function normalizeText(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim()
}

/** Hash by which duplicates are found: SHA-256 of the normalised text, 32 bytes. */
export function contentHash(text: string): Buffer {
  return createHash('sha256').update(normalizeText(text)).digest()
}

/** Hash of the exact bytes of a text, 16 bytes of its SHA-256. */
export function textHash(text: Uint8Array): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, TEXT_HASH_BYTES)
}

/**
 * Where each draw lies in a content hash. Different bytes, so that a document taken by `take` is
 * no likelier to be held out than any other.
 */
const DRAW_OFFSETS = { holdOut: 0, domainOrder: 6, half: 12, take: 14, shuffle: 20 } as const
export type HashDraw = keyof typeof DRAW_OFFSETS

/**
 * A number in [0, 1) that depends on the hash alone, so it never changes when data are added.
 *
 * @param at start of the hash inside `hashes`
 */
export function drawOf(hashes: Buffer, at: number, draw: HashDraw): number {
  return (
    hashes.readUIntBE(at + DRAW_OFFSETS[draw], draw === 'half' ? 2 : 6) /
    (draw === 'half' ? 2 ** 16 : 2 ** 48)
  )
}

/** Mixes all bits of a 32-bit number into each other; a bijection (the finaliser of MurmurHash3). */
export function mix32(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/**
 * The place of a document in a shuffle: sorting by it shuffles, and adding documents never
 * changes the order of those already there.
 *
 * @param seed four words, as `permutationKey` gives them
 */
export function shuffleDraw(hashes: Buffer, at: number, seed: Uint32Array): number {
  const high = mix32(hashes.readUInt32BE(at + DRAW_OFFSETS.shuffle) ^ seed[0]!)
  const low = mix32(hashes.readUInt32BE(at + DRAW_OFFSETS.shuffle + 4) ^ high ^ seed[1]!)
  return (high >>> 11) * 2 ** 32 + low
}
