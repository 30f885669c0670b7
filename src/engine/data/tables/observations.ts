/** From rows of any layout to single observations: one model on one domain. */
import { DomainKindSchema } from '#shared/records'
import type { DomainKind } from '#shared/records'
import { fitName } from '#shared/names'
import { TABLE_ROLES, TableRoleSchema } from '#shared/importedTables'
import type { TableLayout, TableRole } from '#shared/importedTables'
import {
  USUAL_LOSSES,
  USUAL_WEIGHTS,
  chosenColumns,
  hasColumns,
  isAboutRow,
  named,
  runColumns,
  usualColumns
} from './columnChoice'
import type { NamedColumn } from './columnChoice'
import { cellError, fileError, numberAt, rowError, textAt } from './tableFile'
import type { TableFile, TableRow } from './tableFile'

/** One loss as a table has it. */
export interface Observation {
  /** Name of the mixture or run, where the table gives one. */
  mixture: string | null
  /** Weights as they stand there, those of 0 left out; empty for the seed model. */
  weights: ReadonlyMap<string, number>
  role: TableRole
  domain: string
  /** Null where the table does not say it. */
  kind: DomainKind | null
  randomSeed: string | null
  /** Nats per token. */
  loss: number
  row: TableRow
}

/** How tables are to be read; what is left out is found out. */
export interface TableReading {
  layout: TableLayout
  weights?: string[]
  losses?: string[]
  /** True: what stands under `losses` are perplexities. */
  arePerplexities: boolean
  /** Role of rows that do not say theirs. */
  role: TableRole
  /** Column that joins ratios with metrics, and that names the mixtures of a wide table. */
  id?: string
  /** Column that tells repeated runs of one mixture apart. */
  seedColumn?: string
}

/** Above this no model's loss lies: it is most likely a perplexity. */
export const MOST_NATS = 50

/**
 * Which layout files have: `long` where there is a column `domain` with a loss or a perplexity,
 * `wide` where every file has weights and losses, `ratios` for two others.
 */
export function layoutOf(
  files: readonly TableFile[],
  { weights = null, losses = null }: { weights?: string[] | null; losses?: string[] | null }
): TableLayout {
  const isLong = ({ columns }: TableFile) =>
    columns.includes('domain') && (columns.includes('loss') || columns.includes('perplexity'))
  if (files.every(isLong)) return 'long'
  const isWide = (file: TableFile) =>
    hasColumns(file, weights, USUAL_WEIGHTS) && hasColumns(file, losses, USUAL_LOSSES)
  return files.length === 2 && !files.every(isWide) ? 'ratios' : 'wide'
}

/**
 * Reads all observations of files that belong together.
 *
 * @throws WorkbenchError `table/invalid` naming file, line and column, what was expected and found
 */
export function observe(files: readonly TableFile[], reading: TableReading): Observation[] {
  const { seedColumn } = reading
  if (seedColumn !== undefined && !files.some(({ columns }) => columns.includes(seedColumn))) {
    needColumn(files[0]!, seedColumn)
  }
  switch (reading.layout) {
    case 'long':
      return files.flatMap((file) => observeLong(file, reading))
    case 'wide':
      return files.flatMap((file) => observeWide(file, reading))
    case 'ratios':
      return observeRatios(files, reading)
  }
}

function observeLong(file: TableFile, reading: TableReading): Observation[] {
  needColumn(file, 'domain')
  const values = ['loss', 'perplexity'].filter((name) => file.columns.includes(name))
  if (values.length !== 1) {
    const found = values.length === 0 ? `the columns ${file.columns.join(', ')}` : 'both'
    throw fileError(file.path, 'a column "loss" (nats per token) or "perplexity"', found)
  }
  const [column] = values as [string]
  const weights = namedColumns(file, reading, 'weights')
  return file.rows.flatMap((row): Observation[] => {
    const loss = lossAt(row, column, column === 'perplexity')
    if (loss === null) return []
    const domain = fitName(textAt(row, 'domain') ?? '')
    if (domain === null) throw cellError(row, 'domain', 'the name of a domain', 'an empty cell')
    const kind = textAt(row, 'domain_kind')
    const parsed = DomainKindSchema.safeParse(kind)
    if (kind !== null && !parsed.success) {
      throw cellError(row, 'domain_kind', DomainKindSchema.options.join(', '), `"${kind}"`)
    }
    const mixture = textAt(row, 'mixture')
    const of = { ...ofRow(row, reading), domain, kind: parsed.data ?? null, loss, row }
    return [{ ...of, mixture, weights: weightsAt(row, weights, of.role) }]
  })
}

function observeWide(file: TableFile, reading: TableReading): Observation[] {
  const weights = namedColumns(file, reading, 'weights')
  const losses = namedColumns(file, reading, 'losses')
  if (reading.id !== undefined) needColumn(file, reading.id)
  const named = file.columns.find((column) => column.toLowerCase() === 'mixture')
  const run = reading.id ?? named ?? runColumns(file)[0] ?? null
  return file.rows.flatMap((row) => {
    const about = ofRow(row, reading)
    const mixture = run === null ? null : textAt(row, run)
    const of = { ...about, mixture, weights: weightsAt(row, weights, about.role), row }
    return lossesAt(row, losses, reading).map((one) => ({ ...of, ...one, kind: null }))
  })
}

/** Two files that go by the same runs: what each is made of, and what it came to. */
function observeRatios(files: readonly TableFile[], reading: TableReading): Observation[] {
  if (files.length !== 2) {
    throw fileError(
      files.map(({ path }) => path).join(', '),
      'two files, ratios and metrics',
      `${files.length} of them`,
      'Give the file of weights and the file of losses.'
    )
  }
  const id = reading.id ?? commonRunColumn(files)
  // Results of a harness have one name for their run, under any column.
  const idOf = (file: TableFile) => (file.harness ? 'run' : id)
  for (const file of files) needColumn(file, idOf(file))
  const own = (file: TableFile) =>
    file.harness?.losses ??
    file.columns
      .filter((column) => !isAboutRow(column, [id, reading.seedColumn]))
      .map((column) => named(column, column))
  const [ratios, metrics] = inOrder(files, (file) => {
    if (file.harness) return false
    return reading.weights ? hasColumns(file, reading.weights, []) : areShares(file, own(file))
  })
  const weights = reading.weights
    ? chosenColumns(ratios!, reading.weights, 'weights')
    : own(ratios!)
  const losses = reading.losses ? chosenColumns(metrics!, reading.losses, 'losses') : own(metrics!)
  const byRun = new Map<string, TableRow>()
  for (const row of ratios!.rows) {
    const run = runAt(row, id)
    const other = byRun.get(run)
    if (other) throw twice(row, id, run, other)
    byRun.set(run, row)
  }
  return metrics!.rows.flatMap((row) => {
    const name = runAt(row, idOf(metrics!))
    const run = metrics!.harness ? runIn(byRun, name) : name
    const made = byRun.get(run)
    if (!made) throw cellError(row, id, `a run of ${ratios!.path}`, `"${name}"`)
    // Either file may say more of a run than its numbers.
    const about = ofRow({ ...row, cells: { ...made.cells, ...row.cells } }, reading)
    const of = { ...about, mixture: run, weights: weightsAt(made, weights, about.role), row }
    return lossesAt(row, losses, reading).map((one) => ({ ...of, ...one, kind: null }))
  })
}

/** A run by the name of its model, which may be a path: the last part of it that names one. */
function runIn(runs: ReadonlyMap<string, unknown>, name: string): string {
  if (runs.has(name)) return name
  return name.split(/[\\/]|__/).findLast((part) => runs.has(part)) ?? name
}

/** The file that is known as ratios first; as they were given where that tells nothing. */
function inOrder(
  files: readonly TableFile[],
  areRatios: (file: TableFile) => boolean
): readonly TableFile[] {
  const [first, second] = files
  return !areRatios(first!) && areRatios(second!) ? [second!, first!] : files
}

/** Whether rows all have one sum, which losses never do. */
function areShares(file: TableFile, columns: readonly NamedColumn[]): boolean {
  const sums = file.rows.map((row) =>
    columns.reduce((sum, { column }) => sum + Number(textAt(row, column) ?? 0), 0)
  )
  return Math.max(...sums) - Math.min(...sums) <= 0.02 * Math.abs(Math.max(...sums))
}

function commonRunColumn(files: readonly TableFile[]): string {
  const [first, second] = files.map(runColumns)
  const isIn = (column: string) => second!.some((one) => one === column)
  const isUnique = (column: string) =>
    files.every(({ rows }) => new Set(rows.map((row) => textAt(row, column))).size === rows.length)
  const common = first!.filter(isIn)
  const id = common.find(isUnique) ?? common[0]
  if (id !== undefined) return id
  throw fileError(
    files[1]!.path,
    `a column that names the runs in both files (run, id, index …)`,
    `the columns ${files[1]!.columns.slice(0, 8).join(', ')} …`,
    'Name it.',
    'runs'
  )
}

function runAt(row: TableRow, id: string): string {
  const run = textAt(row, id)
  if (run === null) throw cellError(row, id, 'the name of a run', 'an empty cell')
  return run
}

function twice(row: TableRow, id: string, run: string, other: TableRow) {
  return cellError(
    row,
    id,
    'every run once',
    `"${run}", as in line ${other.line}`,
    'Name the column that tells runs apart.',
    'runs'
  )
}

/** What a row says of itself in any layout. */
function ofRow(row: TableRow, reading: TableReading): Pick<Observation, 'role' | 'randomSeed'> {
  const role = textAt(row, 'role') ?? reading.role
  const parsed = TableRoleSchema.safeParse(role)
  if (!parsed.success) throw cellError(row, 'role', TABLE_ROLES.join(', '), `"${role}"`)
  return { role: parsed.data, randomSeed: textAt(row, reading.seedColumn ?? 'random_seed') }
}

function weightsAt(
  row: TableRow,
  columns: readonly NamedColumn[],
  role: TableRole
): Map<string, number> {
  const weights = new Map<string, number>()
  // The seed model is trained on none of the partitions.
  if (role === 'seed') return weights
  const expected = 'a weight of 0 or more'
  for (const { column, name } of columns) {
    const weight = numberAt(row, column, expected) ?? 0
    if (weight < 0) throw cellError(row, column, expected, String(weight))
    if (weight > 0) weights.set(name, weight)
  }
  if (weights.size === 0) {
    throw rowError(row, 'a weight above 0', 'none', 'Give every mixture its weights.')
  }
  return weights
}

function lossesAt(
  row: TableRow,
  columns: readonly NamedColumn[],
  { arePerplexities }: TableReading
): { domain: string; loss: number }[] {
  return columns.flatMap(({ column, name }) => {
    const loss = lossAt(row, column, arePerplexities)
    return loss === null ? [] : [{ domain: name, loss }]
  })
}

/** Nats per token; null where the cell is empty: then it was not measured. */
function lossAt(row: TableRow, column: string, isPerplexity: boolean): number | null {
  const expected = isPerplexity ? 'a perplexity of 1 or more' : 'a loss in nats per token'
  const value = numberAt(row, column, expected)
  if (value === null) return null
  const loss = isPerplexity ? Math.log(value) : value
  if (loss >= 0 && loss <= MOST_NATS) return loss
  if (isPerplexity || value <= MOST_NATS) throw cellError(row, column, expected, String(value))
  const advice = 'If these are perplexities, call the column "perplexity".'
  throw cellError(row, column, expected, String(value), advice, 'perplexities')
}

function needColumn(file: TableFile, column: string): void {
  if (file.columns.includes(column)) return
  throw fileError(file.path, `a column "${column}"`, `the columns ${file.columns.join(', ')}`)
}

/** What columns are called in most tables, where nobody names them. */
const USUAL = {
  weights: { columns: USUAL_WEIGHTS, words: 'columns of weights (weight:NAME or w_NAME)' },
  losses: { columns: USUAL_LOSSES, words: 'columns of losses (loss:NAME)' }
}

/** The columns of weights or of losses: those named, else those called as usual. */
function namedColumns(
  file: TableFile,
  reading: TableReading,
  what: keyof typeof USUAL
): NamedColumn[] {
  const named = reading[what]
  if (named) return chosenColumns(file, named, what)
  const usual = usualColumns(file, USUAL[what].columns)
  if (usual.length > 0) return usual
  const found = `the columns ${file.columns.join(', ')}`
  throw fileError(file.path, USUAL[what].words, found, 'Name them.', what)
}
