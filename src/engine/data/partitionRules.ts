/** Which partition a document belongs to. */
import { REMAINDER } from '#shared/records'
import type { PartitionRule } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { fitName } from '#shared/names'
import { fieldAt } from './fields'
import { openConditions } from './conditions'
import type { Partitioner, SourceDocument } from './sourceDocument'

/** More partitions than this is a field of identifiers, not of topics. */
export const MOST_PARTITIONS = 1000

/** True when a document's partition follows from its file alone. */
export function isKnownInAdvance(rule: PartitionRule): boolean {
  return rule.kind === 'one' || rule.kind === 'file' || rule.kind === 'folder'
}

/** Fields that a rule reads; null when it may read any. */
export function fieldsOfRule(rule: PartitionRule): string[] | null {
  if (rule.kind === 'condition') return null
  return rule.kind === 'field' || rule.kind === 'range' ? [rule.field] : []
}

/** Opens a rule; close it in the end. A document that it does not match is in the remainder. */
export async function openPartitioner(rule: PartitionRule): Promise<Partitioner> {
  if (rule.kind === 'condition') return openConditions(rule.conditions)
  return {
    assign: (documents) =>
      Promise.resolve(documents.map((document) => partitionOf(rule, document) ?? REMAINDER)),
    close: () => undefined
  }
}

function partitionOf(
  rule: Exclude<PartitionRule, { kind: 'condition' }>,
  document: SourceDocument
): string | null {
  switch (rule.kind) {
    case 'one':
      return rule.name
    case 'file':
      return fitName(document.stem)
    case 'folder':
      return fitName(document.folder)
    case 'field': {
      const value = fieldAt(document.fields, rule.field)
      return value === null || value === undefined ? null : fitName(plainText(value))
    }
    case 'range': {
      const value = yearOrNumber(fieldAt(document.fields, rule.field))
      if (value === null) return null
      return rule.ranges.find((range) => range.from <= value && value <= range.to)?.name ?? null
    }
  }
}

/** A number, the number a string spells, or the year of a date such as 2013-05-01. */
export function yearOrNumber(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.getUTCFullYear()
  if (typeof value !== 'string' || value.trim() === '') return null
  if (Number.isFinite(Number(value))) return Number(value)
  const date = /^\s*(\d{4})[-/.](\d{1,2})\b/.exec(value)
  return date ? Number(date[1]) : null
}

function plainText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/**
 * Stops an import whose ranges or conditions no document meets: a wrong field or a wrong border.
 *
 * @param names partitions that documents came to
 * @param values some values that the rule's field had
 */
export function checkMatched(
  names: readonly string[],
  rule: PartitionRule,
  values: readonly string[]
): void {
  if (names.length !== 1 || names[0] !== REMAINDER) return
  const wanted =
    rule.kind === 'range'
      ? `ranges ${rule.ranges.map(({ name }) => name).join(', ')} over "${rule.field}"`
      : rule.kind === 'condition'
        ? `conditions ${rule.conditions.map(({ name }) => name).join(', ')}`
        : `partitions by ${rule.kind === 'field' ? `the field "${rule.field}", which has no value` : rule.kind}`
  throw new WorkbenchError(
    'partition/invalid',
    `No document is in one of the ${wanted}: all would be in the remainder.` +
      (values.length > 0 ? ` Values found: ${values.join(', ')}.` : '') +
      ' Correct the borders, the field or the conditions.',
    { found: [...values] }
  )
}

/** Stops an import whose rule gives a partition per document. */
export function checkPartitionCount(count: number, rule: PartitionRule): void {
  if (count <= MOST_PARTITIONS) return
  const what = rule.kind === 'field' ? `The field "${rule.field}"` : `The rule "${rule.kind}"`
  throw new WorkbenchError(
    'partition/invalid',
    `${what} gives more than ${MOST_PARTITIONS} partitions. Expected a field with few values; ` +
      `choose another, or put values together by ranges or conditions.`,
    { most: MOST_PARTITIONS }
  )
}
