/** What is chosen in the import sheet, and what the engine is asked for. Pure. */
import { parseRanges } from '#shared/partitionRanges'
import type { TaskFields } from '#shared/textEvaluation'
import type { CorpusRole, DomainKind, PartitionRule } from '#shared/records'

/** Ways to tell partitions apart. */
export const RULES = [
  { kind: 'one', label: 'one partition' },
  { kind: 'field', label: 'one per value of a field' },
  { kind: 'file', label: 'one per file' },
  { kind: 'folder', label: 'one per folder' },
  { kind: 'range', label: 'ranges of a number or year' },
  { kind: 'condition', label: 'conditions' }
] as const satisfies readonly { kind: PartitionRule['kind']; label: string }[]

export interface ImportChoice {
  name: string
  role: CorpusRole
  /** Of evaluation text. */
  domainKind: DomainKind
  /** Of evaluation text whose documents are items of a task. */
  isTask: boolean
  task: TaskFields
  /** Empty: the likeliest. */
  textField: string
  rule: PartitionRule['kind']
  /** Of the rules `field` and `range`. */
  field: string
  /** `1970-1999, 2000-2009` */
  ranges: string
  /** One per line: `recent = year > 2010` */
  conditions: string
  /** At most so many tokens per partition; empty: all. */
  take: string
  skipBadLines: boolean
  keepFields: string[]
}

/** A choice to begin with. */
export function firstChoice(name: string, isFolder: boolean): ImportChoice {
  return {
    name,
    role: 'training',
    domainKind: 'out',
    isTask: false,
    task: { context: 'context', choices: 'choices', gold: 'gold', delimiter: ' ' },
    textField: '',
    rule: isFolder ? 'folder' : 'one',
    field: '',
    ranges: '',
    conditions: '',
    take: '',
    skipBadLines: false,
    keepFields: []
  }
}

/** The fields of a task; null where the documents are text. */
export function chosenTask({ role, isTask, task }: ImportChoice): TaskFields | null {
  return role === 'evaluation' && isTask ? { ...task } : null
}

/** Names that a task's parts may be under: fields, and objects of fields, as ARC has its choices. */
export function taskFieldNames(
  fields: readonly string[],
  { context, choices, gold }: TaskFields
): string[] {
  const above = fields.flatMap((name) => (name.includes('.') ? [name.replace(/\.[^.]*$/, '')] : []))
  return [...new Set([...fields, ...above, context, choices, gold])].filter((name) => name !== '')
}

/** The rule that is chosen; in words what is still missing. */
export function chosenRule(choice: ImportChoice): { rule: PartitionRule } | { missing: string } {
  // Seed text and each evaluation corpus are one thing.
  if (choice.role !== 'training') return { rule: { kind: 'one', name: choice.name } }
  switch (choice.rule) {
    case 'one':
      return choice.name === ''
        ? { missing: 'Name the partition.' }
        : { rule: { kind: 'one', name: choice.name } }
    case 'file':
    case 'folder':
      return { rule: { kind: choice.rule } }
    case 'field':
      return choice.field === ''
        ? { missing: 'Choose the field whose values are the partitions.' }
        : { rule: { kind: 'field', field: choice.field } }
    case 'range': {
      const ranges = parseRanges(choice.ranges)
      if (choice.field === '') return { missing: 'Choose the field that holds the number or year.' }
      if (!ranges) return { missing: 'Write ranges as 1970-1999, 2000-2009.' }
      return { rule: { kind: 'range', field: choice.field, ranges } }
    }
    case 'condition': {
      const lines = choice.conditions.split('\n').filter((line) => line.trim() !== '')
      const conditions = lines.map((line) => /^\s*([^=]+?)\s*=\s*(.+)$/.exec(line))
      if (lines.length === 0 || conditions.some((one) => one === null)) {
        return { missing: 'Write one condition per line, as recent = year > 2010.' }
      }
      return {
        rule: {
          kind: 'condition',
          conditions: conditions.map((one) => ({ name: one![1]!, sql: one![2]! }))
        }
      }
    }
  }
}

/** Tokens to take at most; null where what is written is no whole number. */
export function chosenTake(choice: ImportChoice): number | undefined | null {
  const text = choice.take.replace(/[\s,_\u2009]/g, '')
  if (text === '') return undefined
  return /^[1-9]\d*$/.test(text) ? Number(text) : null
}
