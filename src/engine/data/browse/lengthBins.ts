/** Bins of lengths on a logarithmic scale. Pure. */
import type { LengthBins } from '#shared/storedText'

/** Bins per factor of ten. */
const BINS_PER_DECADE = 10

/**
 * Counts lengths in bins of equal width on a logarithmic scale, from the shortest to the longest;
 * empty ones in between are there too. A length of 0 counts as 1.
 */
export function lengthBins(lengths: readonly number[]): LengthBins {
  if (lengths.length === 0) return []
  const places = lengths.map((length) => placeOf(Math.max(1, length)))
  const first = places.reduce((least, place) => Math.min(least, place), Infinity)
  const last = places.reduce((most, place) => Math.max(most, place), 0)
  const documents = Array.from({ length: last - first + 1 }, () => 0)
  for (const place of places) documents[place - first]! += 1
  return documents
    .map((inBin, index) => ({
      from: borderOf(first + index),
      to: borderOf(first + index + 1),
      documents: inBin
    }))
    .filter(({ from, to }) => from < to)
}

/** The middle length; the mean of the two middle ones where there are as many on both sides. */
export function median(lengths: readonly number[]): number | null {
  if (lengths.length === 0) return null
  const sorted = Float64Array.from(lengths).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The first whole length of a bin. */
function borderOf(place: number): number {
  return Math.ceil(10 ** (place / BINS_PER_DECADE) - 1e-9)
}

/** The bin whose borders hold a length: a logarithm may err by one at a border. */
function placeOf(length: number): number {
  let place = Math.floor(Math.log10(length) * BINS_PER_DECADE)
  while (borderOf(place + 1) <= length) place += 1
  while (borderOf(place) > length) place -= 1
  return place
}
