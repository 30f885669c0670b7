/** What a series found as tables to be read: few digits, all of them on the cell. Pure. */
import { HEADLINE_DOMAIN, widerInterval } from '#shared/evidenceView'
import type { Estimate } from '#shared/evidenceView'
import type { SeriesEffect, SeriesResult, SeriesRow, SeriesWindow } from '#shared/seriesView'
import { isOfEffects } from '#shared/seriesWords'
import { grouped, short, significant, withInterval } from '../format'

interface ShownCell {
  words: string
  /** All digits. */
  full?: string
}

export interface ShownTable {
  caption: string
  heads: { name: string; isNumber: boolean }[]
  rows: ShownCell[][]
}

type Column<Row> = readonly [name: string, cell: (row: Row) => ShownCell, isNumber?: boolean]

/** The tables of a series; none where it found nothing. */
export function seriesTables(result: SeriesResult): ShownTable[] {
  if (isOfEffects(result.kind)) return effectTables(result.effects)
  if (result.kind === 'rolling-windows') {
    return [tableOf('Losses by window, nats per token', WINDOWS, result.windows)]
  }
  return [tableOf('One row per setting; losses in nats per token', SETTINGS, result.rows)]
}

function tableOf<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[]
): ShownTable {
  return {
    caption,
    heads: columns.map(([name, , isNumber = true]) => ({ name, isNumber })),
    rows: rows.map((row) => columns.map(([, cell]) => cell(row)))
  }
}

function loss(value: number | null | undefined): ShownCell {
  const words = significant(value).replace('-', '−')
  return value === null || value === undefined ? { words } : { words, full: String(value) }
}

function estimate(of: Estimate): ShownCell {
  const words = withInterval(of.value, widerInterval(of))
  return of.value === null ? { words } : { words, full: String(of.value) }
}

const SETTINGS: readonly Column<SeriesRow>[] = [
  ['Setting', ({ setting }) => ({ words: String(setting ?? 'all') }), false],
  ['Proxy', ({ proxy }) => ({ words: proxy }), false],
  ['n', ({ n }) => ({ words: grouped(n) })],
  ['ρ within sizes', ({ spearman }) => estimate(spearman)],
  ['Pair accuracy', ({ accuracy }) => estimate(accuracy)],
  ['Branch gain', ({ branchGain }) => loss(branchGain)],
  ['Proxy', ({ proxyLoss }) => loss(proxyLoss)],
  ['of trained', ({ proxyLossTrained }) => loss(proxyLossTrained)],
  ['Sequential', ({ sequentialLoss }) => loss(sequentialLoss)],
  ['Tokens', ({ tokens }) => ({ words: short(tokens), full: String(tokens) })],
  [
    'of branches',
    ({ branchTokens }) => ({ words: short(branchTokens), full: String(branchTokens) })
  ]
]

const WINDOWS: readonly Column<SeriesWindow>[] = [
  ['Window', ({ from, to }) => ({ words: from === to ? from : `${from} – ${to}` }), false],
  ['Domain', ({ domain }) => ({ words: domainWords(domain) }), false],
  ['Partitions away', ({ distance }) => ({ words: distance === null ? '–' : grouped(distance) })],
  ['Merge', ({ proxy }) => loss(proxy)],
  ['Sequential', ({ truth }) => loss(truth)]
]

function domainWords(domain: string): string {
  return domain === HEADLINE_DOMAIN ? 'mean of all' : domain
}

/** Partitions down, domains across; of sequential models where any were trained. */
function effectTables(effects: readonly SeriesEffect[]): ShownTable[] {
  const domains = [...new Set(effects.map(({ domain }) => domain))]
  const partitions = [...new Set(effects.map(({ partition }) => partition))]
  const found = (partition: string, domain: string) =>
    effects.find((one) => one.partition === partition && one.domain === domain)
  const tables = [
    ['proxy', 'Change by the micro merge, nats per token'],
    ['truth', 'Change by sequential models, nats per token']
  ] as const
  return tables
    .filter(([which]) => effects.some((one) => one[which] !== null))
    .map(([which, caption]) => {
      const columns: Column<string>[] = [
        ['Partition', (partition) => ({ words: partition }), false],
        ...domains.map((domain): Column<string> => [
          domainWords(domain),
          (partition) => loss(found(partition, domain)?.[which])
        ])
      ]
      return tableOf(caption, columns, partitions)
    })
}
