/** Comma-separated text as RFC 4180 has it, safe to open in a spreadsheet, exact to read back. */
import { parse } from 'csv-parse/sync'
import { RISKY_START, csvLines, numberCell, textCell } from '#shared/csvText'
import { WorkbenchError } from '#shared/errors'
import type { Cell, Column, Row } from './columns'

function writeCell(value: Cell | undefined, column: Column): string {
  if (value === null || value === undefined) return ''
  if (column.type === 'text') return textCell(String(value))
  return numberCell(Number(value))
}

/**
 * Writes a table: header, then rows, every line ended by CR LF.
 *
 * Numbers are the shortest text that reads back as the same number; what is missing or not finite
 * is empty; text that a spreadsheet would run begins with an apostrophe (see {@link fromCsv}).
 */
export function toCsv(columns: Column[], rows: Row[]): string {
  const lines = rows.map((row) => columns.map((column) => writeCell(row[column.name], column)))
  const header = columns.map((column) => textCell(column.name))
  return csvLines([header, ...lines])
}

/**
 * Reads a table that {@link toCsv} wrote: numbers as numbers, empty cells as null, one leading
 * apostrophe of a text cell taken off where the rule put it.
 *
 * @throws WorkbenchError `corpus/invalid-line` when columns are not the expected ones
 */
export function fromCsv(columns: Column[], text: string): Row[] {
  const [header = [], ...lines] = parse(text, { bom: true }) as string[][]
  const names = columns.map((column) => column.name)
  if (header.join() !== names.join()) {
    throw new WorkbenchError(
      'corpus/invalid-line',
      `Expected the columns ${names.join(',')}; found ${header.join(',')}. Export the table again.`,
      { expected: names, found: header }
    )
  }
  return lines.map((cells) =>
    Object.fromEntries(columns.map((column, i) => [column.name, readCell(cells[i]!, column)]))
  )
}

function readCell(cell: string, column: Column): Cell {
  if (cell === '') return null
  if (column.type !== 'text') return Number(cell)
  return cell.startsWith("'") && RISKY_START.test(cell.slice(1)) ? cell.slice(1) : cell
}
