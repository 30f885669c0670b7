/** Items of a task: a context, answers to choose from, and which of them is right. */
import { WorkbenchError } from '#shared/errors'
import type { TaskFields } from '#shared/textEvaluation'
import { fieldAt, fieldNames, missingField } from './fields'
import type { SourceDocument } from './sourceDocument'

/** One item; without choices the right answer is the only one. */
export interface TaskItem {
  context: string
  /** As they follow the context, the delimiter among them. */
  answers: string[]
  /** Place of the right one. */
  gold: number
}

interface Place {
  file: string
  position: number
}

/**
 * Reads an item from a record.
 *
 * Choices are a list of texts, or an object of lists `text` and `label`, as ARC has them. Gold is a
 * place in the list counted from 0, as a number or in digits, a label, or the very text of an
 * answer; without the field of choices it is the answer itself.
 *
 * @throws WorkbenchError `corpus/missing-field`, `corpus/invalid-line`
 */
export function taskItem(
  record: Record<string, unknown>,
  fields: TaskFields,
  where: Place
): TaskItem {
  const context = fieldAt(record, fields.context)
  const gold = fieldAt(record, fields.gold)
  if (context === undefined) throw missingField(fields.context, record, where)
  if (gold === undefined) throw missingField(fields.gold, record, where)
  if (typeof context !== 'string') throw unfit(fields.context, 'a text', context, where)
  const choices = fieldAt(record, fields.choices)
  const delimited = (text: string) => delimit(context, text, fields.delimiter)
  if (choices === undefined || choices === null) {
    if (typeof gold !== 'string' || gold === '') {
      const expected = `the answer's text, there being no field "${fields.choices}"; found fields ${fieldNames(record).join(', ')}`
      throw unfit(fields.gold, expected, gold, where)
    }
    return { context, answers: [delimited(gold)], gold: 0 }
  }
  const { texts, labels } = choicesOf(choices, fields.choices, where)
  const place = goldPlace(gold, texts, labels)
  if (place < 0) {
    throw unfit(fields.gold, `one of the ${texts.length} choices, by place from 0`, gold, where)
  }
  return { context, answers: texts.map(delimited), gold: place }
}

/** Field under which a stored item keeps where its right answer begins, in UTF-16 units. */
export const ANSWER_FROM = 'answerFrom'
/** Field of the wrong answers as they follow the context, in their order. */
export const OTHER_ANSWERS = 'otherAnswers'
/** Field of the right answer's place among all. */
export const GOLD_PLACE = 'goldPlace'
/** What is kept of every item beside its text. */
export const TASK_FIELDS = [ANSWER_FROM, OTHER_ANSWERS, GOLD_PLACE]

/**
 * A record as the document that a corpus stores: its context with the right answer; where that
 * begins, and the other answers, as fields of their own.
 *
 * @throws WorkbenchError as {@link taskItem}
 */
export function taskDocument(record: SourceDocument, fields: TaskFields): SourceDocument {
  const { context, answers, gold } = taskItem(record.fields, fields, record)
  const kept = {
    ...record.fields,
    [ANSWER_FROM]: context.length,
    [OTHER_ANSWERS]: answers.filter((_, place) => place !== gold),
    [GOLD_PLACE]: gold
  }
  return { ...record, text: context + answers[gold]!, fields: kept }
}

function delimit(context: string, answer: string, delimiter: string): string {
  const isApart = context === '' || /\s$/.test(context) || /^\s/.test(answer)
  return isApart ? answer : delimiter + answer
}

function choicesOf(
  choices: unknown,
  field: string,
  where: Place
): { texts: string[]; labels: string[] } {
  const lists = choices as { text?: unknown; label?: unknown }
  const texts = Array.isArray(choices) ? (choices as unknown[]) : lists.text
  const labels = Array.isArray(lists.label) ? lists.label.map(String) : []
  const isText = (one: unknown): one is string => typeof one === 'string' && one !== ''
  if (!Array.isArray(texts) || texts.length < 2 || !texts.every(isText)) {
    throw unfit(field, 'a list of two texts or more, none of them empty', choices, where)
  }
  return { texts, labels }
}

function goldPlace(gold: unknown, texts: readonly string[], labels: readonly string[]): number {
  const word = String(gold)
  const byLabel = labels.indexOf(word)
  if (byLabel >= 0) return byLabel
  const byText = typeof gold === 'string' ? texts.indexOf(gold) : -1
  if (byText >= 0) return byText
  return /^\d+$/.test(word) && Number(word) < texts.length ? Number(word) : -1
}

function unfit(field: string, expected: string, found: unknown, where: Place): WorkbenchError {
  const shown = JSON.stringify(found).slice(0, 80)
  return new WorkbenchError(
    'corpus/invalid-line',
    `${where.file}, record ${where.position}: the field "${field}" should hold ${expected}; found ${shown}.`,
    { file: where.file, line: where.position, field }
  )
}
