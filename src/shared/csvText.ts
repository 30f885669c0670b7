/** Comma-separated text as RFC 4180 has it, safe to open in a spreadsheet. */

/**
 * Text beginning so is run by spreadsheets as a formula, or marked as text already: it gets one
 * apostrophe in front, and reading takes one off. The wide forms are East Asian keyboards'.
 */
export const RISKY_START = /^['=+\-@\t\r\n＝＋－＠]/u

/** A cell of text, quoted where it must be. */
export function textCell(value: string): string {
  const safe = RISKY_START.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A number in full precision; empty where there is none. */
export function numberCell(value: number | null | undefined): string {
  return value !== null && value !== undefined && Number.isFinite(value) ? String(value) : ''
}

/** Lines of cells that are written already, each ended by CR LF. */
export function csvLines(lines: string[][]): string {
  return lines.map((cells) => cells.join(',') + '\r\n').join('')
}

/** A whole table from plain values: text is quoted where it must be, numbers are exact. */
export function csvTable(columns: string[], rows: (string | number | null)[][]): string {
  const cell = (value: string | number | null) =>
    typeof value === 'string' ? textCell(value) : numberCell(value)
  return csvLines([columns.map(textCell), ...rows.map((row) => row.map(cell))])
}
