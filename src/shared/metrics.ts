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

/** Loss in bits per byte of text; compares models with different tokenizers. */
export function bitsPerByte(sum: LossSum): number {
  return sum.nats / (sum.bytes * Math.LN2)
}
