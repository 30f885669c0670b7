import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchesOf, windowsOf } from '#engine/evaluation/windows'

it('scores every token of a document exactly once, in order', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: 1, max: 40 }), (tokens, window) => {
      const scored = windowsOf(0, tokens, window).flatMap((one) =>
        Array.from({ length: one.scored }, (_, i) => one.from + one.length - one.scored + i)
      )
      expect(scored).toEqual(Array.from({ length: tokens }, (_, i) => i))
    })
  )
})

it('fills the last window up with tokens before it', () => {
  expect(windowsOf(0, 10, 8)).toEqual([
    { document: 0, from: 0, length: 8, scored: 8 },
    { document: 0, from: 2, length: 8, scored: 2 }
  ])
})

it('puts every window into one batch, within its capacity unless alone', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })
  fc.assert(
    fc.property(lengths, fc.integer({ min: 60, max: 200 }), (all, capacity) => {
      const windows = all.map((length, document) => ({ document, from: 0, length, scored: length }))
      const batches = batchesOf(windows, capacity)
      expect(batches.flat().length).toBe(windows.length)
      expect(new Set(batches.flat()).size).toBe(windows.length)
      for (const batch of batches) {
        expect(batch.length * Math.max(...batch.map((one) => one.length))).toBeLessThanOrEqual(
          capacity
        )
      }
    })
  )
})
