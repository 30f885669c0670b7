import { expect, test } from 'vitest'
import { costSummary } from '#engine/studies/htmlReport/costLines'
import { syntheticResults } from '../../../../support/syntheticResults'

test('naive ways are counted by their formulae, the modular one by its branches', () => {
  const results = syntheticResults({
    partitions: { a: 1, b: 1, c: 2, d: 1 },
    truth: () => 3,
    proxy: () => 3
  })
  const unit = 10 * 8
  const run = {
    fingerprint: 'one',
    role: 'branch' as const,
    name: 'a#1',
    mixture: null,
    budget: null,
    chosenBy: null,
    baseUnits: 1,
    tokens: unit,
    steps: 10,
    state: 'done' as const,
    finalLoss: 3,
    elapsedMs: 2000,
    tokensPerSecond: unit / 2,
    backend: 'tensorflow',
    device: 'x',
    threads: 1,
    host: 'h',
    randomSeed: 1,
    error: null
  }
  // One training that stands for a branch and a sequential model was paid for once.
  const twice = { ...run, role: 'sequential' as const, mixture: 'a', budget: 'sum' as const }
  const summary = costSummary(
    { ...results, runs: [run, twice] },
    {
      config: { ...results.study.model, vocabularySize: 2048 },
      seedTokens: 1000,
      modular: { runs: 6, tokens: 1000 + 5 * unit },
      evidence: { runs: 11, tokens: 11 },
      naive: { runs: 12, tokens: 12 }
    }
  )
  const counts = summary.lines.map(({ runs, tokens, seconds }) => [runs, tokens, seconds])
  const rate = unit / 2
  // Pairs of a, b, c, d with 1, 1, 2, 1 units: ab, ad, bd of 2 units, ac, bc, cd of 3.
  const pairs = 1000 + (3 * 2 + 3 * 3) * unit
  // Each of the four is in 8 of the 15 subsets.
  const subsets = 1000 + 8 * 5 * unit
  expect(counts).toEqual([
    [1 + 15, subsets, subsets / rate],
    [1 + 6, pairs, pairs / rate],
    [12, 12, 12 / rate],
    [6, 1000 + 5 * unit, (1000 + 5 * unit) / rate],
    [11, 11, 11 / rate],
    [1, unit, 2]
  ])
  expect([summary.members, summary.units]).toEqual([4, 5])
  // Mixtures of two and more have 15 + 15 + 5 units, each partition in 3, 3 and 1 of them.
  expect(summary.unitsPerMixture).toBeCloseTo(35 / 11, 12)
  expect(summary.breakEven).toBe(2)
})

test('measuring is counted over distinct models and the domains they were measured on', () => {
  const results = syntheticResults({ partitions: { a: 1, b: 1 }, truth: () => 3, proxy: () => 3 })
  const cost = {
    config: { ...results.study.model, vocabularySize: 2048 },
    seedTokens: 0,
    modular: { runs: 2, tokens: 160 },
    evidence: { runs: 1, tokens: 160 },
    naive: { runs: 1, tokens: 160 }
  }
  const each = results.domains.reduce((sum, { tokens }) => sum + tokens, 0)
  const twice = { ...results, models: [...results.models, results.models[0]!] }
  expect(costSummary(twice, cost).measuredTokens).toBe(results.models.length * each)
  expect(costSummary(results, cost).lines.map(({ seconds }) => seconds)).toEqual(
    Array(6).fill(null)
  )
})
