import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { axisOver, roomy, ticksOf } from '#engine/studies/htmlReport/axis'
import { fourDigits } from '#engine/studies/htmlReport/numbers'

test('an axis puts its ends at the ends, linear and logarithmic', () => {
  const linear = axisOver([2, 6], [100, 0])
  expect([2, 3, 6].map(linear)).toEqual([100, 75, 0])
  const log = axisOver([1, 100], [0, 10], true)
  expect([1, 10, 100].map(log)).toEqual([0, 5, 10])
})

test('ticks are round, few, in order and on the axis', () => {
  expect(ticksOf(axisOver([0.13, 0.92], [0, 1]), 4)).toEqual([0.2, 0.4, 0.6, 0.8])
  expect(ticksOf(axisOver([80, 3500], [0, 1], true), 4)).toEqual([100, 300, 1000, 3000])
  const range = fc.tuple(
    fc.double({ min: 0.01, max: 1e4, noNaN: true }),
    fc.double({ min: 0.001, max: 1e4, noNaN: true })
  )
  fc.assert(
    fc.property(range, fc.boolean(), ([low, more], isLog) => {
      const axis = axisOver(roomy([low, low + more], isLog), [0, 100], isLog)
      const ticks = ticksOf(axis, 4)
      expect(ticks.length).toBeGreaterThanOrEqual(2)
      expect(ticks.length).toBeLessThanOrEqual(10)
      expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b))
      for (const tick of ticks) {
        expect(axis(tick)).toBeGreaterThan(-0.01)
        expect(axis(tick)).toBeLessThan(100.01)
      }
    })
  )
})

test('four significant digits, with thin spaces and a true minus', () => {
  expect([5.41631, 0.0183, -0.30984, 12345.6, 0, 98.765, 1.2676e30].map(fourDigits)).toEqual([
    '5.416',
    '0.01830',
    '−0.3098',
    '12\u2009346',
    '0',
    '98.77',
    '1.268 × 10^30'
  ])
})
