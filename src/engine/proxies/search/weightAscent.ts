/** The weights under which an ensemble of fixed members costs least, by expectation–maximisation. */
import type { Pause } from './subsetScores'

/** A text that weights are fitted on. */
export interface FittedText {
  /** By member, of every token: the mean of its branches' probabilities. */
  probabilities: readonly Float64Array[]
  /** What its mean loss counts. */
  weight: number
}

/** Between what a member's share has to lie; 0 … 1 by member. */
export interface ShareBounds {
  least: readonly number[]
  most: readonly number[]
}

/** Rounds at most; each reads every token twice. */
const MOST_ROUNDS = 3000

/** By how much the next step is longer than one that did good. */
const FASTER = 1.3

/**
 * Maximises Σ weight · mean log Σᵢ wᵢ pᵢ(token) over the shares wᵢ that the bounds allow.
 *
 * The members are fixed, so that this is the maximum likelihood of mixture proportions: concave in
 * the shares, as each term is the logarithm of something linear in them, and what weighs terms keeps
 * that. Expectation–maximisation asks what part of each token's probability a member gives and takes
 * the shares that make these parts likeliest; it never makes the likelihood worse, and where it
 * stands still is the maximum, since there is only one. Under bounds the second step has a closed
 * form still (parts over one common number, cut off at the bounds), and the same holds. It is slow where
 * members are alike, so that steps are lengthened as long as that makes the likelihood better; where
 * one does not, it is taken back, and the plain step in its place.
 *
 * What is left to gain is known as it goes: by concavity at most what the gradient promises on the
 * way to the best corner of what is allowed. Below `tolerance` it ends.
 *
 * @param start a share of 0 stays 0 unless a bound lifts it
 * @param tolerance nats per token
 * @returns the shares, and what may be left to gain, nats per token
 */
export async function ascendWeights(
  texts: readonly FittedText[],
  start: readonly number[],
  bounds: ShareBounds,
  pause: Pause,
  tolerance = 1e-4
): Promise<{ weights: number[]; left: number }> {
  const total = texts.reduce((sum, { weight }) => sum + weight, 0)
  const stepFrom = ({ weights, gradient }: Place, power: number): number[] =>
    withinBounds(
      weights.map((weight, i) => weight * (gradient[i]! / total) ** power),
      bounds
    )
  let best: Place | null = null
  let left = Infinity
  let power = 1
  let weights = withinBounds(start, bounds)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const place: Place = { weights, ...slopeOf(texts, weights) }
    if (best && place.likelihood < best.likelihood && power > 1) {
      power = 1
    } else {
      best = place
      left = leftToGain(place.gradient, weights, bounds) / total
      if (left < tolerance) break
      power *= FASTER
    }
    weights = stepFrom(best, power)
    await pause(round / MOST_ROUNDS)
  }
  return { weights: best!.weights, left }
}

/** Shares with what is known there. */
interface Place {
  weights: number[]
  /** Σ weight · mean log probability. */
  likelihood: number
  /** By member: how much that grows with its share. */
  gradient: number[]
}

/** Mean nats per token of a text under weights. */
export function fittedLoss({ probabilities }: FittedText, weights: readonly number[]): number {
  return natsOf(meanProbabilities(probabilities, weights))
}

function slopeOf(texts: readonly FittedText[], weights: readonly number[]): Omit<Place, 'weights'> {
  const gradient = weights.map(() => 0)
  let likelihood = 0
  for (const { probabilities, weight } of texts) {
    const inverse = meanProbabilities(probabilities, weights)
    likelihood -= weight * natsOf(inverse)
    for (let t = 0; t < inverse.length; t++) inverse[t] = inverse[t]! > 0 ? 1 / inverse[t]! : 0
    probabilities.forEach((own, member) => {
      let sum = 0
      for (let t = 0; t < inverse.length; t++) sum += own[t]! * inverse[t]!
      gradient[member]! += (weight * sum) / inverse.length
    })
  }
  return { likelihood, gradient }
}

/** Mean nats per token of probabilities. */
function natsOf(probabilities: Float64Array): number {
  let nats = 0
  for (const one of probabilities) nats -= Math.log(Math.max(one, Number.MIN_VALUE))
  return nats / probabilities.length
}

function meanProbabilities(
  probabilities: readonly Float64Array[],
  weights: readonly number[]
): Float64Array {
  const mean = new Float64Array(probabilities[0]!.length)
  probabilities.forEach((own, member) => {
    const weight = weights[member]!
    if (weight === 0) return
    for (let t = 0; t < mean.length; t++) mean[t]! += weight * own[t]!
  })
  return mean
}

/** What the gradient promises on the way to the best corner: everything to where it is steepest. */
function leftToGain(
  gradient: readonly number[],
  weights: readonly number[],
  { least, most }: ShareBounds
): number {
  const steepest = gradient.map((_, i) => i).sort((a, b) => gradient[b]! - gradient[a]!)
  let unspent = 1 - least.reduce((sum, one) => sum + one, 0)
  let corner = 0
  for (const i of steepest) {
    const more = Math.min(Math.max(0, unspent), most[i]! - least[i]!)
    unspent -= more
    corner += (least[i]! + more) * gradient[i]!
  }
  return corner - weights.reduce((sum, weight, i) => sum + weight * gradient[i]!, 0)
}

/**
 * Shares within bounds that sum to 1, proportional to parts where no bound cuts them off: what
 * makes Σ part · log share largest.
 *
 * @param bounds `least` sums to at most 1 and `most` to at least 1
 */
function withinBounds(parts: readonly number[], { least, most }: ShareBounds): number[] {
  const at = (scale: number) =>
    parts.map((part, i) => Math.min(most[i]!, Math.max(least[i]!, part * scale)))
  const sumAt = (scale: number) => at(scale).reduce((sum, one) => sum + one, 0)
  const whole = parts.reduce((sum, one) => sum + one, 0)
  let [low, high] = [0, 1 / whole]
  // As long as cutting off leaves less than 1, the others take more; beyond 2¹⁰⁰ nobody can.
  for (let doubling = 0; sumAt(high) < 1 && doubling < 100; doubling++) high *= 2
  if (sumAt(1 / whole) !== 1) {
    for (let halving = 0; halving < 100; halving++) {
      const middle = (low + high) / 2
      if (sumAt(middle) < 1) low = middle
      else high = middle
    }
  }
  return at(high)
}
