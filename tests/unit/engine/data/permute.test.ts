import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { permutationKey, permute } from '#engine/data/permute'
import golden from '../../../golden/data/permute.json' with { type: 'json' }

describe('permute', () => {
  it('gives the values of an independent implementation', () => {
    for (const { n, parts, positions, values } of golden.cases) {
      const key = permutationKey(...parts)
      expect(positions.map((position) => permute(n, key, position))).toEqual(values)
    }
  })

  it('visits every element exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer(), (n, seed) => {
        const key = permutationKey(seed)
        const seen = new Set(Array.from({ length: n }, (_, position) => permute(n, key, position)))
        expect(seen.size).toBe(n)
        expect(Math.max(...seen)).toBe(n - 1)
      }),
      { numRuns: 60 }
    )
  })

  it('gives another order for another key', () => {
    const order = (seed: number): number[] =>
      Array.from({ length: 100 }, (_, position) => permute(100, permutationKey(seed), position))
    expect(order(1)).not.toEqual(order(2))
  })

  it('refuses a position outside', () => {
    expect(() => permute(5, permutationKey(1), 5)).toThrow(RangeError)
  })
})
