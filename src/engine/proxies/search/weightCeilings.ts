/** The best weights among those under which some texts cost no more than they may. */
import type { Pause } from './subsetScores'
import { ascendWeights, fittedLoss } from './weightAscent'
import type { FittedText, ShareBounds } from './weightAscent'

/** A text with the loss that it may have, nats per token. */
export interface Ceiling {
  text: FittedText
  most: number
}

/** Nats per token that a ceiling may be missed by. */
const SLACK = 1e-4

/** What the ascent may leave, nats per token: losses are to follow their prices more finely than that. */
const CLOSE = SLACK / 100

/** No price is higher: there the other texts have no say, and what is still dear is dear. */
const HIGHEST_PRICE = 1e4

const HALVINGS = 12
const MOST_CYCLES = 6

/**
 * Maximises as `ascendWeights` does, under ceilings.
 *
 * Losses are convex in the shares, so a price on each ceiling's loss (a Lagrange multiplier) finds
 * the optimum: the loss falls as its price rises, and the least price that is enough is searched by
 * halving; with several ceilings one after the other until none moves.
 *
 * @returns null where no weights can keep to them
 */
export async function weightsUnderCeilings(
  texts: readonly FittedText[],
  ceilings: readonly Ceiling[],
  start: readonly number[],
  bounds: ShareBounds,
  pause: Pause
): Promise<number[] | null> {
  const prices = ceilings.map(() => 0)
  let weights = [...start]
  const ascend = async () => {
    const priced = ceilings.map(({ text }, k) => ({ ...text, weight: prices[k]! }))
    const all = [...texts, ...priced.filter(({ weight }) => weight > 0)]
    // From where it was, but with nobody's share so small that it takes forever to grow again.
    const from = weights.map((weight, i) => 0.99 * weight + 0.01 * start[i]!)
    weights = (await ascendWeights(all, from, bounds, pause, CLOSE)).weights
  }
  const excess = (k: number) => fittedLoss(ceilings[k]!.text, weights) - ceilings[k]!.most
  const settle = async (k: number) => {
    const priceTo = async (price: number) => {
      prices[k] = price
      await ascend()
      return excess(k) <= SLACK / 2
    }
    if (await priceTo(0)) return
    let [low, high] = [0, 1]
    while (!(await priceTo(high))) {
      if (high >= HIGHEST_PRICE) return
      low = high
      high *= 4
    }
    for (let halving = 0; halving < HALVINGS; halving++) {
      const middle = (low + high) / 2
      if (await priceTo(middle)) high = middle
      else low = middle
    }
    await priceTo(high)
  }
  await ascend()
  for (let cycle = 0; cycle < MOST_CYCLES; cycle++) {
    if (ceilings.every((_, k) => excess(k) <= SLACK)) return weights
    for (const k of ceilings.keys()) await settle(k)
  }
  return ceilings.every((_, k) => excess(k) <= SLACK) ? weights : null
}
