/** Words found inside one text. Pure. */

/** Where a match begins and ends, in UTF-16 units. */
export interface TextMatch {
  from: number
  to: number
}

/** All matches, upper and lower case as one; none for no words. */
export function findMatches(text: string, words: string): TextMatch[] {
  if (words === '') return []
  const pattern = new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'giu')
  return [...text.matchAll(pattern)].map((found) => ({
    from: found.index,
    to: found.index + found[0].length
  }))
}

/** The next place of a list that goes round, or the one before. */
export function nextMatch(current: number, total: number, step: 1 | -1): number {
  return total === 0 ? 0 : (current + step + total) % total
}

/** Index of the span that holds an offset, of spans given by their ends; null beyond the last. */
export function spanAt(ends: readonly number[], offset: number): number | null {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ends[middle]! <= offset) low = middle + 1
    else high = middle
  }
  return low < ends.length ? low : null
}

/** A token as a person can read it: blanks and line breaks are made visible. */
export function visibleToken(text: string): string {
  return text.replaceAll(' ', '␣').replaceAll('\n', '⏎').replaceAll('\t', '⇥')
}
