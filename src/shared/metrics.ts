/** The only place where loss sums are divided or exponentiated. */

/** What a model paid for a text: nats summed, tokens and bytes counted. */
export interface LossSum {
  /** Σ −ln p over predicted tokens, in nats. */
  nats: number
  /** Predicted tokens. */
  tokens: number
  /** UTF-8 bytes of the text they spell, as imported. */
  bytes: number
}

/** Adds loss sums; division comes once, afterwards, so unequal texts pool exactly. */
export function addLossSums(sums: Iterable<LossSum>): LossSum {
  const total = { nats: 0, tokens: 0, bytes: 0 }
  for (const sum of sums) {
    total.nats += sum.nats
    total.tokens += sum.tokens
    total.bytes += sum.bytes
  }
  return total
}

/** Mean nats per predicted token. */
export function meanLoss(sum: LossSum): number {
  return sum.nats / sum.tokens
}

/** exp of the mean loss, pooled over tokens, not over batches or documents. */
export function perplexity(sum: LossSum): number {
  return Math.exp(meanLoss(sum))
}

/** What one answer to an item of a task costs. */
export interface AnswerCost {
  /** Of its tokens, the context's left out. */
  nats: number
  /** UTF-8 bytes of what its tokens spell. */
  bytes: number
}

/** What a model makes of one item of a task; shares from 0 to 1. */
export interface ItemScore {
  /** Of the right answer among all, each by its bytes. */
  normalizedProbability: number
  /** 1 where the right answer is the most probable, else 0. */
  accuracy: number
  /** The same of log probability by byte. */
  accuracyPerByte: number
}

/**
 * Scores an item by what its answers cost. Of equals the first is what the model would have
 * answered, as in lm-evaluation-harness.
 *
 * @see docs/eval.md; Magnusson et al. 2025 (arXiv 2504.11393), *norm correct prob*
 */
export function scoreItem(answers: readonly AnswerCost[], gold: number): ItemScore {
  const perByte = answers.map(({ nats, bytes }) => -nats / bytes)
  const raw = answers.map(({ nats }) => -nats)
  const highest = Math.max(...perByte)
  const powers = perByte.map((one) => Math.exp(one - highest))
  const sum = powers.reduce((total, one) => total + one, 0)
  return {
    normalizedProbability: powers[gold]! / sum,
    accuracy: Number(raw.indexOf(Math.max(...raw)) === gold),
    accuracyPerByte: Number(perByte.indexOf(highest) === gold)
  }
}

/** Loss in bits per byte of text; compares models with different tokenizers. */
export function bitsPerByte(sum: LossSum): number {
  return sum.nats / (sum.bytes * Math.LN2)
}
