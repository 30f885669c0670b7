/** Whether records look like items of a task, and by which fields. */
import { WorkbenchError } from '#shared/errors'
import type { TaskFields } from '#shared/textEvaluation'
import { fieldAt } from './fields'
import type { SourceDocument } from './sourceDocument'
import { taskItem } from './taskItems'

/** What tasks call their fields, the likeliest first. */
const CONTEXTS = ['context', 'question', 'query', 'ctx', 'prompt', 'goal', 'sentence']
const CHOICES = ['choices', 'options', 'endings', 'answers']
const GOLDS = ['gold', 'answerKey', 'answer', 'label', 'target']

/** More records than these are not tried: a task is one from its beginning. */
const TRIED = 20

/**
 * Finds the fields by which all of the first records are items with choices.
 *
 * @returns null where no usual names make items of them
 */
export function likelyTask(records: readonly SourceDocument[]): TaskFields | null {
  const tried = records.slice(0, TRIED)
  const [first] = tried
  if (!first) return null
  const there = (names: readonly string[]) =>
    names.filter((name) => fieldAt(first.fields, name) !== undefined)
  for (const choices of there(CHOICES)) {
    for (const context of there(CONTEXTS)) {
      for (const gold of there(GOLDS)) {
        const fields = { context, choices, gold, delimiter: ' ' }
        if (tried.every((record) => isItem(record, fields))) return fields
      }
    }
  }
  return null
}

function isItem(record: SourceDocument, fields: TaskFields): boolean {
  try {
    return taskItem(record.fields, fields, record).answers.length > 1
  } catch (error) {
    if (error instanceof WorkbenchError) return false
    throw error
  }
}
