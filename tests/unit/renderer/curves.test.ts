import { expect, test } from 'vitest'
import type { Curve } from '#shared/trainingView'
import {
  curvesCsv,
  extended,
  extentOf,
  nearest,
  smoothed
} from '../../../src/renderer/state/curves'

const columns = (from: number, to: number) => {
  const steps = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  return { steps, tokens: steps.map((s) => s * 10), losses: steps.map((s) => 10 - s / 100) }
}
const curve = (from: number, to: number, isWhole = true): Curve => ({
  run: 'r',
  isWhole,
  ...columns(from, to),
  heldOut: [{ domain: 'law', ...columns(to, to) }]
})

const kept = (whole: Curve) => extended(undefined, whole, 1000)

test('a curve grows by what came since; a whole one takes its place', () => {
  const grown = extended(kept(curve(1, 3)), curve(4, 6, false), 10)
  expect(grown.steps).toEqual([1, 2, 3, 4, 5, 6])
  expect(grown.extent).toEqual([9.94, 9.99])
  expect(grown.heldOut).toEqual([
    { domain: 'law', steps: [3, 6], tokens: [30, 60], losses: [9.97, 9.94], extent: [9.94, 9.97] }
  ])
  expect(extended(grown, curve(1, 2), 10).steps).toEqual([1, 2])
  expect(extended(undefined, curve(4, 5, false), 10).steps).toEqual([4, 5])
})

test('a growing curve never holds more than twice the points asked for, and ends where it ends', () => {
  let grown = kept(curve(1, 1))
  for (let step = 2; step <= 500; step++) {
    grown = extended(grown, curve(step, step, false), 10)
    expect(grown.steps.length).toBeLessThanOrEqual(20)
    expect(grown.steps.at(-1)).toBe(step)
  }
  expect(grown.losses).toEqual(grown.steps.map((step) => 10 - step / 100))
  expect(grown.tokens).toEqual(grown.steps.map((step) => step * 10))
})

test('smoothing keeps a level, follows a jump, and forgets by distance', () => {
  const xs = [1, 2, 3, 4, 5, 6]
  expect(smoothed({ xs, ys: [3, 3, 3, 3, 3, 3] }, 2).map((y) => +y.toFixed(9))).toEqual(
    Array(6).fill(3)
  )
  const ys = [0, 0, 0, 1, 1, 1]
  expect(smoothed({ xs, ys }, 0)).toBe(ys)
  const smooth = smoothed({ xs, ys }, 2)
  expect(smooth[2]).toBe(0)
  expect(smooth[3]! < smooth[4]! && smooth[4]! < smooth[5]! && smooth[5]! < 1).toBe(true)
  // After one span a point counts 1/e beside a new one.
  expect(smoothed({ xs: [0, 5], ys: [1, 0] }, 5)[1]).toBeCloseTo(Math.exp(-1) / (1 + Math.exp(-1)))
  // A far point has forgotten what was before.
  expect(smoothed({ xs: [0, 1000], ys: [9, 2] }, 5)[1]).toBeCloseTo(2)
})

test('the nearest point is found, at the edges too', () => {
  expect([-5, 1, 14, 15, 16, 99].map((x) => nearest([0, 10, 20], x))).toEqual([0, 0, 1, 1, 2, 2])
  expect(nearest([], 3)).toBe(-1)
})

test('the extent is of what lies between two places', () => {
  const series = [
    { xs: [1, 2, 3], ys: [9, 5, 4] },
    { xs: [2], ys: [6] }
  ]
  expect(extentOf(series)).toEqual([4, 9])
  expect(extentOf(series, 2, 2)).toEqual([5, 6])
  expect(extentOf(series, 7, 8)).toBe(null)
  expect(extentOf([{ xs: [1, 2], ys: [5, 6], extent: [4, 7] }], 1, 2)).toEqual([4, 7])
  expect(extentOf([{ xs: [1, 2], ys: [5, 6], extent: [4, 7] }], 2, 2)).toEqual([6, 6])
})

test('curves as CSV: every value on a line of its own, names quoted where they must', () => {
  const text = curvesCsv([{ name: 'a "b", c', curve: kept(curve(1, 2)) }])
  expect(text.split('\r\n')).toEqual([
    'run,loss_on,step,tokens,loss_nats_per_token',
    '"a ""b"", c",training,1,10,9.99',
    '"a ""b"", c",training,2,20,9.98',
    '"a ""b"", c",law,2,20,9.98',
    ''
  ])
})
