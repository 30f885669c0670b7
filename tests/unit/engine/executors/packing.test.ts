import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestPacking, packingsToTry } from '#engine/executors/packing'

const SMALL = { parameters: 10e6, neededBytes: 2e9 }

test('small models are tried together as far as memory and runs go', () => {
  expect(packingsToTry(SMALL, 80e9, 8)).toEqual([1, 2, 4])
  // Two need 2 · (2 + 1) GB of 90 % of what is there, four 12 GB.
  expect(packingsToTry(SMALL, 12e9, 8)).toEqual([1, 2])
  expect(packingsToTry(SMALL, 4e9, 8)).toEqual([1])
  expect(packingsToTry(SMALL, 80e9, 2)).toEqual([1, 2])
  expect(packingsToTry(SMALL, 80e9, 1.5)).toEqual([1, 2])
  expect(packingsToTry(SMALL, 80e9, 1)).toEqual([1])
})

test('large models, and GPUs that do not say what they have, take one run', () => {
  expect(packingsToTry({ parameters: 1e9, neededBytes: 25e9 }, 141e9, 8)).toEqual([1])
  expect(packingsToTry(SMALL, null, 8)).toEqual([1])
})

test('the best rate in all is taken, and not for next to nothing', () => {
  const rates = (...all: number[]) =>
    all.map((tokensPerSecond, at) => ({ atOnce: 2 ** at, tokensPerSecond }))
  expect(bestPacking(rates(100, 180, 250))).toBe(4)
  expect(bestPacking(rates(100, 180, 150))).toBe(2)
  expect(bestPacking(rates(100, 104, 108))).toBe(4)
  expect(bestPacking(rates(100, 104, 104))).toBe(1)
  expect(bestPacking(rates(100, 60, 40))).toBe(1)
  expect(bestPacking(rates(100))).toBe(1)
})

test('what is taken was measured, and is at most a twentieth slower than the best', () => {
  const rate = fc.record({
    atOnce: fc.constantFrom(1, 2, 4),
    tokensPerSecond: fc.double({ min: 1, max: 1e6, noNaN: true })
  })
  const rates = fc.uniqueArray(rate, { selector: ({ atOnce }) => atOnce, minLength: 1 })
  fc.assert(
    fc.property(rates, (all) => {
      const taken = all.find(({ atOnce }) => atOnce === bestPacking(all))!
      const best = Math.max(...all.map(({ tokensPerSecond }) => tokensPerSecond))
      expect(taken.tokensPerSecond * 1.05).toBeGreaterThanOrEqual(best)
    })
  )
})
