/** Proxies side by side on one domain, as a table shows them. Pure. */
import { widerInterval } from '#shared/evidenceView'
import type { Comparison, Estimate } from '#shared/evidenceView'
import { correlation, significant } from '../format'

/** Domains and means that proxies are compared on, in their order. */
export function comparedDomains(rows: readonly Comparison[], budget: string): string[] {
  return [...new Set(rows.filter((row) => row.budget === budget).map(({ domain }) => domain))]
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
