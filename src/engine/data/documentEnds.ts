/** Where documents end in a token stream. */
import { openTokens } from './tokenFiles'
import type { TokenStream } from './tokenStream'

const IDS_PER_READ = 1 << 20

/**
 * Places of all end-of-text ids of a stream, ascending: one for each document, and one more wherever
 * a text spells one itself.
 *
 * @param path of the stream's `tokens.bin`
 */
export function documentEnds(
  path: string,
  { width, tokens }: Pick<TokenStream, 'width' | 'tokens'>,
  endOfTextId: number
): number[] {
  const reader = openTokens(path, width, 0)
  const ends: number[] = []
  try {
    for (let at = 0; at < tokens; at += IDS_PER_READ) {
      const ids = new Int32Array(Math.min(IDS_PER_READ, tokens - at))
      reader.read(at, ids.length, ids, 0)
      for (let end = ids.indexOf(endOfTextId); end >= 0; end = ids.indexOf(endOfTextId, end + 1)) {
        ends.push(at + end)
      }
    }
  } finally {
    reader.close()
  }
  return ends
}
