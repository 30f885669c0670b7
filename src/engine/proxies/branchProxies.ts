/** Baselines any merge must beat: what the branches themselves say, put together. */
import type { Mixture } from '#shared/records'

/**
 * What branches' own losses on one domain make of a mixture's.
 *
 * @param lossOf nats per token of a base unit's branch; NaN where it is not measured
 * @returns nats per token; NaN when a branch is not measured: what the rest say is of another mixture
 */
type BranchProxy = (mixture: Mixture, lossOf: (unit: string) => number) => number

/** Mean of the branches' perplexities, weighted as the micro merge. */
const branchMean: BranchProxy = ({ units }, lossOf) =>
  Math.log(units.reduce((sum, one) => sum + one.microWeight * Math.exp(lossOf(one.unit)), 0))

/** Mean of their losses: the geometric mean of their perplexities. */
const branchMeanLog: BranchProxy = ({ units }, lossOf) =>
  units.reduce((sum, one) => sum + one.microWeight * lossOf(one.unit), 0)

/** The best of them. */
const bestBranch: BranchProxy = ({ units }, lossOf) =>
  Math.min(...units.map(({ unit }) => lossOf(unit)))

export const BRANCH_PROXIES = {
  'branch-mean': branchMean,
  'branch-mean-log': branchMeanLog,
  'best-branch': bestBranch
} as const satisfies Record<string, BranchProxy>
