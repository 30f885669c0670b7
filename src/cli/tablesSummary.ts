/** What a study made from tables holds, as text. */
import type { TablesSummary } from '#engine'
import { textTable } from './format'

const KINDS = { in: 'in-domain', out: 'out-of-domain', seed: "like the seed's text" }

/** Files, mixtures, domains, pairs, and what was made of them. */
export function describeTables(tables: TablesSummary): string {
  const rows = [
    ...tables.proxies.map(({ proxy, mixtures, pairs }) => [proxy, String(mixtures), String(pairs)]),
    ['sequential', String(tables.sequential), '']
  ]
  const kinds = Object.entries(KINDS).flatMap(([kind, words]) => {
    const count = tables.domains.filter((domain) => domain.kind === kind).length
    return count > 0 ? [`${count} ${words}`] : []
  })
  const files = tables.files.map(({ name, rows }) => `${name} (${rows} rows)`)
  return [
    `Made from tables (${tables.layout}): ${files.join(', ')}`,
    `${tables.mixtures} mixtures of ${tables.partitions.length} partitions, ${tables.domains.length} domains: ${kinds.join(', ')}`,
    '',
    textTable(['values of', 'mixtures', 'also sequential'], rows),
    ...(tables.notes.length > 0 ? ['', ...tables.notes.map((note) => `- ${note}`)] : [])
  ].join('\n')
}
