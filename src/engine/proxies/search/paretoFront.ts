/** What can be had of one loss for how much of another: mixtures that no other beats in both. */
import type { AskedDomain } from './searchTarget'

/** Mixtures of a front told at most: no figure shows more apart. */
export const MOST_ON_FRONT = 60

/** Between the first loss alone and the second alone, over weights: so many weightings of both. */
const BETWEEN = 11

/**
 * Places of those than which none is better in one loss and no worse in the other, the best in the
 * first loss first; of equals the first.
 *
 * @param places to look at
 */
export function nondominated(
  places: readonly number[],
  first: (place: number) => number,
  second: (place: number) => number
): number[] {
  const sorted = [...places].sort((a, b) => first(a) - first(b) || second(a) - second(b) || a - b)
  let least = Infinity
  return sorted.filter((place) => {
    if (!(second(place) < least)) return false
    least = second(place)
    return true
  })
}

/** So many of a list as may be told, evenly spread, both ends among them. */
export function spread<T>(list: readonly T[], most = MOST_ON_FRONT): T[] {
  if (list.length <= most) return [...list]
  return Array.from(
    { length: most },
    (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!
  )
}

/**
 * Targets between both losses, from the first alone to the second alone.
 *
 * Losses are convex in the shares, so that what is best by some weighting of both lies on the front, and every
 * point of it is best by one.
 */
export function targetsBetween(asked: readonly AskedDomain[]): AskedDomain[][] {
  return Array.from({ length: BETWEEN }, (_, i) => {
    const part = i / (BETWEEN - 1)
    return asked.map((one) => ({
      ...one,
      weight: (1 - part) * one.weight + part * one.second
    }))
  })
}
