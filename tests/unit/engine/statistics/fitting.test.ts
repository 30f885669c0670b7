import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitRobustly } from '#engine/statistics/levenbergMarquardt'
import type { Curve } from '#engine/statistics/levenbergMarquardt'
import { decompose, dot } from '#engine/statistics/singularValues'

/** Matrices of up to 6 × 6; whole numbers make some of them short of full rank. */
const matrix = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([height, width]) => {
    const row = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: width, maxLength: width })
    return fc.array(row.map(Float64Array.from.bind(Float64Array)), {
      minLength: height,
      maxLength: height
    })
  })

test('singular values and vectors make up their matrix, and vectors stand at right angles', () => {
  fc.assert(
    fc.property(matrix, (rows) => {
      const { left, values, right } = decompose(rows)
      rows.forEach((row, i) =>
        row.forEach((entry, j) => {
          const sum = values.reduce(
            (all, value, k) => all + value * left[k]![i]! * right[k]![j]!,
            0
          )
          expect(sum).toBeCloseTo(entry, 9)
        })
      )
      const found = [...values.keys()].filter((k) => values[k]! > 1e-9)
      for (const vectors of [left, right]) {
        for (const k of found) {
          for (const l of found) expect(dot(vectors[k]!, vectors[l]!)).toBeCloseTo(+(k === l), 9)
        }
      }
    })
  )
})

/** A line through whole numbers from 0 on. */
const LINE: Curve = {
  evaluate: ([offset, slope], values, derivatives) => {
    for (let x = 0; x < values.length; x++) {
      values[x] = offset! + slope! * x
      derivatives.set([1, x], 2 * x)
    }
  }
}
const FREE = {
  delta: 0.1,
  lowest: new Float64Array(2).fill(-Infinity),
  highest: new Float64Array(2).fill(Infinity)
}
const START = new Float64Array(2)
const WILD = Float64Array.from([1, 3, 5, 7, 9, 41, 13, 15])

test('a line stays where most points are, however wild another is', () => {
  const { parameters, hasConverged } = fitRobustly(LINE, WILD, START, FREE)
  expect(hasConverged).toBe(true)
  expect(Math.abs(parameters[0]! - 1)).toBeLessThan(0.1)
  expect(Math.abs(parameters[1]! - 2)).toBeLessThan(0.05)
})

test('parameters stay within their limits, and the rest is fitted as well as they allow', () => {
  const straight = Float64Array.from([1, 3, 5, 7])
  const limits = {
    delta: 100,
    lowest: Float64Array.from([2, -9]),
    highest: Float64Array.from([9, 9])
  }
  const { parameters } = fitRobustly(LINE, straight, START, limits)
  // With the offset at 2, the best slope through (x, 2x − 1) is Σ x(2x − 1) / Σ x².
  expect(parameters[0]).toBe(2)
  expect(parameters[1]).toBeCloseTo(22 / 14, 9)
})

test('a fit whose steps run out says that it has not converged', () => {
  expect(fitRobustly(LINE, WILD, START, { ...FREE, mostSteps: 2 }).hasConverged).toBe(false)
})
