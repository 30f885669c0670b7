/** Stored items of a task: where the right answer begins, and ids cut there. */
import { encodePairs } from '#engine/tokenizer/encodePair'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { readKeptFields } from './corpusReader'
import type { StoredPartition } from './corpusReader'
import { ANSWER_FROM } from './taskItems'

/** An item as token ids. */
export interface AnsweredItem {
  /** Of context and answer. */
  ids: Uint32Array
  /** So many of them are the context's. */
  context: number
  /** UTF-8 bytes of what the answer's ids spell. */
  bytes: number
}

/** Where the right answer of each stored item begins; null for text that is no task. */
export async function answerBegins(stored: StoredPartition): Promise<number[] | null> {
  if (!stored.corpus.isTask) return null
  return (await readKeptFields(stored)).map((fields) => Number(fields[ANSWER_FROM]))
}

/** The ids of an item, as lm-evaluation-harness cuts them. */
export async function encodeItem(
  tokenizer: TextTokenizer,
  text: string,
  answerFrom: number
): Promise<AnsweredItem> {
  const pair = { context: text.slice(0, answerFrom), answer: text.slice(answerFrom) }
  const [encoded] = await encodePairs(tokenizer, [pair])
  const { context, answer, answerBytes } = encoded!
  const ids = new Uint32Array(answer.length === 0 ? 0 : context.length + answer.length)
  if (ids.length > 0) {
    ids.set(context)
    ids.set(answer, context.length)
  }
  return { ids, context: context.length, bytes: answerBytes }
}
