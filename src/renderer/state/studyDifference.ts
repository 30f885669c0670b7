/** In which fields two studies differ. Pure. */
import type { Study } from '#shared/records'

/** One field with its value in each of two studies; undefined: the study has no such field. */
export interface FieldDifference {
  /** With dots: `branch.peakLearningRate`. */
  field: string
  from: unknown
  to: unknown
}

/** Fields that say which study it is, not what it asks. */
const NAMES = new Set(['name', 'version'])

/** Lists the fields that differ, in the order of the first study's fields. */
export function studyDifference(from: Study, to: Study): FieldDifference[] {
  const [a, b] = [fieldsOf(from), fieldsOf(to)]
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((field) => !NAMES.has(field))
    .map((field) => ({ field, from: a.get(field), to: b.get(field) }))
    .filter((one) => JSON.stringify(one.from) !== JSON.stringify(one.to))
}

/** A value as it is read: lists joined, what is missing as a dash. */
export function valueWords(value: unknown): string {
  if (value === undefined || value === null) return '–'
  if (Array.isArray(value)) return value.map(valueWords).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Every field that holds no further fields, by its path; lists are values of their own. */
function fieldsOf(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Map([[path, value]])
  }
  return new Map(
    Object.entries(value).flatMap(([key, inner]) => [
      ...fieldsOf(inner, path === '' ? key : `${path}.${key}`)
    ])
  )
}
