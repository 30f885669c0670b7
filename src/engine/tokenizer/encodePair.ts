/** Ids of a context and of what is to follow it, cut where the one ends. */
import type { TextTokenizer } from './tokenizer'

/** A context, and a text that follows it. */
export interface TextPair {
  context: string
  answer: string
}

/** Ids of a pair; the answer's are what is scored. */
export interface EncodedPair {
  context: Uint32Array
  answer: Uint32Array
  /** UTF-8 bytes of what the answer's ids spell, blanks moved over from the context among them. */
  answerBytes: number
}

/**
 * Encodes pairs as lm-evaluation-harness does: white space at the context's end goes over to the
 * answer, where tokenizers put it; then the context and both together are encoded, and the answer's
 * ids are those of both behind as many as the context has.
 *
 * So the answer's ids are those it has in the running text. Where a token spans the border, the
 * context's ids are still its own, and the answer begins with what is left; where nothing is left,
 * the answer is encoded alone.
 *
 * @see https://github.com/EleutherAI/lm-evaluation-harness, `_encode_pair` of `lm_eval/api/model.py`
 */
export async function encodePairs(
  tokenizer: TextTokenizer,
  pairs: readonly TextPair[]
): Promise<EncodedPair[]> {
  const moved = pairs.map(moveBlanks)
  const contexts = await tokenizer.encode(moved.map(({ context }) => context))
  const wholes = await tokenizer.encode(moved.map(({ context, answer }) => context + answer))
  const alone = moved.filter((_, index) => wholes[index]!.length <= contexts[index]!.length)
  const spare = alone.length === 0 ? [] : await tokenizer.encode(alone.map((pair) => pair.answer))
  return moved.map(({ answer }, index) => {
    const context = contexts[index]!
    const whole = wholes[index]!
    const ids = whole.length > context.length ? whole.subarray(context.length) : spare.shift()!
    return { context, answer: ids, answerBytes: Buffer.byteLength(answer) }
  })
}

/** What Python's `rstrip` takes off: a byte order mark stays, separators of files go. */
const BLANK = /(?!\ufeff)[\s\u001c-\u001f\u0085]/

function moveBlanks({ context, answer }: TextPair): TextPair {
  // From the end: an expression would begin anew at every blank of a text.
  let end = context.length
  while (end > 0 && BLANK.test(context[end - 1]!)) end--
  const kept = context.slice(0, end)
  return { context: kept, answer: context.slice(kept.length) + answer }
}
