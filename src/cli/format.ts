/** Numbers with their units, and tables of plain text. */

import { withUnit } from '#shared/byteSize'

export { formatBytes } from '#shared/byteSize'

/** A count in thousands, millions, billions: `1.2M`. */
export function formatCount(value: number): string {
  return withUnit(value, ['', 'k', 'M', 'B', 'T'], '')
}

/** Floating-point operations: `3.1 TFLOP`. */
export function formatFlops(flops: number): string {
  return withUnit(flops, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP', 'EFLOP'])
}

/** Seconds as `48 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '—'
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 1440) {
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
  }
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** A number with a fixed number of digits, or a dash where there is none. */
export function formatNumber(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? '—'
    : value.toFixed(digits)
}

/**
 * Lays rows out in columns; a column of numbers is aligned to the right.
 *
 * @param header one title per column
 */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(width(title), ...rows.map((row) => width(row[column] ?? '')))
  )
  const isNumeric = header.map((_, column) =>
    rows.every((row) => /^[-+−]?[\d.,—]|^$/.test(row[column] ?? ''))
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const fill = ' '.repeat(widths[column]! - width(cell))
        return isNumeric[column] ? fill + cell : cell + fill
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((size) => '─'.repeat(size)).join('  ')
  return [line(header), rule, ...rows.map(line)].join('\n')
}

function width(text: string): number {
  return [...text].length
}
