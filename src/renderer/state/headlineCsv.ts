/** The headline of every proxy as CSV, with full precision. Pure. */
import { csvTable } from '#shared/csvText'
import type { Belief } from '#shared/evidenceView'

/** One row per proxy: ρ with its three intervals, p, and pairs ordered alike. */
export function headlineCsv(headlines: Belief['headline']): string {
  const ends = (name: string) => [`${name}_low`, `${name}_high`]
  const head = [
    ...['proxy', 'budget', 'n', 'spearman'],
    ...['mixtures', 'documents', 'drop'].flatMap(ends),
    ...['p', 'pairs_alike', 'pairs_compared', 'picked_left_out']
  ]
  const rows = headlines.map((one) => [
    ...[one.proxy, one.budget, one.n, one.spearman],
    ...[one.mixtures, one.documents, one.drop].flatMap((of) => [of?.low ?? null, of?.high ?? null]),
    ...[one.p, one.decisions.alike, one.decisions.compared, one.picked]
  ])
  return csvTable(head, rows)
}
