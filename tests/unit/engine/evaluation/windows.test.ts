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

const positions = (windows: ReturnType<typeof windowsOf>): number[] =>
  windows.flatMap((one) =>
    Array.from({ length: one.scored }, (_, i) => one.from + one.length - one.scored + i)
  )

it('scores every token behind a context exactly once, whatever the stride', () => {
  const sizes = fc.tuple(fc.nat(200), fc.nat(200), fc.integer({ min: 1, max: 40 }), fc.nat(39))
  fc.assert(
    fc.property(sizes, ([tokens, before, window, less]) => {
      const stride = Math.max(1, window - less)
      const context = Math.min(before, tokens)
      const windows = windowsOf(0, tokens, window, { stride, context })
      expect(positions(windows)).toEqual(
        Array.from({ length: tokens - context }, (_, i) => context + i)
      )
      for (const one of windows) {
        expect(one.length).toBe(Math.min(window, one.from + one.length))
        // Nothing but the document's beginning is predicted with less before it.
        const first = one.from + one.length - one.scored
        expect(first - one.from).toBeGreaterThanOrEqual(Math.min(window - stride, first))
      }
    })
  )
})

it('moves by the stride and scores the end of each window', () => {
  expect(windowsOf(0, 15, 8, { stride: 3 })).toEqual([
    { document: 0, from: 0, length: 8, scored: 8 },
    { document: 0, from: 3, length: 8, scored: 3 },
    { document: 0, from: 6, length: 8, scored: 3 },
    { document: 0, from: 7, length: 8, scored: 1 }
  ])
})

it('takes an answer whole, with as much of its context as fits', () => {
  expect(windowsOf(0, 20, 8, { context: 15 })).toEqual([
    { document: 0, from: 12, length: 8, scored: 5 }
  ])
  expect(windowsOf(0, 20, 8, { context: 20 })).toEqual([])
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
