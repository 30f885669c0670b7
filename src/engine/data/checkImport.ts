/** What can be wrong with a request to import before anything is read. */
import { WorkbenchError } from '#shared/errors'
import { LONGEST_NAME, NAME_PATTERN, fitName } from '#shared/names'
import type { PartitionRule } from '#shared/records'
import type { ImportRequest } from './partitionedDocuments'

type CheckedRequest = Pick<
  ImportRequest,
  'name' | 'role' | 'partition' | 'take' | 'inPlace' | 'tokenized' | 'task'
>

/**
 * Checks names, ranges, the size of a sample, and what a task may be.
 *
 * @throws WorkbenchError `usage/invalid` saying what was found and what to give instead
 */
export function checkImport(request: CheckedRequest): void {
  checkName('a corpus', request.name)
  for (const name of namesOf(request.partition)) checkName('a partition', name)
  const names = namesOf(request.partition)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw refuse(`Two partitions are called "${twice}". Give each a name of its own.`, twice)
  }
  if (request.partition.kind === 'range') {
    for (const { name, from, to } of request.partition.ranges) {
      if (Number.isFinite(from) && Number.isFinite(to) && from <= to) continue
      throw refuse(
        `The range ${name} goes from ${from} to ${to}: no value lies in it. Expected two numbers, the lower one first, such as 1970-1999.`,
        name
      )
    }
  }
  if (request.task && (request.role !== 'evaluation' || request.inPlace || request.tokenized)) {
    throw refuse(
      'A task is measured on and copied: expected an evaluation corpus of records, neither in place nor as token ids.',
      request.name
    )
  }
  const { take } = request
  if (take !== undefined && !(Number.isInteger(take) && take > 0)) {
    throw refuse(
      `A sample of ${take} tokens per partition takes nothing. Expected 1 or more; take no sample to take all.`,
      String(take)
    )
  }
}

function namesOf(rule: PartitionRule): string[] {
  switch (rule.kind) {
    case 'one':
      return [rule.name]
    case 'range':
      return rule.ranges.map((range) => range.name)
    case 'condition':
      return rule.conditions.map((condition) => condition.name)
    case 'field':
    case 'file':
    case 'folder':
      return []
  }
}

function checkName(what: string, name: string): void {
  if (name.length <= LONGEST_NAME && NAME_PATTERN.test(name)) return
  const instead = fitName(name)
  throw refuse(
    `"${name}" cannot be the name of ${what}: expected 1 to ${LONGEST_NAME} characters without +, * and #, which have a meaning in the names of mixtures and units, and without control characters and such that turn text.` +
      (instead === null ? '' : ` Try "${instead}".`),
    name
  )
}

function refuse(message: string, found: string): WorkbenchError {
  return new WorkbenchError('usage/invalid', message, { found })
}
