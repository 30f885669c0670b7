import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kendallTauB, midRanks, pearson, spearman } from '#engine/statistics/correlation'
import { correlationP, normalQuantile, normalTwoSided } from '#engine/statistics/distributions'

interface Expected {
  value: number | null
  p: number | null
}
interface Golden {
  correlations: ({ name: string; x: number[]; y: number[] } & Record<
    'pearson' | 'spearman' | 'kendall',
    Expected
  >)[]
  tails: { r: number; n: number; p: number }[]
  normals: { z: number; twoSided: number }[]
  quantiles: { share: number; z: number }[]
}

const golden = JSON.parse(readFileSync('tests/golden/statistics/scipy.json', 'utf8')) as Golden

/** Float64 sums in another order than SciPy's. */
const RELATIVE = 1e-10

function toBeNear(found: number, expected: number): void {
  const scale = Math.max(Math.abs(expected), Number.MIN_VALUE)
  expect(Math.abs(found - expected) / scale, `${String(found)} ~ ${String(expected)}`).toBeLessThan(
    RELATIVE
  )
}

const functions = { pearson, spearman, kendall: kendallTauB }

describe.each(golden.correlations)('SciPy on $name', (example) => {
  test.each(['pearson', 'spearman', 'kendall'] as const)('%s has its value and p', (name) => {
    const found = functions[name](example.x, example.y)!
    expect(found.value).toBeCloseTo(example[name].value!, 9)
    if (Math.abs(example[name].value!) > 1 - 1e-12)
      expect(found.p).toBeCloseTo(example[name].p!, 12)
    else toBeNear(found.p, example[name].p!)
  })
})

test('tails of correlations are those of Student’s t', () => {
  for (const { r, n, p } of golden.tails) toBeNear(correlationP(r, n), p)
})

test('tails of the normal distribution keep their digits far out', () => {
  for (const { z, twoSided } of golden.normals) toBeNear(normalTwoSided(z), twoSided)
})

test('normal quantiles are SciPy’s', () => {
  for (const { share, z } of golden.quantiles) expect(normalQuantile(share)).toBeCloseTo(z, 10)
})

test.each([
  ['a constant column', [1, 1, 1, 1], [1, 2, 3, 4]],
  ['fewer than three pairs', [1, 2], [2, 3]],
  ['no pairs', [], []],
  ['a value that is not a number', [1, 2, NaN, 4], [1, 2, 3, 4]]
])('%s gives null, never a number', (_, x, y) => {
  expect([pearson(x, y), spearman(x, y), kendallTauB(x, y)]).toEqual([null, null, null])
})

test('tied values share the mean of their ranks', () => {
  expect([...midRanks([10, 20, 10, 30, 20, 20])]).toEqual([1.5, 4, 1.5, 6, 4, 4])
})

const columns = fc
  .integer({ min: 3, max: 30 })
  .chain((n) =>
    fc.tuple(
      fc.array(fc.integer({ min: -5, max: 5 }), { minLength: n, maxLength: n }),
      fc.array(fc.integer({ min: -5, max: 5 }), { minLength: n, maxLength: n })
    )
  )

test('turning one column round turns the sign and keeps p', () => {
  fc.assert(
    fc.property(columns, ([x, y]) => {
      for (const correlate of [pearson, spearman, kendallTauB]) {
        const plain = correlate(x, y)
        const turned = correlate(
          x.map((value) => -value),
          y
        )
        if (!plain || !turned) return plain === turned
        expect(turned.value).toBeCloseTo(-plain.value, 12)
        expect(turned.p).toBeCloseTo(plain.p, 12)
      }
      return true
    })
  )
})

test('any rising change of a column leaves ranks’ correlations as they are', () => {
  fc.assert(
    fc.property(columns, ([x, y]) => {
      const stretched = x.map((value) => Math.exp(value / 2))
      expect(spearman(stretched, y)).toEqual(spearman(x, y))
      expect(kendallTauB(stretched, y)).toEqual(kendallTauB(x, y))
    })
  )
})
