/** Proxies side by side on one domain, as a table shows them. Pure. */
import { widerInterval } from '#shared/evidenceView'
import type { Comparison, Estimate } from '#shared/evidenceView'
import { correlation, significant } from '../format'

/** Domains and means that proxies are compared on, in their order. */
export function comparedDomains(rows: readonly Comparison[], budget: string): string[] {
  return [...new Set(rows.filter((row) => row.budget === budget).map(({ domain }) => domain))]
}

/** Rows of one domain: the proxy that orders most pairs as training does first, unknown ones last. */
export function proxyRows(
  rows: readonly Comparison[],
  domain: string,
  budget: string
): Comparison[] {
  return rows
    .filter((row) => row.domain === domain && row.budget === budget)
    .sort((a, b) => (b.accuracy.value ?? -1) - (a.accuracy.value ?? -1))
}

/** `0.92 [0.80, 1.00]`, with the wider of both intervals; a dash for what is not defined. */
export function estimateWords(
  estimate: Estimate | null | undefined,
  digits: (value: number) => string = correlation
): string {
  if (!estimate || estimate.value === null) return '–'
  const ends = widerInterval(estimate)
  const value = digits(estimate.value)
  return ends ? `${value} [${digits(ends.low)}, ${digits(ends.high)}]` : value
}

/** Nats with the minus as a minus. */
export function nats(value: number): string {
  return significant(value).replace('-', '−')
}

/** All that is known of an estimate, in full, for a tooltip. */
export function estimateDetails({ value, interval, drop }: Estimate): string {
  if (value === null) return 'not defined here'
  const ends = (of: Estimate['interval']) => (of ? `${of.low} to ${of.high}` : 'none')
  return `${value}; 95 % over mixtures: ${ends(interval)}; with one partition left out: ${ends(drop)}`
}

/**
 * The proxy that orders more pairs than the reference beyond doubt: its difference's wider interval
 * lies above 0. Null where none does, or the reference is the best.
 */
export function betterThanReference(rows: readonly Comparison[]): Comparison | null {
  const [best] = rows
  const ends = best?.difference && widerInterval(best.difference.accuracy)
  return best && ends && ends.low > 0 ? best : null
}
