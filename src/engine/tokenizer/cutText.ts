/** Cuts a long text where byte-level tokenizers give the same ids as for the whole. */

const PIECE_LENGTH = 100_000
const CUT = /(?<=[\p{L}]) (?=\p{L})/gu

/**
 * Cuts before a single blank between two letters: there every byte-level pre-tokenizer in use
 * ends a word anyway.
 *
 * @param length characters after which the next such place is taken
 */
export function cutText(text: string, length = PIECE_LENGTH): string[] {
  const pieces: string[] = []
  let start = 0
  while (text.length - start > length) {
    CUT.lastIndex = start + length
    const found = CUT.exec(text)
    if (!found) break
    pieces.push(text.slice(start, found.index))
    start = found.index
  }
  pieces.push(text.slice(start))
  return pieces
}
