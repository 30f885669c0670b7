import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeWeights } from '#engine/proxies/mergeWeights'
import { enumerateMixtures } from '#engine/studies/mixtures'
import { planStudy } from '#engine/studies/plan'
import { compareProxies } from '#engine/studies/evidence/comparison'
import { rankWithinSizes } from '#engine/studies/rankings'
import { StudySchema } from '#shared/records'
import type { MergeKind, Mixture } from '#shared/records'
import { preparedText, smallStudy } from '../../../support/preparedText'
import { syntheticResults } from '../../../support/syntheticResults'

function mixtureOf(counts: readonly number[]): Mixture {
  const partitions = Object.fromEntries(counts.map((count, i) => [`p${i}`, count]))
  const units = preparedText(partitions).partitions.flatMap(({ baseUnits }) => baseUnits)
  const choice = StudySchema.shape.mixtures.parse({
    choose: { kind: 'sizes', sizes: [counts.length] }
  })
  return enumerateMixtures(choice, units, 1)[0]!
}

/** Sum of weights by partition. */
function shares(mixture: Mixture, merge: MergeKind): number[] {
  const weights = mergeWeights(mixture, merge)
  return [...new Set(mixture.units.map(({ partition }) => partition))].map((partition) =>
    mixture.units.reduce(
      (sum, unit, i) => sum + (unit.partition === partition ? weights[i]! : 0),
      0
    )
  )
}

test('partitions weigh by the τ-th power of their units', () => {
  const [one, four, nine] = shares(mixtureOf([1, 4, 9]), 'tau-0.5') as [number, number, number]
  expect([four / one, nine / one]).toEqual([expect.closeTo(2, 12), expect.closeTo(3, 12)])
})

test('all merges sum to 1, and τ leads from macro to micro', () => {
  const counts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 })
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 999 }), (own, thousandths) => {
      const mixture = mixtureOf(own)
      const tau = `tau-${String(thousandths / 1000)}` as MergeKind
      const weights = mergeWeights(mixture, tau)
      expect(weights.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12)
      const [macro, between, micro] = (['macro', tau, 'micro'] as const).map((merge) =>
        shares(mixture, merge)
      )
      const largest = own.indexOf(Math.max(...own))
      expect(between![largest]).toBeGreaterThanOrEqual(macro![largest]! - 1e-12)
      expect(between![largest]).toBeLessThanOrEqual(micro![largest]! + 1e-12)
    }),
    { numRuns: 50 }
  )
})

test('where partitions have as many units each, no further merge is made', () => {
  const plan = (merges: MergeKind[]) =>
    planStudy({ ...smallStudy(), merges }, preparedText({ law: 1, code: 1 }))
  const [micro, between] = plan(['micro', 'tau-0.3']).merges
  expect(between).toEqual({ ...micro, merge: 'tau-0.3' })
})

test('a further merge changes no fingerprint of what is there', () => {
  const prints = (merges: MergeKind[]) => {
    const { merges: planned, ...rest } = planStudy(
      { ...smallStudy(), merges },
      preparedText({ law: 2, code: 1 })
    )
    return { rest, planned: planned.map(({ merge, fingerprint }) => [merge, fingerprint]) }
  }
  const before = prints(['micro', 'macro'])
  const after = prints(['micro', 'macro', 'tau-0.5'])
  expect(after.rest).toEqual(before.rest)
  expect(after.planned.filter(([merge]) => merge !== 'tau-0.5')).toEqual(before.planned)
  expect(new Set(after.planned.map(([, print]) => print)).size).toBe(4)
})

test('only canonical numbers between 0 and 1 are merges', () => {
  const { merges } = StudySchema.shape
  expect(merges.parse(['tau-0.5', 'tau-0.25', 'tau-0.125'])).toHaveLength(3)
  for (const wrong of [
    'tau-0',
    'tau-1',
    'tau-0.50',
    'tau-.5',
    'tau-0.1234',
    'tau-1.5',
    'tau--0.5'
  ]) {
    expect(merges.safeParse([wrong]).success, wrong).toBe(false)
  }
})

test('it is compared and ranked as the other merges are', () => {
  const results = syntheticResults({
    partitions: { a: 3, b: 1, c: 2, d: 1 },
    merges: ['micro', 'tau-0.5'],
    truth: (mixture) => 4 - mixture.units.length / 10 + mixture.name.length / 100,
    proxy: (mixture, _, merge) => 5 - mixture.units.length / (merge === 'micro' ? -10 : 10)
  })
  const rows = compareProxies(results).filter(({ domain }) => domain === 'mean-all-log')
  const accuracy = Object.fromEntries(rows.map((row) => [row.proxy, row.accuracy.value]))
  expect(accuracy).toMatchObject({ 'merge-micro': 0, 'merge-tau-0.5': 1 })
  expect(rows.map(({ proxy }) => proxy).slice(0, 2)).toEqual(['merge-micro', 'merge-tau-0.5'])
  const [pairs] = rankWithinSizes(results, { proxy: 'merge-tau-0.5' })
  expect(pairs!.mixtures[0]!.mixture).toBe('a+c')
})
