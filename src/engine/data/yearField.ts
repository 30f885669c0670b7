/** Which kept field tells the year of a document. Pure. */
import { fieldAt, fieldNames } from './fields'
import { yearOrNumber } from './partitionRules'

const LOOKED_AT = 500
const [EARLIEST, LATEST] = [1000, 2200]
const NAMES = /year|date|time|created|published|modified|written/i
const DATE = /^\s*\d{4}[-/.]\d{1,2}\b/

/** The year that a field's value tells; null when it tells none. */
export function yearOf(fields: Record<string, unknown>, field: string): number | null {
  const value = yearOrNumber(fieldAt(fields, field))
  const isYear = value !== null && Number.isInteger(value) && value >= EARLIEST && value <= LATEST
  return isYear ? value : null
}

/**
 * Finds the field whose values are years or dates: four in five of those that are there. A plain
 * number counts only where the field's name speaks of time, since a score may look like a year.
 */
export function findYearField(documents: readonly Record<string, unknown>[]): string | null {
  const some = documents.slice(0, LOOKED_AT)
  const names = new Set(some.flatMap((fields) => fieldNames(fields)))
  for (const name of names) {
    const values = some
      .map((fields) => ({ fields, value: fieldAt(fields, name) }))
      .filter(({ value }) => value !== null && value !== undefined)
    const years = values.filter(
      ({ fields, value }) =>
        yearOf(fields, name) !== null &&
        (NAMES.test(name) || (typeof value === 'string' && DATE.test(value)))
    )
    if (years.length > 0 && years.length >= 0.8 * values.length) return name
  }
  return null
}
