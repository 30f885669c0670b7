/** Noise of repeated measurements, held to SciPy and statsmodels (tests/golden/statistics/makeNoise.py). */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { chiSquareQuantile } from '#engine/statistics/chiSquare'
import {
  deviationInterval,
  pooledVariance,
  residualVariance,
  varianceWithin
} from '#engine/statistics/noise'
import { seededRandom } from '#engine/statistics/random'
import { normal } from '../../../support/normalNoise'

const golden = JSON.parse(readFileSync('tests/golden/statistics/noise.json', 'utf8')) as {
  quantiles: { p: number; degrees: number; value: number }[]
  pooled: { repeats: number[][]; variance: number; degrees: number }[]
  residual: { table: number[][]; groups: number[]; variance: number; degrees: number }[]
}

test.each(golden.quantiles)('the $p quantile of χ² with $degrees degrees', (one) => {
  expect(chiSquareQuantile(one.p, one.degrees) / one.value).toBeCloseTo(1, 10)
})

test.each(golden.pooled)('variance pooled over $repeats.length things', (one) => {
  const found = pooledVariance(one.repeats)
  expect(found.degrees).toBe(one.degrees)
  expect(found.variance / one.variance).toBeCloseTo(1, 10)
})

test.each(golden.residual)('what is left of $table.length things by repeats', (one) => {
  const found = residualVariance(one.table, Int32Array.from(one.groups))
  expect(found.degrees).toBe(one.degrees)
  expect(found.variance / one.variance).toBeCloseTo(1, 9)
})

test('without repeats there is no variance and no interval', () => {
  expect(pooledVariance([[1], [2]])).toEqual({ variance: NaN, degrees: 0 })
  expect(deviationInterval({ variance: NaN, degrees: 0 })).toBeNull()
  expect(varianceWithin(Float64Array.of(1, 2), Int32Array.of(0, 1))).toBeNaN()
})

test('95 % intervals hold the deviation of normal noise 95 times in 100', () => {
  const random = seededRandom(3)
  let held = 0
  for (let study = 0; study < 2000; study++) {
    const repeats = Array.from({ length: 5 }, () => [normal(random), normal(random)])
    const { low, high } = deviationInterval(pooledVariance(repeats))!
    if (low < 1 && high > 1) held++
  }
  expect(held / 2000).toBeGreaterThan(0.935)
  expect(held / 2000).toBeLessThan(0.965)
})
