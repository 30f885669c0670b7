/** What a mixture of any shares is worth, as CSV with full precision. Pure. */
import { csvTable } from '#shared/csvText'
import type { Matrix } from '#shared/evidenceView'

type Values = readonly (number | null)[] | null

/** One row per domain: perplexities, nats per token on means of logs. */
export function whatIfCsv(
  { domains, seed }: Pick<Matrix, 'domains' | 'seed'>,
  ensemble: Values,
  merged: Values,
  pinned: Values
): string {
  const head = ['domain', 'domain_kind', 'seed', 'ensemble', 'merge', 'pinned']
  const rows = domains.map(({ name, kind }, place) => [
    ...[name, kind],
    ...[seed, ensemble, merged, pinned].map((values) => values?.[place] ?? null)
  ])
  return csvTable(head, rows)
}
