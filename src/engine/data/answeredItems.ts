/** Stored items of a task: where the right answer begins, the other answers, and ids cut there. */
import { encodePairs } from '#engine/tokenizer/encodePair'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { readKeptFields } from './corpusReader'
import type { StoredPartition } from './corpusReader'
import { ANSWER_FROM, GOLD_PLACE, OTHER_ANSWERS } from './taskItems'

/** An item as token ids. */
export interface AnsweredItem {
  /** Of context and answer. */
  ids: Uint32Array
  /** So many of them are the context's. */
  context: number
  /** UTF-8 bytes of what the answer's ids spell. */
  bytes: number
}

/** What is stored of an item beside its text. */
export interface StoredItem {
  /** Where the right answer begins in the text, UTF-16 units. */
  answerFrom: number
  /** None where the item has no choices, or was imported before choices were kept. */
  otherAnswers: string[]
  /** Place of the right answer among all. */
  goldPlace: number
}

/** The stored items of a partition; null for text that is no task. */
export async function storedItems(stored: StoredPartition): Promise<StoredItem[] | null> {
  if (!stored.corpus.isTask) return null
  return (await readKeptFields(stored)).map((fields) => ({
    answerFrom: Number(fields[ANSWER_FROM]),
    otherAnswers: (fields[OTHER_ANSWERS] ?? []) as string[],
    goldPlace: Number(fields[GOLD_PLACE] ?? 0)
  }))
}

/** The ids of an item with its right answer, as lm-evaluation-harness cuts them. */
export async function encodeItem(
  tokenizer: TextTokenizer,
  text: string,
  answerFrom: number
): Promise<AnsweredItem> {
  const [item] = await encodeAnswers(tokenizer, text.slice(0, answerFrom), [text.slice(answerFrom)])
  return item!
}

/** The ids of a context with each of several answers; none where an answer has no token. */
export async function encodeAnswers(
  tokenizer: TextTokenizer,
  context: string,
  answers: readonly string[]
): Promise<AnsweredItem[]> {
  const pairs = await encodePairs(
    tokenizer,
    answers.map((answer) => ({ context, answer }))
  )
  return pairs.map(({ context: before, answer, answerBytes }) => {
    const ids = new Uint32Array(answer.length === 0 ? 0 : before.length + answer.length)
    if (ids.length > 0) {
      ids.set(before)
      ids.set(answer, before.length)
    }
    return { ids, context: before.length, bytes: answerBytes }
  })
}
