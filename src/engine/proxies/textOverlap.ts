/** How much of a domain stands in a mixture's text: a baseline that reads no model. */
import type { Mixture, Overlap } from '#shared/records'
import { partitionShare } from './composition'

/**
 * The share of each domain's distinct 13-grams of words that a mixture's partitions hold, 0 … 1,
 * each partition's counted by its share of the mixture's tokens.
 *
 * Runs of 13 words rather than single ones: they are counted anyway when text is prepared, and
 * single words hardly tell English partitions apart. What is held by two partitions counts for
 * both, by their shares, so that it is what a token drawn from the mixture meets on average. Of a partition of which only
 * some units are in the mixture the whole is taken: texts are looked through by partition.
 *
 * @returns by domain, then mixture, the order as given; null for a domain of which no gram or not
 *   every partition's overlap is known; null altogether where no text is shared at all
 */
export function textOverlaps(
  mixtures: readonly Mixture[],
  domains: readonly { name: string }[],
  overlaps: readonly Overlap[]
): (Float64Array | null)[] | null {
  const partitions = [
    ...new Set(mixtures.flatMap(({ units }) => units.map(({ partition }) => partition)))
  ].sort()
  const rows = new Map(overlaps.map((row) => [`${row.partition}\n${row.domain}`, row]))
  let isAnyShared = false
  const found = domains.map(({ name }) => {
    const own = partitions.map((partition) => rows.get(`${partition}\n${name}`))
    const shares = own.flatMap((row) => (row && row.grams > 0 ? [row.sharedGrams / row.grams] : []))
    if (shares.length < partitions.length) return null
    isAnyShared ||= shares.some((share) => share > 0)
    return Float64Array.from(mixtures, (mixture) =>
      partitions.reduce(
        (sum, partition, i) => sum + partitionShare(mixture, partition) * shares[i]!,
        0
      )
    )
  })
  return isAnyShared ? found : null
}
