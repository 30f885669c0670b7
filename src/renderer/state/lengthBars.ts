/** Lengths and years as bars of a figure, and a choice of bars as a filter of documents. Pure. */
import type { DocumentFilter, LengthBins, TextLengths } from '#shared/storedText'
import { grouped } from '../format'

export type Measure = 'bytes' | 'tokens'

/** One bar: what it counts, in words, and how many documents. */
export interface Bar {
  label: string
  documents: number
}

/** A label under the bars; `at` counts bars from the left, fractions inside one. */
export interface BarTick {
  at: number
  label: string
}

/** A run of bars that is chosen, both ends in it. */
export interface BarRange {
  first: number
  last: number
}

/** Bars of length bins. */
export function lengthBars(bins: LengthBins, measure: Measure): Bar[] {
  return bins.map(({ from, to, documents }) => ({
    label: `${grouped(from)} to ${grouped(to - 1)} ${measure}`,
    documents
  }))
}

/** A label at each power of ten inside the bins; where none is, at both ends. */
export function lengthTicks(bins: LengthBins): BarTick[] {
  const first = bins[0]
  const last = bins.at(-1)
  if (!first || !last) return []
  const ticks: BarTick[] = []
  for (let power = 1; power < last.to; power *= 10) {
    const bar = bins.findIndex(({ from, to }) => power >= from && power < to)
    if (bar >= 0 && bins[bar]!.from === power) ticks.push({ at: bar, label: grouped(power) })
  }
  if (ticks.length >= 2) return ticks
  return [
    { at: 0, label: grouped(first.from) },
    { at: bins.length, label: grouped(last.to) }
  ]
}

/** Where a length stands among the bars. */
export function markAt(bins: LengthBins, length: number, measure: Measure): BarTick | null {
  const bar = bins.findIndex(({ from, to }) => length >= from && length < to)
  const bin = bins[bar]
  if (!bin) return null
  const part = Math.log(length / Math.max(1, bin.from)) / Math.log(bin.to / Math.max(1, bin.from))
  const words = `median ${grouped(Math.round(length))} ${measure}`
  return { at: bar + (Number.isFinite(part) ? part : 0), label: words }
}

/** A bar for each year from the first to the last; years between without documents are empty. */
export function yearBars(years: TextLengths['years']): (Bar & { year: number })[] {
  const first = years[0]
  const last = years.at(-1)
  if (!first || !last) return []
  const documents = new Map(years.map((one) => [one.year, one.documents]))
  return Array.from({ length: last.year - first.year + 1 }, (_, index) => {
    const year = first.year + index
    return { year, label: String(year), documents: documents.get(year) ?? 0 }
  })
}

/** Labels of years at a round step, at most about eight. */
export function yearTicks(bars: readonly { year: number }[]): BarTick[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200].find((one) => bars.length / one <= 8) ?? 500
  return bars.flatMap(({ year }, index) =>
    year % step === 0 ? [{ at: index + 0.5, label: String(year) }] : []
  )
}

/** The filter that a choice of bars means. */
export function filterOf(
  lengths: TextLengths | null,
  measure: Measure,
  ofLengths: BarRange | null,
  ofYears: BarRange | null
): DocumentFilter {
  const bins = lengths?.[measure] ?? null
  const years = yearBars(lengths?.years ?? [])
  const [first, last] = [bins?.[ofLengths?.first ?? -1], bins?.[ofLengths?.last ?? -1]]
  const [from, to] = [years[ofYears?.first ?? -1], years[ofYears?.last ?? -1]]
  return {
    // The first bin of lengths also holds documents of length 0.
    ...(first && last
      ? { [measure]: { from: ofLengths!.first === 0 ? 0 : first.from, to: last.to - 1 } }
      : {}),
    ...(from && to ? { years: { from: from.year, to: to.year } } : {})
  }
}

/** What is chosen, in words. */
export function rangeWords(bars: readonly Bar[], range: BarRange | null): string | null {
  if (!range) return null
  const [first, last] = [bars[range.first], bars[range.last]]
  if (!first || !last) return null
  if (first === last) return first.label
  const [from] = first.label.split(' to ')
  return `${from} to ${last.label.split(' to ').at(-1)}`
}
