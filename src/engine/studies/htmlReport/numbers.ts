/** Numbers of the report: few digits to read, all of them in the markup; a dash for the unknown. */
import { widerInterval } from '#shared/evidenceView'
import type { Estimate } from '#shared/evidenceView'
import { correlation, grouped } from '#shared/numberWords'
import { markup } from './markup'
import type { Markup } from './markup'

const UNKNOWN = '—'

/** Four significant digits, at most five after the point: `5.416`, `0.0183`, `12 345`. */
export function fourDigits(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e15) {
    const [digits, power] = value.toExponential(3).split('e+')
    return `${digits} × 10^${power}`
  }
  if (size >= 1000) return grouped(Math.round(value)).replace('-', '−')
  const digits = Math.min(5, Math.max(0, 3 - Math.floor(Math.log10(size))))
  return value.toFixed(digits).replace('-', '−')
}

type MaybeNumber = number | null | undefined

const isKnown = (value: MaybeNumber): value is number =>
  value !== null && value !== undefined && Number.isFinite(value)

/** A number in words of a kind, with its full digits for whoever reads the markup. */
export function figure(value: MaybeNumber, words: (value: number) => string = fourDigits): Markup {
  if (!isKnown(value)) return { html: UNKNOWN }
  return markup`<data value="${value}" title="${value}">${words(value)}</data>`
}

/** Text alternatives and sentences: the same without markup. */
export function spoken(value: MaybeNumber, words: (value: number) => string = fourDigits): string {
  return isKnown(value) ? words(value) : UNKNOWN
}

/** Two ends as `0.07 … 0.96`. */
export function ends(
  interval: { low: number; high: number } | null,
  words: (value: number) => string = correlation
): string {
  return interval ? `${words(interval.low)} … ${words(interval.high)}` : UNKNOWN
}

/** A value with the wider of its intervals: `0.92 [0.80, 1.00]`. */
export function estimated(
  estimate: Estimate | null,
  words: (value: number) => string = correlation
): Markup {
  if (!estimate || estimate.value === null) return { html: UNKNOWN }
  const interval = widerInterval(estimate)
  const range = interval ? ` [${words(interval.low)}, ${words(interval.high)}]` : ''
  return markup`${figure(estimate.value, words)}<span class="quiet">${range}</span>`
}
