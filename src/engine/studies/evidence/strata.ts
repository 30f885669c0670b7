/** Which mixtures are compared with which. */
import { holdsPartition } from '#engine/proxies/composition'
import type { Mixture } from '#shared/records'

/** Mixtures that are compared, in groups; only those of one group are compared with each other. */
export interface Stratum {
  name: string
  /** Places in the list of mixtures the stratum was made from. */
  items: number[]
  /** Group of each item, numbered from 0. */
  groups: Int32Array
}

/**
 * Groups mixtures by a key and leaves out those alone in their group, since nothing can be
 * compared with them.
 *
 * @param keyOf null leaves a mixture out
 */
export function groupMixtures(
  name: string,
  mixtures: Mixture[],
  keyOf: (mixture: Mixture) => string | null
): Stratum {
  const byKey = new Map<string, number[]>()
  mixtures.forEach((mixture, i) => {
    const key = keyOf(mixture)
    if (key !== null) byKey.set(key, [...(byKey.get(key) ?? []), i])
  })
  const groups = [...byKey.values()].filter((items) => items.length > 1)
  return {
    name,
    items: groups.flat(),
    groups: Int32Array.from(groups.flatMap((items, group) => items.map(() => group)))
  }
}

function oneGroup(name: string, mixtures: Mixture[], has: (mixture: Mixture) => boolean): Stratum {
  const items = mixtures.flatMap((mixture, i) => (has(mixture) ? [i] : []))
  return { name, items, groups: new Int32Array(items.length) }
}

/** A mixture's size: the number of its members. */
export function sizeOf(mixture: Mixture): number {
  return mixture.members.length
}

/** Mixtures of one size, compared among themselves: the stratum of the headline. */
export function withinSize(mixtures: Mixture[]): Stratum {
  return groupMixtures('within-size', mixtures, (mixture) => String(sizeOf(mixture)))
}

/**
 * The strata of one domain: `all`; for a domain with a partition also `with` and `without` it;
 * each `size=k`; `within-size`; and, with a partition, `within` (same size, same presence).
 *
 * In-domain agreement over all mixtures is mostly whether the partition is in; with a sum budget
 * larger mixtures are trained longer. Each stratum takes one of these away.
 */
export function strataOf(mixtures: Mixture[], partition: string | null): Stratum[] {
  const sizes = [...new Set(mixtures.map(sizeOf))].sort((a, b) => a - b)
  const strata = [oneGroup('all', mixtures, () => true)]
  if (partition !== null) {
    strata.push(
      oneGroup('with', mixtures, (mixture) => holdsPartition(mixture, partition)),
      oneGroup('without', mixtures, (mixture) => !holdsPartition(mixture, partition))
    )
  }
  for (const size of sizes) {
    strata.push(oneGroup(`size=${String(size)}`, mixtures, (one) => sizeOf(one) === size))
  }
  strata.push(withinSize(mixtures))
  if (partition !== null) {
    strata.push(
      groupMixtures(
        'within',
        mixtures,
        (mixture) => `${String(sizeOf(mixture))} ${String(holdsPartition(mixture, partition))}`
      )
    )
  }
  return strata
}

/** Strata in which the domain's partition is held still, so that relabelling leaves it alone. */
export const STRATA_BY_PRESENCE: readonly string[] = ['with', 'without', 'within']
