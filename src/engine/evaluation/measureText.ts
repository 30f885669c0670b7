/** A model on a text of any length: read, cut into tokens and measured a megabyte at a time. */
import { inBatches } from '#engine/data/tokenStream'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { LossGatherer } from './lossSample'
import type { Evaluator, MeasureOptions } from './measureDocuments'

/** What a text cost a model. */
export interface MeasuredText {
  losses: LossGatherer
  /** Documents without a token: nothing is predicted of them. */
  empty: number
}

/** Told how far the measuring of the documents read last is, and the tokens measured in all. */
export interface TextHooks {
  signal: AbortSignal
  onMeasured?: (share: number, tokens: number) => void
  /** Called when all documents read so far are measured. */
  onGroup?: (documents: number) => void
}

/**
 * Measures documents in the order they come, holding about a megabyte of text at a time.
 *
 * @throws WorkbenchError `checkpoint/mismatch` where the tokenizer is another model's
 * @throws the signal's reason when aborted
 */
export async function measureText(
  evaluator: Evaluator,
  tokenizer: TextTokenizer,
  documents: AsyncIterable<{ text: string }>,
  options: Omit<MeasureOptions, 'contexts'>,
  hooks: TextHooks
): Promise<MeasuredText> {
  const losses = new LossGatherer()
  let empty = 0
  for await (const texts of inBatches(documents)) {
    hooks.signal.throwIfAborted()
    const ids = (await tokenizer.encode(texts)).map((one) => Int32Array.from(one))
    const tell = (done: number, total: number) =>
      hooks.onMeasured?.(done / total, losses.total.tokens + done)
    const nats = await evaluator.measure(ids, options, hooks.signal, tell)
    ids.forEach(({ length }, index) => {
      if (length === 0) empty += 1
      else losses.add(nats[index]!, length, Buffer.byteLength(texts[index]!))
    })
    hooks.onGroup?.(losses.count + empty)
  }
  return { losses, empty }
}

/** The first so many of what comes. */
export async function* atMost<Item>(
  items: AsyncIterable<Item>,
  limit: number
): AsyncGenerator<Item> {
  let left = limit
  for await (const item of items) {
    yield item
    left -= 1
    if (left <= 0) return
  }
}
