/** Which columns of a table hold weights and losses, and what each of them is of. */
import { fitName } from '#shared/names'
import { fileError } from './tableFile'
import type { TableFile } from './tableFile'

/** A column with the name of the partition or domain it is of. */
export interface NamedColumn {
  column: string
  name: string
}

/** What columns of weights and losses are called where nobody says so; the first that fits. */
export const USUAL_WEIGHTS = ['weight:*', 'weight_*', 'w_*']
export const USUAL_LOSSES = ['loss:*', 'loss_*']

/** Names of columns that tell runs apart, the most telling first. */
export const RUN_NAMES = ['run_id', 'run', 'id', 'index', 'mixture', 'name']

const isOneOf = (names: readonly string[], column: string) => names.includes(column.toLowerCase())

/** The columns of a table that say which run a row is of. */
export function runColumns({ columns }: TableFile): string[] {
  return columns
    .filter((column) => isOneOf(RUN_NAMES, column))
    .sort((a, b) => RUN_NAMES.indexOf(a.toLowerCase()) - RUN_NAMES.indexOf(b.toLowerCase()))
}

/** Columns that say of what a row is, in any layout: neither weights nor losses. */
export function isAboutRow(column: string, others: readonly (string | undefined)[]): boolean {
  return isOneOf([...RUN_NAMES, 'role', 'random_seed'], column) || others.includes(column)
}

/**
 * Columns by patterns: a column's own name, or a name with one `*`, which stands for the name of
 * the partition or domain.
 *
 * @param what `weights` or `losses`, as the flag is called
 * @throws WorkbenchError `table/invalid` for a pattern that fits no column, listing those there are,
 *   and for two columns of one name
 */
export function chosenColumns(
  table: TableFile,
  patterns: readonly string[],
  what: 'weights' | 'losses'
): NamedColumn[] {
  const chosen = new Map<string, string>()
  for (const pattern of patterns) {
    const found = columnsLike(table, pattern)
    if (found.length === 0) {
      throw fileError(
        table.path,
        `a column of ${what} by the pattern ${pattern}`,
        `the columns ${table.columns.join(', ')}`,
        `Name a column, or several by a * that stands for the changing part.`
      )
    }
    for (const { column, name } of found) {
      const other = chosen.get(name)
      if (other !== undefined && other !== column) {
        throw fileError(
          table.path,
          `one column of ${what} for "${name}"`,
          `${other} and ${column}`,
          'Choose one of them.',
          what
        )
      }
      chosen.set(name, column)
    }
  }
  return [...chosen].map(([name, column]) => ({ column, name }))
}

/** Columns by the first of some usual patterns that fits any; none where none does. */
export function usualColumns(table: TableFile, patterns: readonly string[]): NamedColumn[] {
  for (const pattern of patterns) {
    const found = columnsLike(table, pattern)
    if (found.length > 0) return found
  }
  return []
}

/** Whether a table has columns for all patterns, or else for one of the usual ones. */
export function hasColumns(
  table: TableFile,
  patterns: readonly string[] | null,
  usual: readonly string[]
): boolean {
  return patterns
    ? patterns.every((pattern) => columnsLike(table, pattern).length > 0)
    : usualColumns(table, usual).length > 0
}

function columnsLike({ columns }: TableFile, pattern: string): NamedColumn[] {
  if (columns.includes(pattern)) return [named(pattern, pattern)]
  const star = pattern.indexOf('*')
  if (star < 0) return []
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return columns
    .filter(
      (column) =>
        column.startsWith(before) &&
        column.endsWith(after) &&
        column.length > before.length + after.length
    )
    .map((column) => named(column, column.slice(before.length, column.length - after.length)))
}

/** A column by a name that partitions and domains may have. */
export function named(column: string, name: string): NamedColumn {
  return { column, name: fitName(name) ?? column }
}
