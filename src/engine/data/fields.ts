/** Fields of a document by name, dots for nesting. */
import { WorkbenchError } from '#shared/errors'

/** The value of `metadata.year` in `{ metadata: { year } }`, or of a field that has that very name. */
export function fieldAt(record: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path]
  let value: unknown = record
  for (const part of path.split('.')) {
    // What every object has (`constructor`) is no field of this one.
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}

/** Names of all fields of a record, nested ones as `outer.inner`. */
export function fieldNames(record: Record<string, unknown>): string[] {
  return Object.entries(record).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? fieldNames(value as Record<string, unknown>).map((inner) => `${name}.${inner}`)
      : [name]
  )
}

/**
 * The error for a field that is not there; lists those that are.
 *
 * @param where file and line or row
 */
export function missingField(
  field: string,
  record: Record<string, unknown>,
  where: { file: string; position: number }
): WorkbenchError {
  const found = fieldNames(record)
  return new WorkbenchError(
    'corpus/missing-field',
    `${where.file}, record ${where.position}: there is no field "${field}". ` +
      `Fields found: ${found.join(', ') || 'none'}. Name one of them.`,
    { field, found, ...where }
  )
}

/**
 * The text of a record; null counts as no text, and no field is asked for none.
 *
 * @throws WorkbenchError `corpus/missing-field` when the field is absent or holds no text
 */
export function textAt(
  record: Record<string, unknown>,
  field: string | null,
  where: { file: string; position: number }
): string {
  if (field === null) return ''
  const value = fieldAt(record, field)
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined) throw missingField(field, record, where)
  throw noText(field, Array.isArray(value) ? 'a list' : 'an object', record, where)
}

/** The error for a field that holds something else than text; lists all fields. */
export function noText(
  field: string,
  what: string,
  record: Record<string, unknown>,
  where: { file: string; position: number }
): WorkbenchError {
  const found = fieldNames(record)
  return new WorkbenchError(
    'corpus/missing-field',
    `${where.file}, record ${where.position}: the field "${field}" holds ${what}, not text. ` +
      `Fields found: ${found.join(', ')}.`,
    { field, found, ...where }
  )
}
