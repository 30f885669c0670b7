import { expect, test } from 'vitest'
import { keyedSize, within } from '../../../src/renderer/state/paneLimits'

const limits = { least: 100, most: 300, first: 128 }

test('a size stays within its limits, and is the first where none is known', () => {
  expect([50, 150, 900, NaN].map((size) => within(size, limits))).toEqual([100, 150, 300, 128])
})

test('arrows move the line as they point, whichever side the pane is on; others do nothing', () => {
  expect(keyedSize('ArrowRight', 150, limits, 1)).toBe(160)
  expect(keyedSize('ArrowRight', 150, limits, -1)).toBe(140)
  expect(keyedSize('ArrowLeft', 102, limits, 1)).toBe(100)
  expect(['Home', 'End', 'Enter', 'a'].map((key) => keyedSize(key, 150, limits, 1))).toEqual([
    100,
    300,
    128,
    null
  ])
})
