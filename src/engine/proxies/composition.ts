/** Baselines that read no model at all, only what a mixture is made of. */
import type { Mixture } from '#shared/records'

/** Number of base units in a mixture: with a sum budget, more of them means more training. */
export function unitCount(mixture: Mixture): number {
  return mixture.units.length
}

/** Number of partitions that a mixture's base units belong to. */
export function partitionCount(mixture: Mixture): number {
  return new Set(mixture.units.map(({ partition }) => partition)).size
}

/** Whether a mixture holds any of a partition. */
export function holdsPartition(mixture: Mixture, partition: string): boolean {
  return mixture.units.some((unit) => unit.partition === partition)
}

/** The share of a mixture's tokens, 0 … 1, that some of its base units have, as in the micro merge. */
function shareOf(mixture: Mixture, isCounted: (unit: Mixture['units'][number]) => boolean): number {
  const own = mixture.units.filter(isCounted)
  const isWeighted = mixture.members.some((member) => member.weight !== null)
  if (!isWeighted) return own.length / mixture.units.length
  return own.reduce((sum, unit) => sum + unit.microWeight, 0)
}

/**
 * A partition's share of a mixture's tokens, 0 … 1: weights as in the micro merge.
 *
 * Unweighted shares are one division of whole numbers, so that equal shares are equal numbers and
 * tie in ranks.
 */
export function partitionShare(mixture: Mixture, partition: string): number {
  return shareOf(mixture, (unit) => unit.partition === partition)
}

/**
 * What mixtures are made of, as points that a regression can be fitted on: each member's share of
 * the tokens, 0 … 1, which sum to 1 over the members.
 *
 * @returns `members` sorted by code unit, and for each mixture its shares in their order
 */
export function compositions(mixtures: Mixture[]): { members: string[]; shares: Float64Array[] } {
  const names = mixtures.flatMap((one) => one.members.map(({ name }) => name))
  const members = [...new Set(names)].sort()
  const shares = mixtures.map((mixture) =>
    Float64Array.from(members, (name) =>
      shareOf(mixture, ({ unit, partition }) => unit === name || partition === name)
    )
  )
  return { members, shares }
}
