/** What is shown and copied of the log. Pure. */
import { csvTable } from '#shared/csvText'
import type { LogLine } from '#shared/machine'

/** True where lines are of different projects, so that each has to say of which it is. */
export function isOfSeveral(lines: readonly LogLine[]): boolean {
  return new Set(lines.flatMap(({ project }) => project ?? [])).size > 1
}

/** Lines as CSV, oldest first; the project always has its column. */
export function logCsv(lines: readonly LogLine[]): string {
  return csvTable(
    ['at', 'level', 'project', 'text', 'details'],
    lines.map(({ at, level, project, text, details }) => [at, level, project, text, details])
  )
}
