/** The best weights on some supports, all of a study's ceilings kept to. */
import type { SearchMember } from './constraints'
import { chosenProbabilities, halfLosses } from './searchText'
import { tokensOfEach } from './searchTarget'
import type { AskedDomain } from './searchTarget'
import { fittedLoss, ascendWeights } from './weightAscent'
import type { ShareBounds } from './weightAscent'
import { weightsUnderCeilings } from './weightCeilings'

/** Tokens that the ascent reads in every round; of more a sample is drawn. */
const ASCENT_TOKENS = 1 << 16

/** Shares are multiples of this: what is told is what was scored. */
const SHARE_STEPS = 10_000

/** Ceilings are on all tokens, the ascent reads a sample: it is told where that differs, and again. */
const CORRECTIONS = 3

/** What weights are searched for. */
export interface WeightSearch {
  asked: readonly AskedDomain[]
  members: readonly SearchMember[]
  bounds: ShareBounds
  randomSeed: number
}

/**
 * Finds the best weights on each support.
 *
 * @param supports by member: whether it may have a share
 * @returns rounded shares, each once; a support without any that keep to the ceilings is left out
 */
export async function searchWeights(
  supports: readonly (readonly boolean[])[],
  { asked, members, bounds, randomSeed }: WeightSearch,
  tell: (what: 'weights', done: number, total: number) => Promise<void>
): Promise<number[][]> {
  const counts = tokensOfEach(asked, ASCENT_TOKENS)
  const texts = asked.map(({ domain, weight }, i) => ({
    weight,
    probabilities: chosenProbabilities(domain, counts[i]!, randomSeed)
  }))
  const targets = texts.filter(({ weight }) => weight > 0)
  const capped = asked.flatMap(({ domain, ceiling }, i) =>
    ceiling === null ? [] : [{ domain, ceiling, text: texts[i]! }]
  )
  const found = new Map<string, number[]>()
  for (const [done, support] of supports.entries()) {
    const own = { ...bounds, most: bounds.most.map((most, i) => (support[i] ? most : 0)) }
    const pause = () => tell('weights', done, supports.length)
    const start = members.map(({ branches }, i) => (support[i] ? branches : 0))
    let weights: number[] | null
    if (capped.length === 0) {
      weights = (await ascendWeights(targets, start, own, pause)).weights
    } else {
      const sum = start.reduce((a, b) => a + b, 0)
      const shares = start.map((one) => one / sum)
      const lower = capped.map(() => 0)
      weights = null
      for (let correction = 0; correction < CORRECTIONS; correction++) {
        const ceilings = capped.map(({ text, ceiling }, k) => ({ text, most: ceiling - lower[k]! }))
        weights = await weightsUnderCeilings(targets, ceilings, shares, own, pause)
        if (!weights) break
        capped.forEach(({ domain, text }, k) => {
          lower[k] = halfLosses(domain, weights!).choose! - fittedLoss(text, weights!)
        })
        if (lower.every((one) => Math.abs(one) < 1e-6)) break
      }
    }
    if (!weights) continue
    const shares = roundShares(weights)
    found.set(shares.join(' '), shares)
  }
  await tell('weights', supports.length, supports.length)
  return [...found.values()]
}

/** Rounds shares to steps that still sum to 1: the largest remainders are rounded up. */
export function roundShares(weights: readonly number[]): number[] {
  const steps = weights.map((weight) => Math.floor(weight * SHARE_STEPS + 1e-9))
  const missing = SHARE_STEPS - steps.reduce((sum, one) => sum + one, 0)
  const rest = (i: number) => weights[i]! * SHARE_STEPS - steps[i]!
  weights
    .map((_, i) => i)
    .sort((a, b) => rest(b) - rest(a) || a - b)
    .slice(0, missing)
    .forEach((i) => steps[i]!++)
  return steps.map((count) => count / SHARE_STEPS)
}
