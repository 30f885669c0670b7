/** What each of a mixture's branches weighs in a merge: micro, macro, and all between them. */
import type { MergeKind, Mixture } from '#shared/records'

/** Weights nearer than this are equal but for rounding. */
const ROUNDING = 1e-12

/**
 * Weights of a mixture's base units in a merge, in their order; they sum to 1.
 *
 * With τ a partition of which the mixture holds a base units weighs a^τ over the sum of all, spread
 * equally over its units: micro is τ = 1, macro τ = 0. A weighted mixture has its own weights,
 * whatever the merge. Where every partition has as many units all merges are one, to the last digit.
 */
export function mergeWeights(mixture: Mixture, merge: MergeKind): number[] {
  const micro = mixture.units.map(({ microWeight }) => microWeight)
  if (merge === 'micro' || hasOneMerge(mixture)) return micro
  if (merge === 'macro') return mixture.units.map(({ macroWeight }) => macroWeight)
  const tau = Number(merge.slice('tau-'.length))
  const counts = new Map<string, number>()
  for (const { partition } of mixture.units) {
    counts.set(partition, (counts.get(partition) ?? 0) + 1)
  }
  const sum = [...counts.values()].reduce((all, count) => all + count ** tau, 0)
  return mixture.units.map(({ partition }) => counts.get(partition)! ** (tau - 1) / sum)
}

/** Whether micro, macro and what lies between are the same merge. */
export function hasOneMerge(mixture: Mixture): boolean {
  return mixture.units.every((unit) => Math.abs(unit.microWeight - unit.macroWeight) < ROUNDING)
}
