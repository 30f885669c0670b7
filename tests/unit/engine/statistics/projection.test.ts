import { expect, test } from 'vitest'
import { projectionOff } from '#engine/statistics/projection'
import { dot } from '#engine/statistics/singularValues'
import { noiseOf } from '../../../support/syntheticResults'

const column = (label: string, length = 12) =>
  Float64Array.from({ length }, (_, i) => noiseOf(`${label} ${i}`))

test('what is left is at right angles to all columns; what columns say leaves nothing', () => {
  const [a, b] = [column('a'), column('b')]
  const sum = a.map((value, i) => 2 * value - 3 * b[i]!)
  // The third follows from the others.
  const { rank, off } = projectionOff([a, b, sum])
  expect(rank).toBe(2)
  expect(Math.max(...off(sum).map(Math.abs))).toBeLessThan(1e-12)
  const values = column('values')
  const left = off(values)
  for (const one of [a, b, sum]) expect(dot(left, one)).toBeCloseTo(0, 12)
  expect(dot(left, values)).toBeCloseTo(dot(left, left), 12)
  expect(dot(left, left)).toBeGreaterThan(0)
})

test('with as many columns as values nothing is left', () => {
  const columns = Array.from({ length: 5 }, (_, k) => column(`c${k}`, 4))
  const { rank, off } = projectionOff(columns)
  expect(rank).toBe(4)
  expect(Math.max(...off(column('y', 4)).map(Math.abs))).toBeLessThan(1e-10)
})
