/** The other answers to a task's items: measured beside its domain, for accuracy and probability. */
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import type { TaskChoices } from '#shared/preparedText'
import type { Half } from './allotment'
import { encodeAnswers } from './answeredItems'
import type { AnsweredItem, StoredItem } from './answeredItems'
import { writeDomain } from './domainFolder'

/** A document of a domain, as far as its answers are concerned. */
export interface ChosenItem {
  /** Context and right answer. */
  text: string
  half: Half
  item?: StoredItem
}

/**
 * Writes the other answers of a domain's items to a folder of their own, laid out as a domain, each
 * answer a document behind its context.
 *
 * They are apart from the domain, so that what is measured of the right answers, and under which
 * fingerprint, is what it is without them. An item of which an answer has no token is left out whole.
 *
 * @returns null where no item has choices
 */
export async function makeChoices(
  tokensFolder: string,
  documents: readonly ChosenItem[],
  tokenizer: TextTokenizer
): Promise<TaskChoices | null> {
  const found: (AnsweredItem & { item: number; place: number; half: Half })[] = []
  for (const [item, { text, half, item: stored }] of documents.entries()) {
    if (!stored || stored.otherAnswers.length === 0) continue
    const { answerFrom, otherAnswers, goldPlace } = stored
    const answers = await encodeAnswers(tokenizer, text.slice(0, answerFrom), otherAnswers)
    if (answers.some(({ ids }) => ids.length === 0)) continue
    for (const [index, answer] of answers.entries()) {
      found.push({ ...answer, item, half, place: index < goldPlace ? index : index + 1 })
    }
  }
  if (found.length === 0) return null
  const tokens = found.map(({ ids, context }) => ids.length - context)
  const contexts = found.map(({ context }) => context)
  const lists = {
    tokens,
    contexts,
    bytes: found.map(({ bytes }) => bytes),
    half: found.map(({ half }) => half),
    isCut: found.map(() => false),
    choices: { item: found.map(({ item }) => item), place: found.map(({ place }) => place) }
  }
  const ids = found.map((one) => one.ids)
  return {
    fingerprint: await writeDomain(tokensFolder, lists, ids, tokenizer),
    items: new Set(lists.choices.item).size,
    answers: found.length,
    tokens: sumOf(tokens),
    contextTokens: sumOf(contexts)
  }
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
