/** Orderings of labels for permutation tests. */
import { seededRandom, shuffle } from './random'

/** Up to this many labels every ordering is tried (5,040); beyond, orderings are drawn. */
const EXHAUSTIVE_LABELS = 7

/** Orderings drawn where there are too many to try, the unchanged one among them. */
const DRAWN_ORDERINGS = 10_000

/** Orderings, each as long as the labels: `orderings[k * labels + i]` replaces label i. */
interface Orderings {
  labels: number
  count: number
  orderings: Uint16Array
  isExhaustive: boolean
}

/**
 * Orderings of labels: all of them, or drawn ones; the unchanged one always first.
 *
 * @param labels how many labels there are
 * @param fixed labels that keep their place
 * @param seed 32-bit random seed of what is drawn
 */
export function labelOrderings(labels: number, fixed: number[], seed: number): Orderings {
  const free = Array.from({ length: labels }, (_, i) => i).filter((i) => !fixed.includes(i))
  const isExhaustive = free.length <= EXHAUSTIVE_LABELS
  const list = isExhaustive ? allOrders(free) : drawnOrders(free, seed)
  const orderings = new Uint16Array(list.length * labels)
  list.forEach((order, k) => {
    for (let i = 0; i < labels; i++) orderings[k * labels + i] = i
    free.forEach((label, at) => (orderings[k * labels + label] = order[at]!))
  })
  return { labels, count: list.length, orderings, isExhaustive }
}

/** All orders of some items, in lexicographic order of their places. */
function allOrders(items: number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((first, at) =>
    allOrders(items.toSpliced(at, 1)).map((rest) => [first, ...rest])
  )
}

function drawnOrders(items: number[], seed: number): number[][] {
  const random = seededRandom(seed)
  const drawn = Array.from({ length: DRAWN_ORDERINGS - 1 }, () => shuffle([...items], random))
  return [items, ...drawn]
}
