/** What a series found as one table: for CSV files, for the clipboard. */
import { csvTable } from './csvText'
import { widerInterval } from './evidenceView'
import type { Estimate } from './evidenceView'
import type { SeriesResult } from './seriesView'
import { isOfEffects } from './seriesWords'

type Cell = string | number | null
/** Columns with what each row has there. */
type Columns<Row> = readonly (readonly [string, (row: Row) => Cell])[]

const ends = (name: string, of: (row: SeriesResult['rows'][number]) => Estimate) =>
  [
    [name, (row) => of(row).value],
    [`${name}_low`, (row) => widerInterval(of(row))?.low ?? null],
    [`${name}_high`, (row) => widerInterval(of(row))?.high ?? null]
  ] satisfies Columns<SeriesResult['rows'][number]>

const ROWS: Columns<SeriesResult['rows'][number]> = [
  ['study', (row) => row.study],
  ['setting', (row) => row.setting],
  ['proxy', (row) => row.proxy],
  ['n', (row) => row.n],
  ...ends('spearman', (row) => row.spearman),
  ...ends('accuracy', (row) => row.accuracy),
  ['branch_gain', (row) => row.branchGain],
  ['proxy_loss', (row) => row.proxyLoss],
  ['proxy_loss_trained', (row) => row.proxyLossTrained],
  ['sequential_loss', (row) => row.sequentialLoss],
  ['tokens', (row) => row.tokens],
  ['branch_tokens', (row) => row.branchTokens],
  ['runs_left', (row) => row.runsLeft],
  ['altered', (row) => Number(row.isAltered)]
]

const EFFECTS: Columns<SeriesResult['effects'][number]> = [
  ['study', (row) => row.study],
  ['partition', (row) => row.partition],
  ['domain', (row) => row.domain],
  ['domain_kind', (row) => row.domainKind],
  ['change_proxy', (row) => row.proxy],
  ['change_sequential', (row) => row.truth]
]

const WINDOWS: Columns<SeriesResult['windows'][number]> = [
  ['study', (row) => row.study],
  ['width', (row) => row.width],
  ['first', (row) => row.first],
  ['from', (row) => row.from],
  ['to', (row) => row.to],
  ['domain', (row) => row.domain],
  ['distance', (row) => row.distance],
  ['loss_proxy', (row) => row.proxy],
  ['loss_sequential', (row) => row.truth]
]

function tableOf<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
  return csvTable(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, of]) => of(row)))
  )
}

/** The table behind the figure of a series as CSV; docs/experiments.md has its columns. */
export function seriesCsv({ kind, rows, effects, windows }: SeriesResult): string {
  if (isOfEffects(kind)) return tableOf(EFFECTS, effects)
  return kind === 'rolling-windows' ? tableOf(WINDOWS, windows) : tableOf(ROWS, rows)
}
