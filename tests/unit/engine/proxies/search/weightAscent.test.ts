import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ascendWeights, fittedLoss } from '#engine/proxies/search/weightAscent'
import { weightsUnderCeilings } from '#engine/proxies/search/weightCeilings'

interface Golden {
  versions: Record<string, string>
  texts: number[][][]
  cases: {
    weights: number[]
    least: number[]
    most: number[]
    ceilings: { text: number; most: number }[]
    shares: number[]
    target: number
    losses: number[]
  }[]
}
const golden = JSON.parse(readFileSync('tests/golden/proxies/weights.json', 'utf8')) as Golden
const texts = golden.texts.map((members) => ({
  weight: 1,
  probabilities: members.map((one) => Float64Array.from(one))
}))
const noPause = () => Promise.resolve()
const start = [0.25, 0.25, 0.25, 0.25]
const free = golden.cases.filter(({ ceilings }) => ceilings.length === 0)
const capped = golden.cases.filter(({ ceilings }) => ceilings.length > 0)
const targetOf = (weights: readonly number[], shares: readonly number[]) =>
  weights.reduce((sum, weight, t) => sum + weight * fittedLoss(texts[t]!, shares), 0)
const weighted = (weights: readonly number[]) =>
  texts.map((text, t) => ({ ...text, weight: weights[t]! })).filter(({ weight }) => weight > 0)

describe('the best shares are those of SciPy', () => {
  test.each(free)('free or bounded: $weights, $least, $most', async ({ weights, ...expected }) => {
    const found = await ascendWeights(weighted(weights), start, expected, noPause, 1e-11)
    expect(found.weights.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12)
    found.weights.forEach((one, i) => {
      expect(one).toBeGreaterThanOrEqual(expected.least[i]!)
      expect(one).toBeLessThanOrEqual(expected.most[i]!)
      expect(one).toBeCloseTo(expected.shares[i]!, 4)
    })
    expect(targetOf(weights, found.weights)).toBeCloseTo(expected.target, 8)
  })

  test.each(capped)('under ceilings: $ceilings, $least', async ({ weights, ...expected }) => {
    const ceilings = expected.ceilings.map(({ text, most }) => ({ text: texts[text]!, most }))
    const found = await weightsUnderCeilings(weighted(weights), ceilings, start, expected, noPause)
    found!.forEach((one, i) => expect(one).toBeCloseTo(expected.shares[i]!, 2))
    expect(targetOf(weights, found!)).toBeCloseTo(expected.target, 3)
    for (const { text, most } of ceilings) {
      expect(fittedLoss(text, found!)).toBeLessThan(most + 1e-4)
    }
  })
})

test('what is said to be left to gain is never less than what is', async () => {
  const { weights, target, ...bounds } = free[2]!
  for (const tolerance of [0.1, 0.01, 1e-3, 1e-5]) {
    const found = await ascendWeights(weighted(weights), start, bounds, noPause, tolerance)
    const gained = targetOf(weights, found.weights) - target
    expect(found.left).toBeLessThan(tolerance)
    expect(gained).toBeLessThanOrEqual(found.left + 1e-9)
  }
})

test('a ceiling that no shares reach is told as such', async () => {
  const bounds = { least: [0, 0, 0, 0], most: [1, 1, 1, 1] }
  const [first, second] = texts
  const most = fittedLoss(second!, (await ascendWeights([second!], start, bounds, noPause)).weights)
  const under = (by: number) =>
    weightsUnderCeilings([first!], [{ text: second!, most: most + by }], start, bounds, noPause)
  expect(await under(-0.01)).toBeNull()
  expect(await under(0.01)).not.toBeNull()
})
