/** Tables of numbers as they lie in files: rows of cells, each with where it stands. */
import { WorkbenchError } from '#shared/errors'
import { csvRecords } from '../readCsv'
import { readParquet } from '../readParquet'
import type { SourceFile } from '../sources'

type Cell = string | number | null

export interface TableRow {
  /** Path of its file. */
  file: string
  /** Line of a text file, row of a Parquet file, counted from 1. */
  line: number
  cells: Readonly<Record<string, Cell>>
}

export interface TableFile {
  path: string
  /** Name of the file, for people. */
  name: string
  columns: string[]
  rows: TableRow[]
  /** Set where it was made of results of lm-evaluation-harness, whose metrics are losses already. */
  harness?: {
    files: { path: string; name: string; rows: number }[]
    /** Columns that are read where none are named, by the name of their domain. */
    losses: { column: string; name: string }[]
    /** What was made of them, in words. */
    note: string
  }
}

/**
 * Reads a CSV, TSV or Parquet file whole.
 *
 * @throws WorkbenchError `table/invalid` for a file of another format, without rows, or with a
 *   column twice; `corpus/*` as readers of text do
 */
export async function readTable(file: SourceFile): Promise<TableFile> {
  const { rows, columns } = await rowsOf(file)
  if (rows.length === 0) {
    throw fileError(file.path, 'a header and at least one row', 'no row')
  }
  const twice = columns.find((name, place) => columns.indexOf(name) !== place)
  if (twice !== undefined) {
    throw fileError(file.path, 'every column once', `the column "${twice}" twice`)
  }
  return { path: file.path, name: file.label, columns, rows }
}

function rowsOf(file: SourceFile): Promise<{ rows: TableRow[]; columns: string[] }> {
  const { format } = file
  if (format === 'csv' || format === 'tsv') return csvRows(file)
  if (format === 'parquet') return parquetRows(file)
  throw fileError(file.path, 'a table: .csv, .tsv, .parquet or .json', `a file of ${format}`)
}

async function csvRows(file: SourceFile): Promise<{ rows: TableRow[]; columns: string[] }> {
  const rows: TableRow[] = []
  let header: string[] = []
  for await (const { record, line, columns } of csvRecords(file, noProgress)) {
    header = columns
    rows.push({ file: file.path, line, cells: record })
  }
  return { rows, columns: header }
}

async function parquetRows(file: SourceFile): Promise<{ rows: TableRow[]; columns: string[] }> {
  const rows: TableRow[] = []
  const attempt = <T>(step: () => T) => step()
  const none = { textField: null, fields: null, tokenized: null }
  for await (const { fields, position } of readParquet(file, {
    ...none,
    onBytes: noProgress,
    attempt
  })) {
    const cells = Object.entries(fields).map(([name, value]) => [name, plainCell(value)] as const)
    rows.push({ file: file.path, line: position, cells: Object.fromEntries(cells) })
  }
  return { rows, columns: Object.keys(rows[0]?.cells ?? {}) }
}

function noProgress(): void {
  // Tables are read in a moment.
}

function plainCell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  return typeof value === 'number' ? value : String(value)
}

/** Text of a cell without blanks around it; null where it is empty or its column is not there. */
export function textAt(row: TableRow, column: string): string | null {
  const cell = row.cells[column]
  if (cell === null || cell === undefined) return null
  const text = String(cell).trim()
  return text === '' ? null : text
}

/**
 * A cell's number; null where it is empty.
 *
 * @param expected what should stand there, for the error
 * @throws WorkbenchError `table/invalid` for what is no finite number
 */
export function numberAt(row: TableRow, column: string, expected: string): number | null {
  const text = textAt(row, column)
  if (text === null) return null
  const value = /^[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN
  if (!Number.isFinite(value)) throw cellError(row, column, expected, `"${text}"`)
  return value
}

/** What could be named besides the tables, and was not: whoever asked knows how it is typed. */
export type Unnamed = 'losses' | 'weights' | 'runs' | 'randomSeeds' | 'perplexities'

/** The error for one cell: file, line, column, what was expected and what was found. */
export function cellError(
  { file, line }: TableRow,
  column: string,
  expected: string,
  found: string,
  advice = 'Correct the table and import it again.',
  unnamed?: Unnamed
): WorkbenchError {
  return new WorkbenchError(
    'table/invalid',
    `${file}, line ${line}, column "${column}": expected ${expected}, found ${found}. ${advice}`,
    { file, line, column, expected, found, ...(unnamed && { unnamed }) }
  )
}

/** The error for a row: its file and line. */
export function rowError(
  { file, line }: TableRow,
  expected: string,
  found: string,
  advice: string,
  unnamed?: Unnamed
): WorkbenchError {
  return new WorkbenchError(
    'table/invalid',
    `${file}, line ${line}: expected ${expected}, found ${found}. ${advice}`,
    { file, line, expected, found, ...(unnamed && { unnamed }) }
  )
}

/** The error for a whole file. */
export function fileError(
  file: string,
  expected: string,
  found: string,
  advice = 'docs/tables.md has the columns of each layout.',
  unnamed?: Unnamed
): WorkbenchError {
  return new WorkbenchError(
    'table/invalid',
    `${file}: expected ${expected}, found ${found}. ${advice}`,
    { file, expected, found, ...(unnamed && { unnamed }) }
  )
}
