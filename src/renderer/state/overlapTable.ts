/** How much of each domain stands in each training text, as a table. Pure. */
import { csvTable } from '#shared/csvText'
import type { Catalogue } from '#shared/contract'
import type { Overlap } from '#shared/records'

export interface OverlapTable {
  domains: string[]
  rows: { text: string; cells: (Overlap | null)[] }[]
}

/** Rows are training texts in the order they are given, columns domains. */
export function overlapTable({ domains, overlaps }: Catalogue): OverlapTable {
  const names = domains.map(({ name }) => name)
  const texts = [...new Set(overlaps.map(({ partition }) => partition))]
  const found = new Map(overlaps.map((one) => [`${one.partition}\n${one.domain}`, one]))
  return {
    domains: names,
    rows: texts.map((text) => ({
      text,
      cells: names.map((domain) => found.get(`${text}\n${domain}`) ?? null)
    }))
  }
}

/** Share of a domain's distinct 13-grams that a text holds; null where it has none. */
export function sharedPart(overlap: Overlap | null): number | null {
  return overlap && overlap.grams > 0 ? overlap.sharedGrams / overlap.grams : null
}

/** A share in hundredths, small ones not as nothing. */
export function shareWords(share: number | null): string {
  if (share === null) return '–'
  if (share === 0) return '0'
  const percent = 100 * share
  return percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`
}

/** What a cell means, in full. */
export function overlapWords(text: string, domain: string, overlap: Overlap | null): string {
  if (!overlap) return `${text} on ${domain}: not compared`
  return (
    `${text} holds ${overlap.sharedGrams} of ${overlap.grams} distinct 13-grams of ${domain}; ` +
    `${overlap.overlappingDocuments} of ${overlap.documents} documents overlap`
  )
}

/** Shades of a share: more is darker, on a scale of roots, since small overlaps matter too. */
export function shadeStep(share: number | null, steps = 8): number {
  return share === null ? 0 : Math.ceil(steps * Math.sqrt(share))
}

/** The shares as a square table. */
export function overlapCsv({ domains, rows }: OverlapTable): string {
  return csvTable(
    ['text', ...domains],
    rows.map(({ text, cells }) => [text, ...cells.map(sharedPart)])
  )
}
