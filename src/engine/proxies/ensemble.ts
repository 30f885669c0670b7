/** The rival of any merge: token probabilities of branches, averaged. No model is made for it. */

/**
 * Losses of the weighted average of branches' token probabilities, by document.
 *
 * −Σ log Σᵢ wᵢ pᵢ(token), in float64. A token to which no branch gives a probability that a float64
 * holds costs what the branch that is least wrong says of it.
 *
 * @param nats of each branch, of every token, document after document
 * @param weights of the branches; they sum to 1
 * @param tokens of each document
 * @returns nats summed per document; 0 for an empty one
 * @see 2502.15950: a mixture's loss as cross-entropy of the weighted average of expert probabilities
 */
export function ensembleNats(
  branches: readonly BranchProbabilities[],
  weights: readonly number[],
  tokens: readonly number[]
): Float64Array {
  const total = tokens.reduce((sum, count) => sum + count, 0)
  const mean = new Float64Array(total)
  branches.forEach(({ probabilities }, branch) => {
    const weight = weights[branch]!
    for (let token = 0; token < total; token++) mean[token]! += weight * probabilities[token]!
  })
  let token = 0
  return Float64Array.from(tokens, (count) => {
    let nats = 0
    for (const end = token + count; token < end; token++) {
      nats += mean[token]! > 0 ? -Math.log(mean[token]!) : leastWrong(branches, weights, token)
    }
    return nats
  })
}

/** What a branch makes of every token of a domain. */
export interface BranchProbabilities {
  nats: Float32Array
  probabilities: Float64Array
}

/** Exponentiates once what is then averaged many times. */
export function branchProbabilities(nats: Float32Array): BranchProbabilities {
  return { nats, probabilities: Float64Array.from(nats, (one) => Math.exp(-one)) }
}

function leastWrong(
  branches: readonly BranchProbabilities[],
  weights: readonly number[],
  token: number
): number {
  return branches.reduce((least, { nats }, branch) => {
    const weight = weights[branch]!
    return weight > 0 ? Math.min(least, nats[token]! - Math.log(weight)) : least
  }, Infinity)
}
