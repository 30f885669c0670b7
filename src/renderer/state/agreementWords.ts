/** Agreement in words, as heads, text alternatives and saved figures say it. Pure. */
import type { Agreement } from '#shared/evidenceView'
import { withInterval } from '../format'

/** r, ρ and τ with their intervals, and n; why there is no number where there is none. */
export function agreementParts(agreement: Agreement | null | undefined): string[] {
  if (agreement === null) return ['statistics are being computed']
  if (!agreement) return ['no statistic in this stratum']
  const { pearson, spearman, kendall, n } = agreement
  if (spearman.value === null) return [`too few comparable mixtures or no spread, n ${n}`]
  return [
    `r ${withInterval(pearson.value, pearson.interval)}`,
    `ρ ${withInterval(spearman.value, spearman.interval)}`,
    `τ ${withInterval(kendall.value, kendall.interval)}`,
    `n ${n}`
  ]
}
