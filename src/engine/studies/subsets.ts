/** Subsets, and fair shares of them: what choosing mixtures counts on. */
import { sha256 } from '#engine/storage/sha256'

/** Orders text by UTF-16 code units: the same on every machine, whatever its language. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Every subset of a size, in lexicographic order of places. */
export function subsetsOf(names: string[], size: number): string[][] {
  const found: string[][] = []
  const walk = (chosen: string[], next: number): void => {
    if (chosen.length === size) {
      found.push(chosen)
      return
    }
    for (let i = next; i <= names.length - (size - chosen.length); i++) {
      walk([...chosen, names[i]!], i + 1)
    }
  }
  walk([], 0)
  return found
}

/** How many subsets of size k a set of n has: n over k. */
export function subsetCount(n: number, k: number): number {
  let count = 1
  for (let i = 1; i <= k; i++) count = (count * (n - k + i)) / i
  return Math.round(count)
}

/**
 * Shares a number of draws over sizes as evenly as can be, one at a time: to the size with the
 * fewest so far, among equals to the one with most left. A larger number only adds.
 *
 * @param available mixtures there are of each size
 * @param taken how many of each size are taken already; they count
 */
export function spreadOver(
  available: number[],
  count: number,
  taken: readonly number[] = available.map(() => 0)
): number[] {
  const given = [...taken]
  for (let left = count - given.reduce((sum, one) => sum + one, 0); left > 0; left--) {
    let best = -1
    for (let i = 0; i < available.length; i++) {
      if (given[i]! >= available[i]!) continue
      const isBetter =
        best < 0 ||
        given[i]! < given[best]! ||
        (given[i] === given[best] && available[i]! > available[best]!)
      if (isBetter) best = i
    }
    if (best < 0) break
    given[best]!++
  }
  return given
}

function hashOrder(randomSeed: number, name: string): string {
  return sha256(`${String(randomSeed)}\n${name}`)
}

/**
 * The first items by a hash of seed and name: an order that further items never disturb.
 *
 * @param isSettled items that come before all others
 */
export function firstByHash<T extends { name: string }>(
  items: T[],
  count: number,
  randomSeed: number,
  isSettled: (item: T) => boolean = () => false
): T[] {
  return items
    .map((item) => ({
      item,
      key: `${isSettled(item) ? 0 : 1} ${hashOrder(randomSeed, item.name)}`
    }))
    .sort((a, b) => byCodeUnit(a.key, b.key))
    .slice(0, count)
    .map(({ item }) => item)
}
