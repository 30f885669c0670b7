/** From a tokenizer's offsets to where tokens end in a text. Pure. */
import type { TokenEnds } from '#shared/storedText'

/** A piece of a text with its tokens; offsets count the piece's characters (code points). */
export interface EncodedPiece {
  text: string
  ids: readonly number[]
  /** Begin and end of each token. */
  offsets: readonly (readonly number[])[]
}

/**
 * Joins pieces of a text.
 *
 * A blank that no token claims (tokenizers may trim it) counts to the token after it, and at the
 * end of a piece to the last one; tokens that do not reach beyond the one before, as the bytes of
 * one character do, share its end. So the spans add up to the text.
 */
export function joinTokenEnds(pieces: readonly EncodedPiece[]): TokenEnds {
  const ends: number[] = []
  const ids: number[][] = []
  let start = 0
  for (const { text, ids: ofPiece, offsets } of pieces) {
    const units = unitOffsets(text)
    const first = ends.length
    for (const [index, id] of ofPiece.entries()) {
      const end = start + units[offsets[index]![1]!]!
      const last = ends.at(-1) ?? 0
      if (ends.length > first && end <= last) ids.at(-1)!.push(id)
      else {
        ends.push(end)
        ids.push([id])
      }
    }
    start += text.length
    if (ends.length > first) ends[ends.length - 1] = start
  }
  return { ends, ids }
}

/** Where each code point of a text begins, in UTF-16 units, and its end. */
function unitOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1)
  let points = 0
  let at = 0
  for (const character of text) {
    offsets[points++] = at
    at += character.length
  }
  offsets[points] = at
  return offsets
}
