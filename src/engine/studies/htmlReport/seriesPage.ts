/** A series as one HTML file, or its figure alone as SVG. */
import { HEADLINE_DOMAIN, widerInterval } from '#shared/evidenceView'
import { correlation, counted, grouped, withInterval } from '#shared/numberWords'
import { SERIES_QUESTIONS } from '#shared/series'
import { seriesCsv } from '#shared/seriesTable'
import type { SeriesEffect, SeriesResult, SeriesRow, SeriesWindow } from '#shared/seriesView'
import { effectsFigure } from './effectsFigure'
import { markup, tableOf } from './markup'
import type { Markup, Piece, ShownColumn } from './markup'
import { estimated, figure } from './numbers'
import { settingsFigure } from './settingsFigure'
import { LONE_FIGURE_STYLE, STYLE } from './style'
import { windowsFigure } from './windowsFigure'

/** The figure that reads a series, as an `svg` element. */
function figureOf(result: SeriesResult): Piece {
  if (isOfEffects(result)) return effectsFigure(result)
  return result.kind === 'rolling-windows' ? windowsFigure(result) : settingsFigure(result)
}

function isOfEffects({ kind }: SeriesResult): boolean {
  return kind === 'leave-one-out' || kind === 'swap-one'
}

/** The figure of a series as an SVG file that needs nothing else. */
export function seriesSvg(result: SeriesResult): string {
  const { html } = markup`${figureOf(result)}`
  return html.replace('>', `><style>${LONE_FIGURE_STYLE}</style>`)
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
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Assay ${facts.version}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${{ html: STYLE }}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="quiet">${SERIES_QUESTIONS[kind]} · project ${facts.project} · Assay ${facts.version}</p>
</header>
<main>
<figure class="series">
${figureOf(result)}</figure>
${cautions.map((words) => markup`<p>${words}</p>\n`)}
${tablesOf(result)}
<p class="quiet">${meaningOf(result)}</p>
<p><a href="${csv}" download="${`${kind}.csv`}">The table as CSV</a></p>
</main>
</body>
</html>
`.html
}

/** What must be known of a series before it is read. */
export function cautionsOf(rows: readonly SeriesRow[], notRun: readonly string[]): string[] {
  const distinct = [...new Map(rows.map((row) => [row.study, row])).values()]
  const left = distinct.filter(({ runsLeft }) => runsLeft > 0)
  const altered = distinct.filter(({ isAltered }) => isAltered)
  const named = (list: readonly SeriesRow[]) => list.map(({ study }) => study).join(', ')
  return [
    ...(notRun.length > 0 ? [`Not run yet: ${notRun.join(', ')}.`] : []),
    ...left.map(({ study, runsLeft }) => `${study}: ${counted(runsLeft, 'run')} left.`),
    ...(altered.length > 0
      ? [`Not what the study that they were varied from would give now: ${named(altered)}.`]
      : [])
  ]
}

/** What effects may be read as: mixtures of two sizes stand behind each. */
export function effectsCaution({ kind, rows }: SeriesResult): string {
  const [own] = rows
  const ranks =
    own && own.spearman.value !== null
      ? ` The merge orders them as training does at ρ ${withInterval(own.spearman.value, widerInterval(own.spearman))}, n ${own.n}.`
      : ''
  const common = kind === 'leave-one-out' ? 'all of them' : 'those kept alone'
  return `Changes are in nats per token. Compare partitions with one another: their mixtures are of one size. Against ${common} the merge has another number of branches, which shifts all of its bars alike, and with the sum budget the sequential model another number of tokens. One run stands behind each: small differences may be noise.${ranks}`
}

function meaningOf(result: SeriesResult): string {
  if (isOfEffects(result)) return effectsCaution(result)
  if (result.kind === 'rolling-windows') {
    return 'Losses in nats per token. Next to a window are the partition before and the one behind it.'
  }
  return 'ρ and accuracy are among mixtures of one size, on the mean over all domains; intervals are the wider of that over mixtures and that with one partition left out. Losses are means in nats per token; gain is that of branches over the seed on their own partition.'
}

function tablesOf(result: SeriesResult): Piece {
  if (isOfEffects(result)) return effectsTable(result.effects)
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
