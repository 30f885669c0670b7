import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fitLines, studentQuantile } from '#engine/statistics/leastSquares'
import { bandAt } from '#shared/fittedLine'

interface Golden {
  cases: {
    name: string
    x: number[]
    y: number[]
    groups: number[]
    slope: number
    points: { group: number; x: number; y: number; low: number; high: number }[]
  }[]
  quantiles: { freedom: number; t: number }[]
}

const golden = JSON.parse(readFileSync('tests/golden/statistics/fits.json', 'utf8')) as Golden

test.each(golden.cases)('line and band of $name are NumPy’s and SciPy’s', (example) => {
  const fit = fitLines(
    Float64Array.from(example.x),
    Float64Array.from(example.y),
    Int32Array.from(example.groups)
  )!
  expect(fit.slope).toBeCloseTo(example.slope, 8)
  const found = example.points.map(({ group, x }) => bandAt(fit, fit.lines[group]!, x))
  found.forEach((point, i) => {
    const { y, low, high } = example.points[i]!
    expect(point.y).toBeCloseTo(y, 7)
    expect(point.low).toBeCloseTo(low, 6)
    expect(point.high).toBeCloseTo(high, 6)
  })
})

test('Student’s t is SciPy’s', () => {
  for (const { freedom, t } of golden.quantiles) {
    expect(studentQuantile(freedom) / t).toBeCloseTo(1, 9)
  }
})

test.each([
  ['one x', [2, 2, 2, 2], [1, 2, 3, 4], [0, 0, 0, 0]],
  ['two pairs', [1, 2], [1, 2], [0, 0]],
  ['as many lines as pairs allow', [1, 2, 3], [1, 2, 3], [0, 1, 1]],
  ['a value that is not a number', [1, 2, 3, 4], [1, NaN, 3, 4], [0, 0, 0, 0]],
  ['no pairs', [], [], []]
])('%s has no line', (_, x, y, groups) => {
  expect(fitLines(Float64Array.from(x), Float64Array.from(y), Int32Array.from(groups))).toBe(null)
})
