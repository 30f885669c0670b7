import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { weightedDraws } from '#engine/data/draws'
import type { BaseUnit } from '#shared/records'

const unit = (name: string): BaseUnit => ({
  name,
  partition: 'p',
  fingerprint: name,
  tokens: 't',
  firstSequence: 0,
  sequences: 10
})

describe('weightedDraws', () => {
  it('shares by largest remainder, the first of equals first', () => {
    const draws = weightedDraws(
      ['a', 'b', 'c'].map((name) => ({ unit: unit(name), weight: 1 })),
      10
    )
    expect(draws.map((draw) => draw.sequences)).toEqual([4, 3, 3])
  })

  it('always adds up, and is off by less than one', () => {
    const weights = fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), {
      minLength: 1,
      maxLength: 30
    })
    fc.assert(
      fc.property(weights, fc.integer({ min: 0, max: 1e6 }), (list, sequences) => {
        const draws = weightedDraws(
          list.map((weight, index) => ({ unit: unit(String(index)), weight })),
          sequences
        )
        const total = list.reduce((sum, weight) => sum + weight, 0)
        expect(draws.reduce((sum, draw) => sum + draw.sequences, 0)).toBe(sequences)
        draws.forEach((draw, index) => {
          expect(Math.abs(draw.sequences - (sequences * list[index]!) / total)).toBeLessThan(
            1.000001
          )
        })
      })
    )
  })

  it.each([
    ['negative', [1, -1]],
    ['all zero', [0, 0]],
    ['not a number', [1, NaN]]
  ])('refuses weights that are %s', (_, weights) => {
    const units = weights.map((weight, index) => ({ unit: unit(String(index)), weight }))
    expect(() => weightedDraws(units, 10)).toThrow(
      expect.objectContaining({ code: 'study/invalid-weights' })
    )
  })
})
