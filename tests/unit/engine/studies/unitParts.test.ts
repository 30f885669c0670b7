import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { planStudy } from '#engine/studies/plan'
import { cutParts, wholeUnit, withParts } from '#engine/studies/unitParts'
import type { BaseUnit } from '#shared/records'
import { baseUnits, preparedText, smallStudy } from '../../../support/preparedText'

/** The sequences of a stream that a unit reads. */
const sequencesOf = ({ firstSequence, sequences, stride = 1 }: BaseUnit) =>
  Array.from({ length: sequences }, (_, i) => firstSequence + i * stride)

test('parts of a unit are interleaved, hold each of its sequences once, and know their whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (all, parts) => {
      fc.pre(parts <= all)
      const [, unit] = baseUnits({ law: 2 }, all)
      const cut = cutParts([unit!], parts)
      const read = cut.flatMap(sequencesOf).sort((a, b) => a - b)
      expect(read).toEqual(sequencesOf(unit!))
      const sizes = cut.map(({ sequences }) => sequences)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      expect(cut.map(wholeUnit)).toEqual(cut.map(() => unit))
      expect(new Set(cut.map(({ fingerprint }) => fingerprint)).size).toBe(parts)
    })
  )
  expect(cutParts(baseUnits({ law: 1 }, 6), 3).map(sequencesOf)).toEqual([
    [0, 3],
    [1, 4],
    [2, 5]
  ])
  expect(() => cutParts(baseUnits({ law: 1 }, 3), 4)).toThrow(/law#1 holds 3 sequences/)
})

test('parts change the branches and nothing else: seed and sequential models are those without', () => {
  const text = preparedText({ law: 2, code: 1, mail: 1 })
  const base = smallStudy({ sequential: { choose: { kind: 'random', count: 4 } } })
  const plain = planStudy(base, text)
  for (const parts of [2, 3, 7]) {
    const study = { ...base, unit: { ...base.unit, parts } }
    const plan = planStudy(study, withParts(text, study))
    expect(plan.seed!.fingerprint).toBe(plain.seed!.fingerprint)
    expect(plan.sequentials).toEqual(plain.sequentials)
    expect(plan.branches.length).toBe(parts * plain.branches.length)
    const tokens = (list: typeof plan.branches) => list.reduce((sum, run) => sum + run.tokens, 0)
    expect(tokens(plan.branches)).toBe(tokens(plain.branches))
    const merge = plan.merges.find(
      ({ mixture, merge }) => mixture === 'code+law' && merge === 'micro'
    )!
    expect(merge.branches.length).toBe(3 * parts)
  }
})
