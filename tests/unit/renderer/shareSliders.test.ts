import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  nearestMixtures,
  uniformShares,
  weightsOf,
  withShare
} from '../../../src/renderer/state/shareSliders'
import { smallMatrix } from './smallMatrix'

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 9) as number)

test('what one share takes the others give, in proportion; locked ones stay', () => {
  const free = [false, false, false]
  expect(withShare([0.5, 0.3, 0.2], free, 0, 0.75)).toEqual(close([0.75, 0.15, 0.1]))
  expect(withShare([0.5, 0.3, 0.2], [false, true, false], 0, 0.6)).toEqual(close([0.6, 0.3, 0.1]))
  // No more than the others have, and back from nothing alike.
  expect(withShare([0.5, 0.3, 0.2], [false, true, false], 0, 1)).toEqual(close([0.7, 0.3, 0]))
  expect(withShare([1, 0, 0], free, 0, 0.4)).toEqual(close([0.4, 0.3, 0.3]))
  // With all others locked there is nobody to give.
  expect(withShare([0.5, 0.5], [false, true], 0, 0.9)).toEqual([0.5, 0.5])
})

test('shares always sum to one, and none is negative', () => {
  const move = fc.record({
    index: fc.nat({ max: 4 }),
    wanted: fc.double({ min: -0.5, max: 1.5, noNaN: true }),
    lock: fc.nat({ max: 4 })
  })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
      let shares = uniformShares(5)
      const locked = shares.map(() => false)
      for (const { index, wanted, lock } of moves) {
        locked[lock] = !locked[lock]
        const before = shares
        shares = withShare(shares, locked, index, wanted)
        expect(shares.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9)
        expect(shares.every((one) => one >= -1e-12)).toBe(true)
        shares.forEach((share, i) => {
          if (locked[i] && i !== index) expect(share).toBe(before[i])
        })
      }
    })
  )
})

test('weights leave out what has no share', () => {
  expect(weightsOf(['a', 'b', 'c'], [1 / 3, 2 / 3, 0])).toEqual({ a: 0.333333, b: 0.666667 })
})

test('the nearest mixtures come first', () => {
  const near = nearestMixtures(smallMatrix, [0.25, 0.75], 2)
  expect(near.map(({ mixture, distance }) => [mixture, distance])).toEqual([
    ['b', 0.25],
    ['a+b', 0.25]
  ])
  expect(nearestMixtures(smallMatrix, [1, 0], 1)).toEqual([{ place: 0, mixture: 'a', distance: 0 }])
})
