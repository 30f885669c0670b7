import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitBoostedTrees } from '#engine/proxies/regression/boostedTrees'
import { fitLinear, fitRidge } from '#engine/proxies/regression/linear'
import { fitMixingLaw } from '#engine/proxies/regression/mixingLaw'
import type { RegressionPoint } from '#engine/proxies/regression/points'
import { fitRegression, REGRESSIONS } from '#engine/proxies/regression/regression'
import { crossValidated, foldsOf } from '#engine/proxies/regression/crossValidation'
import type { TreeSettings } from '#engine/proxies/regression/boostedTrees'
import { seededRandom, shuffle } from '#engine/statistics/random'

interface Example {
  name: string
  shares: number[][]
  losses: number[]
  at: number[][]
}
interface Golden {
  huberDelta: number
  straight: (Example & {
    penalty: number
    predictions: Record<'linear' | 'ridge', number[]>
    heldOut: Record<'linear' | 'ridge', number[]>
  })[]
  exponential: (Example & { cost: number; floor: number; predictions: number[] })[]
  boosted: (Example & { settings: TreeSettings; predictions: number[] })[]
}
const golden = JSON.parse(readFileSync('tests/golden/proxies/regressions.json', 'utf8')) as Golden

function pointsOf({ shares, losses }: Pick<Example, 'shares' | 'losses'>): RegressionPoint[] {
  return shares.map((row, i) => ({ shares: Float64Array.from(row), loss: losses[i]! }))
}

/** The greatest distance between numbers and those expected. */
function apart(found: ArrayLike<number>, expected: number[]): number {
  expect(found.length).toBe(expected.length)
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0)
}

function predictAt(predict: (shares: Float64Array) => number, { at }: Example): number[] {
  return at.map((row) => predict(Float64Array.from(row)))
}

describe.each(golden.straight)('on $name', (example) => {
  const points = pointsOf(example)

  test('linear predicts as scikit-learn’s LinearRegression does', () => {
    const found = predictAt(fitLinear(points), example)
    expect(apart(found, example.predictions.linear)).toBeLessThan(1e-9)
  })

  test('ridge chooses the penalty of RidgeCV and predicts as it does', () => {
    const { predict, penalty } = fitRidge(points)
    expect(penalty / example.penalty).toBeCloseTo(1, 9)
    expect(apart(predictAt(predict, example), example.predictions.ridge)).toBeLessThan(1e-9)
  })

  test.each(['linear', 'ridge'] as const)('%s predicts what is left out as it does', (kind) => {
    const { predictions } = crossValidated(kind, points, foldsOf(points, 1))
    expect(apart(predictions, example.heldOut[kind])).toBeLessThan(1e-9)
  })
})

test.each(golden.exponential)('the mixing law on $name predicts as SciPy’s fit does', (example) => {
  const { predict, floor, hasConverged } = fitMixingLaw(pointsOf(example), golden.huberDelta)
  expect(hasConverged).toBe(true)
  expect(floor).toBeCloseTo(example.floor, 4)
  expect(apart(predictAt(predict, example), example.predictions)).toBeLessThan(1e-5)
})

test.each(golden.boosted)('boosted trees on $name predict as scikit-learn’s do', (example) => {
  const predict = fitBoostedTrees(pointsOf(example), example.settings)
  expect(apart(predictAt(predict, example), example.predictions)).toBeLessThan(1e-6)
})

/** Shares drawn as random spacings, and a random seed for what else is drawn. */
function simplex(members: number, count: { minLength: number; maxLength: number }) {
  const row = fc
    .array(fc.integer({ min: 0, max: 1000 }), { minLength: members, maxLength: members })
    .filter((parts) => parts.some((part) => part > 0))
    .map((parts) => {
      const sum = parts.reduce((total, part) => total + part, 0)
      return Float64Array.from(parts, (part) => part / sum)
    })
  return fc.array(row, count)
}

/** Points on a curve through the simplex, at compositions that fast-check draws. */
function drawnPoints(lossOf: (shares: Float64Array) => number, minLength = 12) {
  return simplex(3, { minLength, maxLength: 24 }).map((rows) =>
    rows.map((shares): RegressionPoint => ({ shares, loss: lossOf(shares) }))
  )
}

const BENT = ([a, b, c]: Float64Array) => 3 - a! + 0.5 * b! ** 2 - 0.7 * a! * c!

test('linear is exact where losses are straight in the shares', () => {
  const straight = ([a, b, c]: Float64Array) => 2 + 0.3 * a! - 0.8 * b! + 0.1 * c!
  fc.assert(
    fc.property(drawnPoints(straight), (points) => {
      const predict = fitLinear(points)
      points.forEach(({ shares, loss }) => expect(predict(shares)).toBeCloseTo(loss, 9))
    })
  )
})

test.each(REGRESSIONS)('%s does not depend on the order of its points', (kind) => {
  const options = { trees: { trees: 30 } }
  fc.assert(
    fc.property(drawnPoints(BENT, 6), fc.integer(), (points, seed) => {
      const shuffled = shuffle([...points], seededRandom(seed))
      const predictions = [points, shuffled].map((list) => {
        const { predict } = fitRegression(kind, list, options)
        return points.map(({ shares }) => predict(shares))
      })
      expect(predictions[0]).toEqual(predictions[1])
    }),
    { numRuns: 20 }
  )
})

test('every further boosted tree lies closer to what it is fitted on, around the same mean', () => {
  fc.assert(
    fc.property(drawnPoints(BENT), (points) => {
      const errors = [0, 1, 5, 50].map((trees) => {
        const predict = fitBoostedTrees(points, { trees })
        const left = points.map(({ shares, loss }) => loss - predict(shares))
        expect(left.reduce((sum, error) => sum + error, 0)).toBeCloseTo(0, 9)
        return left.reduce((sum, error) => sum + error ** 2, 0)
      })
      errors.slice(1).forEach((error, i) => expect(error).toBeLessThanOrEqual(errors[i]! + 1e-12))
    }),
    { numRuns: 30 }
  )
})

test('the mixing law finds a planted law again, where it was not looked at', () => {
  const rows = pointsOf(golden.exponential[0]!).map(({ shares }) => shares)
  const exponent = fc.double({ min: -2, max: 2, noNaN: true })
  const law = fc.record({
    floor: fc.double({ min: 0.5, max: 4, noNaN: true }),
    scale: fc.double({ min: 0.2, max: 2, noNaN: true }),
    exponents: fc
      .tuple(exponent, exponent, exponent, exponent)
      .filter((values) => Math.max(...values) - Math.min(...values) > 0.5)
  })
  fc.assert(
    fc.property(law, ({ floor, scale, exponents }) => {
      const truth = (shares: Float64Array) =>
        floor + scale * Math.exp(shares.reduce((sum, share, j) => sum + share * exponents[j]!, 0))
      const { predict } = fitMixingLaw(rows.map((shares) => ({ shares, loss: truth(shares) })))
      for (const row of golden.exponential[0]!.at) {
        const shares = Float64Array.from(row)
        expect(Math.abs(predict(shares) - truth(shares))).toBeLessThan(1e-4)
      }
    }),
    { numRuns: 30 }
  )
})

test('the mixing law says which members help, and holds against a wild point', () => {
  const rows = pointsOf(golden.exponential[0]!)
  const wild = rows.map(({ shares, loss }, i) => ({ shares, loss: i === 5 ? loss + 1 : loss }))
  const { floor, scale, exponents } = fitMixingLaw(wild)
  // Planted: 2.5 + 1.5 · exp(−2, 0.3, 0.1, −0.4), whose mean exponent is −0.5.
  expect(floor).toBeCloseTo(2.5, 1)
  expect(scale).toBeCloseTo(1.5 * Math.exp(-0.5), 1)
  expect(apart(exponents, [-1.5, 0.8, 0.6, 0.1])).toBeLessThan(0.1)
})
