import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  mixturesInPlane,
  partsAfterKey,
  partsAt,
  partsOf,
  placeOf,
  withParts
} from '../../../src/renderer/state/shareTriangle'
import type { Three } from '../../../src/renderer/state/shareTriangle'

test('a place and its parts are one another’s, and what lies outside comes to an edge', () => {
  const part = fc.integer({ min: 0, max: 1000 })
  fc.assert(
    fc.property(part, part, part, (a, b, c) => {
      fc.pre(a + b + c > 0)
      const parts = [a, b, c].map((one) => one / (a + b + c)) as unknown as Three
      partsAt(placeOf(parts)).forEach((one, i) => expect(one).toBeCloseTo(parts[i]!, 9))
    })
  )
  expect(partsAt({ x: 0.5, y: -1 })[0]).toBeGreaterThan(0.6)
  expect(partsAt({ x: -3, y: 0.9 })).toEqual([0, 1, 0])
})

test('three are parted anew while all others stay; keys give and take in steps', () => {
  const shares = [0.2, 0.3, 0.1, 0.4]
  const moved = withParts(shares, [0, 1, 3], [1, 0, 0])
  expect(moved).toEqual([expect.closeTo(0.9, 12), 0, 0.1, 0])
  expect(partsOf(shares, [0, 1, 3])![0]).toBeCloseTo(2 / 9, 12)
  expect(partsOf([1, 0, 0, 0], [1, 2, 3])).toBeNull()
  expect(partsAfterKey([0.5, 0.3, 0.2], 'ArrowUp', 0.1)).toEqual([
    0.6,
    expect.closeTo(0.24, 12),
    expect.closeTo(0.16, 12)
  ])
  expect(partsAfterKey([1, 0, 0], 'ArrowDown', 0.1)).toEqual([
    0.9,
    expect.closeTo(0.05, 12),
    expect.closeTo(0.05, 12)
  ])
  expect(partsAfterKey([0.5, 0.3, 0.2], 'ArrowRight', 0.1)![2]).toBeCloseTo(0.3, 12)
  expect(partsAfterKey([0.5, 0.3, 0.2], 'Enter', 0.1)).toBeNull()
})

test('only mixtures that share the other shares lie in the picture', () => {
  const row = (mixture: string, shares: number[]) => ({ mixture, shares, size: 2, isMerge: false })
  const rows = [row('a+b', [0.5, 0.5, 0, 0]), row('d', [0, 0, 0, 1]), row('a+d', [0.5, 0, 0, 0.5])]
  const found = mixturesInPlane({ rows }, [0.2, 0.4, 0.4, 0], [0, 1, 2])
  expect(found).toEqual([{ mixture: 'a+b', row: 0, parts: [0.5, 0.5, 0] }])
})
