/** Intervals of perplexity over documents drawn again; paired between models of one domain. */
import type { Resamples } from './bootstrap'
import { drawResamples } from './bootstrap'
import { percentileInterval } from './intervals'
import type { Interval } from './intervals'

/** What one document costs a model. */
interface DocumentLoss {
  nats: number
  /** Predicted tokens. */
  tokens: number
}

/** Resamples of one domain's documents with the tokens each holds, shared by all models. */
export interface DocumentResamples extends Resamples {
  /** Predicted tokens in each resample. */
  tokens: Float64Array
}

/**
 * Draws the documents of a domain again with replacement.
 *
 * @param tokens predicted tokens of each document
 * @param seed 32-bit random seed; give one domain one seed, so that models are paired on it
 */
export function drawDocuments(
  tokens: ArrayLike<number>,
  seed: number,
  resamples?: number
): DocumentResamples {
  const drawn = drawResamples(new Int32Array(tokens.length), seed, resamples)
  return { ...drawn, tokens: countedSums(drawn, tokens) }
}

/** Σ count × value for every resample. */
function countedSums({ items, resamples, counts }: Resamples, values: ArrayLike<number>) {
  const sums = new Float64Array(resamples)
  const column = Float64Array.from(values)
  for (let b = 0; b < resamples; b++) {
    const start = b * items
    let sum = 0
    for (let i = 0; i < items; i++) sum += counts[start + i]! * column[i]!
    sums[b] = sum
  }
  return sums
}

/**
 * Mean loss of a model in every resample: pooled nats over pooled tokens.
 *
 * @param nats nats of each document, in the order of `drawn`
 */
export function resampledLosses(drawn: DocumentResamples, nats: ArrayLike<number>): Float64Array {
  const losses = countedSums(drawn, nats)
  for (let b = 0; b < losses.length; b++) losses[b]! /= drawn.tokens[b]!
  return losses
}

/**
 * 95 % interval of a perplexity, over documents: the documents are the sample, their tokens hang
 * together.
 *
 * @param seed 32-bit random seed
 * @returns null for fewer than two documents, where nothing can vary
 */
export function perplexityInterval(documents: DocumentLoss[], seed: number): Interval | null {
  const nats = documents.map((document) => document.nats)
  const tokens = documents.map((document) => document.tokens)
  const ends = pooledInterval(nats, tokens, seed)
  return ends && { low: Math.exp(ends.low), high: Math.exp(ends.high) }
}

/**
 * 95 % interval of a ratio of sums over documents drawn again, such as nats over bytes.
 *
 * @param amounts what each document adds above the line
 * @param weights what it adds below it; all 1 for a mean
 * @param seed 32-bit random seed
 * @returns null for fewer than two documents, where nothing can vary
 */
export function pooledInterval(
  amounts: ArrayLike<number>,
  weights: ArrayLike<number>,
  seed: number
): Interval | null {
  if (weights.length < 2) return null
  return percentileInterval(resampledLosses(drawDocuments(weights, seed), amounts))
}

/**
 * 95 % interval of the difference between two models' mean losses on the same documents, in nats
 * per token: first less second. Both are resampled together, so what is hard for both cancels.
 *
 * @param documents tokens of each document and its nats under either model
 * @param seed 32-bit random seed
 * @returns null for fewer than two documents
 */
export function lossDifferenceInterval(
  documents: { tokens: number; first: number; second: number }[],
  seed: number
): Interval | null {
  if (documents.length < 2) return null
  const drawn = drawDocuments(
    documents.map((document) => document.tokens),
    seed
  )
  const differences = documents.map((document) => document.first - document.second)
  return percentileInterval(resampledLosses(drawn, differences))
}
