import { expect, test } from 'vitest'
import {
  closenessShade,
  cosineWords,
  distanceShade,
  distancesCsv,
  rangeBetween
} from '../../../src/renderer/state/modelDistances'

const COSINES = [
  [1, 0.9951, 0.9935],
  [0.9951, 1, null],
  [0.9935, null, 1]
]

test('shades go from the lowest between two models to what is the same', () => {
  expect(rangeBetween(COSINES)).toEqual({ low: 0.9935, high: 0.9951 })
  expect(closenessShade(1, COSINES)).toBe(-1)
  expect(closenessShade(0.9935, COSINES)).toBeCloseTo(0)
  expect(closenessShade(null, COSINES)).toBeNull()
  expect(
    distanceShade(0.2, [
      [0, 0.4],
      [0.4, 0]
    ])
  ).toBe(0.5)
  expect(rangeBetween([[1]])).toBeNull()
})

test('cosines have the digits that tell them apart', () => {
  expect(cosineWords(0.9951, COSINES)).toBe('0.9951')
  expect(
    cosineWords(-0.5, [
      [1, -0.5],
      [-0.5, 1]
    ])
  ).toBe('−0.500')
  expect(cosineWords(null, COSINES)).toBe('–')
})

test('each pair is copied once', () => {
  const text = distancesCsv({
    models: ['a', 'b', 'c'],
    norms: [1, 1, 1],
    relativeDistances: [
      [0, 0.1, 0.2],
      [0.1, 0, 0.3],
      [0.2, 0.3, 0]
    ],
    cosines: COSINES,
    ways: null
  })
  expect(text.trim().split('\r\n')).toEqual([
    'model,other,relative_distance,cosine',
    'a,b,0.1,0.9951',
    'a,c,0.2,0.9935',
    'b,c,0.3,'
  ])
})
