/** The matrix in words and as CSV: what a cell says, why it is empty, what is copied. Pure. */
import { csvTable } from '#shared/csvText'
import type { Queue } from '#shared/trainingView'
import { correlation, significant } from '../format'
import { partitionOf } from './matrixColumns'
import { TARGET, differenceUnit, otherSource, unitOf } from './matrixView'
import type { MatrixTable, Measure } from './matrixView'

/** What a measure's zero is, where it has one. */
const AGAINST: Partial<Record<Measure, string>> = {
  difference: ' from the mean of its size',
  change: ' against the seed'
}

/** What the columns of a measure are headed with, in a table that has no room for more. */
export function measureWords({ matrix, choice }: MatrixTable): string {
  const { measure } = choice
  return measure in AGAINST ? `${differenceUnit(matrix)}${AGAINST[measure]}` : measure
}

/** A value as a cell shows it. */
export function shownValue(table: MatrixTable, value: number | null): string {
  const { measure } = table.choice
  if (measure === 'rank') return value === null ? '–' : String(value)
  return measure === 'value' ? significant(value) : nats(value)
}

/** A difference in nats per token, with two digits behind the point, as cells and legend show it. */
export function nats(value: number | null): string {
  return correlation(value).replace(/^−(0\.0+)$/, '$1')
}

/** Name of a column. */
export function columnName(table: MatrixTable, column: number): string {
  return column === TARGET ? 'target' : table.matrix.domains[column]!.name
}

/** All that is known of a cell, with full digits. */
export function cellWords(
  table: MatrixTable,
  place: number,
  column: number,
  queue: Queue | null
): string {
  const { mixture } = table.matrix.rows[place]!
  const where = `${mixture} on ${columnName(table, column)}`
  const { source, budget } = table.choice
  const kind = source === 'sequential' ? `sequential, ${budget} budget` : source
  const { measure } = table.choice
  const value = table.cell(place, column)
  const raw = table.level(place, column, 'value')
  if (raw === null) return `${where}: not measured. ${whyMissing(table, place, queue)}`
  const lines = [
    value === null
      ? `${where}: no other of its size is measured, so there is no mean to differ from (${kind})`
      : `${where}: ${value} ${unitOf(table.matrix, column, measure)}${AGAINST[measure] ?? ''} (${kind})`
  ]
  if (measure !== 'value') lines.push(`${raw} ${unitOf(table.matrix, column, 'value')}`)
  const change = measure === 'change' ? null : table.change(place, column)
  if (change !== null)
    lines.push(`${signed(change)} ${differenceUnit(table.matrix)} against the seed`)
  const rank = table.rank(place, column)
  if (rank) lines.push(`rank ${rank.rank} of ${rank.of} measured of its size`)
  const other = table.otherValue(place, column)
  if (other !== null) {
    const name = otherSource(table.matrix, source)
    lines.push(`${name}: ${significant(other)} ${unitOf(table.matrix, column, 'value')}`)
  }
  return lines.join('\n')
}

function signed(value: number): string {
  return value.toFixed(4).replace('-', '−')
}

/** Why a mixture has no value, and what to do. */
export function whyMissing(table: MatrixTable, place: number, queue: Queue | null): string {
  const { matrix, choice } = table
  const { mixture, shares } = matrix.rows[place]!
  if (matrix.metric) return 'It is measured with its losses: evaluate it, or run the study.'
  // A matrix of a study without prepared text was made from tables.
  if (queue && !queue.isPrepared) return 'The tables do not hold it.'
  if (choice.source === 'sequential') {
    const run = queue?.runs.find(
      ({ role, name }) => role === 'sequential' && name === `${mixture} (${choice.budget})`
    )
    if (!run) return 'It is not trained for real: select it and train it sequentially.'
    if (run.head?.state === 'running') return 'Its sequential model is being trained.'
    if (run.head?.state === 'failed') return `Its training failed: ${run.head.error?.message ?? ''}`
    return run.isDone
      ? 'It is trained and not measured yet: run the study.'
      : 'It is to be trained: run the study.'
  }
  const isIn = new Set(matrix.members.filter((_, m) => shares[m]! > 0))
  const branches = (queue?.runs ?? []).filter(
    ({ role, name, isRepeat }) =>
      role === 'branch' && !isRepeat && (isIn.has(name) || isIn.has(partitionOf(name)))
  )
  const open = branches.filter(({ isDone }) => !isDone).map(({ name }) => name)
  if (open.length > 0) {
    const some = open.slice(0, 3).join(', ') + (open.length > 3 ? ', …' : '')
    return `Not trained yet: the branch${open.length === 1 ? '' : 'es'} of ${some}. Run the study.`
  }
  return 'Its branches are trained: select it and evaluate it.'
}

/** Rows as CSV with full digits: what each mixture holds, then what its cells show. */
export function rowsCsv(
  table: MatrixTable,
  places: readonly number[],
  columns: readonly number[]
): string {
  const { matrix, choice } = table
  const kind = choice.source === 'sequential' ? `sequential ${choice.budget}` : choice.source
  const head = [
    'mixture',
    'size',
    'trained',
    ...matrix.members.map((name) => `share of ${name}`),
    ...columns.map(
      (column) =>
        `${columnName(table, column)} (${kind}, ${unitOf(matrix, column, choice.measure)}${AGAINST[choice.measure] ?? ''})`
    )
  ]
  const lines = places.map((place) => {
    const { mixture, size, shares } = matrix.rows[place]!
    const trained = table.isTrained(place) ? 'yes' : 'no'
    const values = columns.map((column) => table.cell(place, column))
    return [mixture, size, trained, ...shares, ...values]
  })
  return csvTable(head, lines)
}
