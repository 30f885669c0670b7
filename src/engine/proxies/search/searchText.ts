/** The text that mixtures are searched and scored on, as their members see it. */
import { deriveSeed, seededRandom, shuffle } from '#engine/statistics/random'
import { meanLoss } from '#shared/metrics'
import type { HalfLosses } from '#shared/mixtureSearch'
import type { DomainDocuments } from '#shared/records'
import { ensembleNats } from '../ensemble'
import type { BranchProbabilities } from '../ensemble'

/** A held-out domain with what each member makes of every token. */
export interface SearchDomain extends Pick<DomainDocuments, 'tokens' | 'half'> {
  name: string
  /** In the members' order. */
  members: readonly BranchProbabilities[]
}

/** What a member's branches make of a domain's tokens together: the mean of their probabilities. */
export function memberProbabilities(branches: readonly BranchProbabilities[]): BranchProbabilities {
  if (branches.length === 1) return branches[0]!
  const probabilities = new Float64Array(branches[0]!.probabilities.length)
  for (const branch of branches) {
    branch.probabilities.forEach((one, t) => (probabilities[t]! += one / branches.length))
  }
  const nats = Float32Array.from(probabilities, (mean, t) =>
    // Of what a float64 cannot hold, the branch that is least wrong tells.
    mean > 0 ? -Math.log(mean) : Math.min(...branches.map((branch) => branch.nats[t]!))
  )
  return { probabilities, nats }
}

/** Tokens that a domain's `choose` half has. */
export function chooseTokens({ tokens, half }: SearchDomain): number {
  return tokens.reduce((sum, count, i) => sum + (half[i] === 'choose' ? count : 0), 0)
}

/**
 * By member, the probabilities of a domain's tokens of the `choose` half.
 *
 * @param most tokens taken; of more a sample is drawn by the random seed
 */
export function chosenProbabilities(
  domain: SearchDomain,
  most: number,
  randomSeed: number
): Float64Array[] {
  const places: number[] = []
  let first = 0
  domain.tokens.forEach((count, i) => {
    if (domain.half[i] === 'choose') for (let t = 0; t < count; t++) places.push(first + t)
    first += count
  })
  if (places.length > most) {
    shuffle(places, seededRandom(deriveSeed(randomSeed, 'search', domain.name)))
    places.length = most
    places.sort((a, b) => a - b)
  }
  return domain.members.map(({ probabilities }) =>
    Float64Array.from(places, (place) => probabilities[place]!)
  )
}

/** Mean nats per token of an ensemble with shares on each half of a domain, all tokens read. */
export function halfLosses(domain: SearchDomain, shares: readonly number[]): HalfLosses {
  const own = shares.flatMap((share, i) => (share > 0 ? [i] : []))
  const nats = ensembleNats(
    own.map((i) => domain.members[i]!),
    own.map((i) => shares[i]!),
    domain.tokens
  )
  const mean = (half: 'choose' | 'confirm'): number | null => {
    let [sum, tokens] = [0, 0]
    domain.tokens.forEach((count, i) => {
      if (domain.half[i] !== half) return
      sum += nats[i]!
      tokens += count
    })
    return tokens === 0 ? null : meanLoss({ nats: sum, tokens, bytes: 0 })
  }
  return { choose: mean('choose'), confirm: mean('confirm') }
}
