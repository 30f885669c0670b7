/** The baseline any merge must beat: what the branches themselves say, averaged. */
import type { Mixture } from '#shared/records'

/**
 * Mean of the branches' own perplexities on one domain, weighted as the micro merge.
 *
 * @param perplexityOf perplexity of a base unit's branch; NaN where it is not measured
 * @returns NaN when a branch is not measured: a mean of the rest would be of another mixture
 */
export function branchMean(mixture: Mixture, perplexityOf: (unit: string) => number): number {
  let sum = 0
  for (const { unit, microWeight } of mixture.units) sum += microWeight * perplexityOf(unit)
  return sum
}
