/** Rows of what adding each partition does. */
import type { AdditionEffect } from '#shared/additionEffect'
import type { DocumentChoice } from '../results'
import type { Row } from './columns'

/** One row per effect, in their order. */
export function effectRows(effects: readonly AdditionEffect[], documents: DocumentChoice): Row[] {
  return effects.map((one) => ({
    added: one.added,
    domain: one.domain,
    domain_kind: one.domainKind,
    of: one.of,
    budget: one.budget,
    pairs: one.pairs,
    mean: one.mean,
    least: one.least,
    lower_quartile: one.lowerQuartile,
    median: one.median,
    upper_quartile: one.upperQuartile,
    most: one.most,
    helps: one.helps,
    documents
  }))
}
