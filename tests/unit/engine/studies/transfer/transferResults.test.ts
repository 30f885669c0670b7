import { expect, test } from 'vitest'
import { bumpFigure } from '#engine/studies/transfer/bumpFigure'
import { transferEvidence } from '#engine/studies/transfer/transferEvidence'
import { transferResults } from '#engine/studies/transfer/transferResults'
import type { StudyResults } from '#engine/studies/results'
import type { Mixture } from '#shared/records'
import { syntheticResults } from '../../../../support/syntheticResults'

const WORTH: Record<string, number> = { a: 0.1, b: 0.25, c: 0.3, d: 0.45 }
const worth = ({ members }: Mixture) =>
  members.reduce((sum, { name }) => sum + WORTH[name]!, 0) / members.length

/** A study whose merges and models order mixtures by worth, the large one's merges the other way round. */
function study(sign: number, partitions: Record<string, number> = { a: 1, b: 1, c: 1, d: 1 }) {
  return syntheticResults({
    partitions,
    merges: ['micro'],
    truth: (mixture) => 3 - worth(mixture),
    proxy: (mixture) => 5 - sign * worth(mixture)
  })
}
const renamed = (results: StudyResults, name: string): StudyResults => ({
  ...results,
  study: { ...results.study, name }
})

test('the proxy is the smaller study’s, the truth the larger one’s', () => {
  const evidence = transferEvidence(renamed(study(1), 'small'), renamed(study(-1), 'large'))
  const rows = evidence.rows.filter(({ proxy }) => proxy === 'merge-micro')
  expect(rows.length).toBeGreaterThan(4)
  for (const { n, spearman, accuracy } of rows) {
    expect([n, spearman.value, accuracy.value]).toEqual([10, expect.closeTo(1, 12), 1])
  }
  expect(transferEvidence(study(-1), study(1)).rows[0]!.accuracy.value).toBe(0)
})

test('other text under the same names is refused, and what only one of them has is left out', () => {
  const large = study(1)
  const other = study(1)
  other.prepared.partitions[0]!.baseUnits = other.prepared.partitions[0]!.baseUnits.map((unit) => ({
    ...unit,
    fingerprint: 'another'
  }))
  expect(() => transferResults(other, large)).toThrow(/do not hold the same text in a#1/)
  const more = study(1, { a: 1, b: 1, c: 1, d: 1, e: 1 })
  WORTH['e'] = 0.2
  expect(transferResults(more, large).mixtures).toHaveLength(large.mixtures.length)
  const two = study(1, { a: 2, b: 1, c: 1, d: 1 })
  expect(() => transferResults(two, large)).toThrow(/same text in a\+b/)
})

test('studies with nothing in common say so', () => {
  const [small, large] = [study(1), study(1)]
  expect(() => transferResults({ ...small, mixtures: [] }, large)).toThrow(/No mixture is in both/)
  const domains = small.domains.map((one) => ({ ...one, fingerprint: `${one.fingerprint}!` }))
  expect(() => transferResults({ ...small, domains }, large)).toThrow(/No domain is in both/)
})

test('lines of the figure lead from the rank by the proxy to the true rank', () => {
  const [pairs] = transferEvidence(study(-1), study(1)).rankings
  const { html } = bumpFigure(pairs!, { proxy: 'small', truth: 'large' }) as { html: string }
  expect(html.match(/<line /g)).toHaveLength(6)
  expect(html).toContain('<title>a+b: rank 1 by the proxy, 6 when trained</title>')
  expect(bumpFigure({ ...pairs!, mixtures: [] }, { proxy: '', truth: '' })).toBe(null)
})

test('of one base unit the smaller branch is held against the larger one, which is no merge of itself', () => {
  const one = (sign: number) =>
    syntheticResults({
      partitions: { a: 1, b: 1, c: 1, d: 1 },
      merges: ['micro'],
      mixtures: { choose: { kind: 'sizes', sizes: [1] } },
      sequential: { choose: { kind: 'none' } },
      truth: () => 3,
      proxy: () => 5,
      branch: (unit) => 4 + sign * WORTH[unit[0]!]!
    })
  const small = one(1)
  const models = small.models.map((model) => ({ ...model, fingerprint: `small ${model.name}` }))
  const evidence = transferEvidence({ ...small, models }, one(-1))
  const row = evidence.rows.find(({ proxy }) => proxy === 'merge-micro')!
  expect([evidence.trained, row.n, row.spearman.value]).toEqual([4, 4, expect.closeTo(-1, 12)])
})

test('trained are those of the larger study that are measured, not those that are planned', () => {
  const large = study(1)
  const models = large.models.filter(
    ({ role, mixture }) => role !== 'sequential' || mixture === 'a+b'
  )
  expect(transferEvidence(study(1), { ...large, models }).trained).toBe(1)
})
