/** Kept fields of a stored partition, held in memory while it is looked at. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fieldAt, fieldNames } from '../fields'
import { readKeptFields } from '../corpusReader'
import type { StoredPartition } from '../corpusReader'

const LONGEST_VALUE = 200
const HELD = 8
const held = new Map<string, Promise<Record<string, unknown>[]>>()

/** The kept fields of each document; none where the import kept none. */
export function keptFields(stored: StoredPartition): Promise<Record<string, unknown>[]> {
  const path = join(stored.folder, 'partitions', String(stored.number), 'fields.jsonl')
  const there = held.get(path)
  if (there) return there
  const read = existsSync(path) ? readKeptFields(stored) : Promise.resolve([])
  held.set(path, read)
  for (const oldest of held.keys()) {
    if (held.size <= HELD) break
    held.delete(oldest)
  }
  return read
}

/** Fields as a person reads them: nested ones as `outer.inner`, each at most a line. */
export function fieldsAsText(fields: Record<string, unknown> | undefined): Record<string, string> {
  if (!fields) return {}
  return Object.fromEntries(
    fieldNames(fields).map((name) => [name, asText(fieldAt(fields, name))] as const)
  )
}

function asText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}
