/** Ranges of numbers or years as people write them: `1970-1999, 2000-2009`. */

export interface NumberRange {
  name: string
  /** Both ends belong to it. */
  from: number
  to: number
}

/** @returns null where the text is no list of ranges */
export function parseRanges(text: string): NumberRange[] | null {
  const parsed = text.split(',').map((range) => /^(-?[\d.]+)-(-?[\d.]+)$/.exec(range.trim()))
  if (parsed.some((match) => match === null)) return null
  return parsed.map((match) => ({
    name: `${match![1]}-${match![2]}`,
    from: Number(match![1]),
    to: Number(match![2])
  }))
}
