/** A series as one HTML file, or its figure alone as SVG. */
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import { correlation, grouped } from '#shared/numberWords'
import { SERIES_QUESTIONS } from '#shared/series'
import { seriesCsv } from '#shared/seriesTable'
import { cautionsOf, isOfEffects, meaningOf } from '#shared/seriesWords'
import type { SeriesEffect, SeriesResult, SeriesRow, SeriesWindow } from '#shared/seriesView'
import { effectsFigure } from './effectsFigure'
import { markup, tableOf } from './markup'
import type { Markup, Piece, ShownColumn } from './markup'
import { estimated, figure } from './numbers'
import { pageOf } from './pageFrame'
import { settingsFigure } from './settingsFigure'
import { LONE_FIGURE_STYLE } from './style'
import { windowsFigure } from './windowsFigure'

function figureOf(result: SeriesResult): Piece {
  if (isOfEffects(result.kind)) return effectsFigure(result)
  return result.kind === 'rolling-windows' ? windowsFigure(result) : settingsFigure(result)
}

/** The figure that reads a series, as an `svg` element in classes of the page it stands in. */
export function seriesFigure(result: SeriesResult): string {
  return markup`${figureOf(result)}`.html
}

/** The figure of a series as an SVG file that needs nothing else. */
export function seriesSvg(result: SeriesResult): string {
  return seriesFigure(result).replace('>', `><style>${LONE_FIGURE_STYLE}</style>`)
}

/** A series as one page: figure, table, what the numbers mean, the CSV inside. */
export function seriesPage(
  result: SeriesResult,
  facts: { project: string; version: string }
): string {
  const { kind, of, rows, notRun } = result
  const title = `${of}: ${kind}`
  const csv = `data:text/csv;charset=utf-8,${encodeURIComponent(seriesCsv(result))}`
  const cautions = cautionsOf(rows, notRun)
  return pageOf(
    {
      title,
      version: facts.version,
      nav: markup`<p class="quiet">${SERIES_QUESTIONS[kind]} · project ${facts.project} · Assay ${facts.version}</p>
`
    },
    markup`<figure class="series">
${figureOf(result)}</figure>
${cautions.map((words) => markup`<p>${words}</p>\n`)}
${tablesOf(result)}
<p class="quiet">${meaningOf(result)}</p>
<p><a href="${csv}" download="${`${kind}.csv`}">The table as CSV</a></p>
`
  )
}

function tablesOf(result: SeriesResult): Piece {
  if (isOfEffects(result.kind)) return effectsTable(result.effects)
  if (result.kind === 'rolling-windows') return windowsTable(result.windows)
  const column = (head: string, cell: (row: SeriesRow) => Markup): ShownColumn<SeriesRow> => ({
    head,
    isNumber: true,
    cell
  })
  const columns: ShownColumn<SeriesRow>[] = [
    { head: 'Setting', cell: ({ setting }) => setting ?? 'all' },
    { head: 'Proxy', cell: ({ proxy }) => proxy },
    column('n', ({ n }) => figure(n, grouped)),
    column('Spearman’s ρ', ({ spearman }) => estimated(spearman, correlation)),
    column('Pair accuracy', ({ accuracy }) => estimated(accuracy, correlation)),
    column('Branch gain', ({ branchGain }) => figure(branchGain)),
    column('Proxy loss', ({ proxyLoss }) => figure(proxyLoss)),
    column('Proxy loss, trained mixtures', ({ proxyLossTrained }) => figure(proxyLossTrained)),
    column('Sequential loss', ({ sequentialLoss }) => figure(sequentialLoss)),
    column('Tokens trained', ({ tokens }) => figure(tokens, grouped)),
    column('of branches', ({ branchTokens }) => figure(branchTokens, grouped))
  ]
  return tableOf('One row per setting', columns, result.rows)
}

/** Changes of every domain, partitions below one another. */
function effectsTable(effects: readonly SeriesEffect[]): Piece {
  const domains = [...new Set(effects.map(({ domain }) => domain))]
  const partitions = [...new Set(effects.map(({ partition }) => partition))]
  const found = (partition: string, domain: string) =>
    effects.find((one) => one.partition === partition && one.domain === domain)
  const words = (domain: string) => (domain === HEADLINE_DOMAIN ? 'mean of all' : domain)
  return (['proxy', 'truth'] as const)
    .filter((which) => effects.some((one) => one[which] !== null))
    .map((which) =>
      tableOf<string>(
        which === 'proxy' ? 'Change by the micro merge' : 'Change by sequential models',
        [
          { head: 'Partition', cell: (partition) => partition },
          ...domains.map((domain) => ({
            head: words(domain),
            isNumber: true,
            cell: (partition: string) => figure(found(partition, domain)?.[which])
          }))
        ],
        partitions
      )
    )
}

function windowsTable(windows: readonly SeriesWindow[]): Piece {
  const columns: ShownColumn<SeriesWindow>[] = [
    { head: 'Window', cell: ({ from, to }) => (from === to ? from : `${from} – ${to}`) },
    { head: 'Domain', cell: ({ domain }) => domain },
    { head: 'Partitions away', isNumber: true, cell: ({ distance }) => figure(distance, grouped) },
    { head: 'Merge', isNumber: true, cell: ({ proxy }) => figure(proxy) },
    { head: 'Sequential', isNumber: true, cell: ({ truth }) => figure(truth) }
  ]
  return tableOf('Losses by window', columns, windows)
}
