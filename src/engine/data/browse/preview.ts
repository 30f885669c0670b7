/** The little of a text that a list shows. Pure. */

const PREVIEW_CHARACTERS = 160
const BEFORE_MATCH = 40

/** The first line that holds more than blanks, cut to what a list has room for. */
export function firstLine(text: string): string {
  const line = /\S[^\n]*/.exec(text.slice(0, 10_000))?.[0] ?? ''
  return shortened(line.trimEnd())
}

/** How often words stand in a text, upper and lower case as one, and what is around the first. */
export function findAround(
  text: string,
  words: string
): { matches: number; around: string } | null {
  if (words === '') return null
  const pattern = new RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'giu')
  let first = -1
  let matches = 0
  for (const found of text.matchAll(pattern)) {
    if (first < 0) first = found.index
    matches += 1
  }
  if (matches === 0) return null
  const from = Math.max(0, first - BEFORE_MATCH)
  const around = text.slice(from, from + 2 * PREVIEW_CHARACTERS).replace(/\s+/g, ' ')
  return { matches, around: `${from > 0 ? '…' : ''}${shortened(around)}` }
}

function shortened(line: string): string {
  if (line.length <= PREVIEW_CHARACTERS) return line
  return `${line.slice(0, PREVIEW_CHARACTERS).replace(/[\ud800-\udbff]$/, '')}…`
}
