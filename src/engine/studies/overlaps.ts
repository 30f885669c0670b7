/** The overlap report in short: one line per held-out domain. Pure. */
import type { DomainKind, Prepared } from '#shared/records'

/** How much of a domain stands in training text too. */
export interface DomainOverlap {
  domain: string
  kind: DomainKind
  /** Documents measured, and those of which over half of the 13-grams stand in training text. */
  documents: number
  overlapping: number
  /** Exact duplicates removed from the partition or corpus it is taken from. */
  duplicatesRemoved: number
  /** The training text that holds most of its 13-grams, and what share; null where none is shared. */
  most: { partition: string; share: number } | null
}

/** Sums the overlap report up, in the order of the domains. */
export function domainOverlaps({ domains, overlaps }: Prepared): DomainOverlap[] {
  return domains.map(({ name, kind, documents, overlapping, duplicatesRemoved }) => {
    const shares = overlaps
      .filter((one) => one.domain === name && one.sharedGrams > 0)
      .map(({ partition, grams, sharedGrams }) => ({ partition, share: sharedGrams / grams }))
      .sort((a, b) => b.share - a.share)
    const most = shares[0] ?? null
    return { domain: name, kind, documents, overlapping, duplicatesRemoved, most }
  })
}
