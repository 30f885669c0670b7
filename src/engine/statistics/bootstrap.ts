/** Intervals of grouped correlations: over pairs drawn again, and with named pairs left out. */
import { bcaInterval, RESAMPLES } from './intervals'
import type { Interval, Jackknife } from './intervals'
import { FEWEST_PAIRS, STATISTICS } from './pairs'
import type { PairWorkspace } from './pairs'
import { seededRandom } from './random'

/** How often each item counts in each resample: `counts[resample * items + item]`. */
export interface Resamples {
  items: number
  resamples: number
  counts: Uint16Array
}

/**
 * Draws items again with replacement, each group as often as it is large.
 *
 * Groups keep their size because sizes are chosen by the study, not by chance. The counts depend on
 * layout and seed alone, so the same resamples serve every statistic, domain and proxy, and
 * differences between these are paired.
 *
 * @param groups group of each item, numbered from 0
 * @param seed 32-bit random seed
 */
export function drawResamples(
  groups: Int32Array,
  seed: number,
  resamples: number = RESAMPLES
): Resamples {
  const items = groups.length
  const members: number[][] = []
  groups.forEach((group, item) => (members[group] ??= []).push(item))
  const random = seededRandom(seed)
  const counts = new Uint16Array(items * resamples)
  for (let start = 0; start < counts.length; start += items) {
    for (const group of members) {
      for (let draw = 0; draw < group.length; draw++) {
        counts[start + group[random.below(group.length)]!]!++
      }
    }
  }
  return { items, resamples, counts }
}

/** One interval for each of {@link STATISTICS}; null where it is not defined. */
export type Intervals = (Interval | null)[]

/**
 * BCa intervals of all three statistics over resampled pairs.
 *
 * @param estimates the three statistics of the pairs as they are
 * @param groups group of each pair, as in the workspace
 */
export function bootstrapIntervals(
  workspace: PairWorkspace,
  estimates: Float64Array,
  groups: Int32Array,
  drawn: Resamples
): Intervals {
  const out = new Float64Array(3)
  const distributions = STATISTICS.map(() => new Float64Array(drawn.resamples))
  for (let b = 0; b < drawn.resamples; b++) {
    workspace.measure(drawn.counts, b * drawn.items, out)
    for (let s = 0; s < 3; s++) distributions[s]![b] = out[s]!
  }
  const jackknives = leaveOneOut(workspace, groups)
  return STATISTICS.map((_, s) =>
    Number.isNaN(estimates[s])
      ? null
      : bcaInterval(distributions[s]!, estimates[s]!, jackknives[s]!)
  )
}

function leaveOneOut(workspace: PairWorkspace, groups: Int32Array): Jackknife[] {
  const counts = new Uint16Array(groups.length).fill(1)
  const out = new Float64Array(3)
  const left: number[][][] = STATISTICS.map(() => [])
  groups.forEach((group, item) => {
    counts[item] = 0
    workspace.measure(counts, 0, out)
    counts[item] = 1
    for (let s = 0; s < 3; s++) (left[s]![group] ??= []).push(out[s]!)
  })
  return left.map((byGroup) => byGroup.map((values) => Float64Array.from(values)))
}

/**
 * Smallest and largest value of each statistic with one set of pairs left out at a time.
 *
 * Mixtures that share a partition are no independent draws; this shows how much one partition
 * carries. A set whose removal leaves too few pairs for a number is passed over.
 *
 * @param sets for each thing left out, 1 for every pair that goes with it
 */
export function dropIntervals(workspace: PairWorkspace, sets: Uint8Array[]): Intervals {
  const out = new Float64Array(3)
  const ends: Intervals = STATISTICS.map(() => null)
  for (const set of sets) {
    if (!set.includes(1)) continue
    const counts = Uint16Array.from(set, (gone) => 1 - gone)
    if (workspace.measure(counts, 0, out) < FEWEST_PAIRS) continue
    for (let s = 0; s < 3; s++) {
      const value = out[s]!
      if (Number.isNaN(value)) continue
      const known = ends[s]
      ends[s] = known
        ? { low: Math.min(known.low, value), high: Math.max(known.high, value) }
        : { low: value, high: value }
    }
  }
  return ends
}
