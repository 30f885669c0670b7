/** Baselines that read no model at all, only what a mixture is made of. */
import type { Mixture } from '#shared/records'

/** Number of base units in a mixture: with a sum budget, more of them means more training. */
export function unitCount(mixture: Mixture): number {
  return mixture.units.length
}

/** Whether a mixture holds any of a partition. */
export function holdsPartition(mixture: Mixture, partition: string): boolean {
  return mixture.units.some((unit) => unit.partition === partition)
}

/**
 * A partition's share of a mixture's tokens, 0 … 1: weights as in the micro merge.
 *
 * Unweighted shares are one division of whole numbers, so that equal shares are equal numbers and
 * tie in ranks.
 */
export function partitionShare(mixture: Mixture, partition: string): number {
  const own = mixture.units.filter((unit) => unit.partition === partition)
  const isWeighted = mixture.members.some((member) => member.weight !== null)
  if (!isWeighted) return own.length / mixture.units.length
  return own.reduce((sum, unit) => sum + unit.microWeight, 0)
}
