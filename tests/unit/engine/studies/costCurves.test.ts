import { expect, test } from 'vitest'
import { costCurves } from '#engine/studies/costCurves'
import { unitChanges } from '#engine/studies/unitChanges'
import { syntheticResults } from '../../../support/syntheticResults'

const results = syntheticResults({
  partitions: { a: 1, b: 1, c: 2, d: 1 },
  truth: () => 3,
  proxy: () => 3,
  branch: (name, domain) => (name.startsWith(domain) ? 3.5 : 4.25)
})

test('curves pass through what the report says of the study’s own number of partitions', () => {
  const curves = costCurves(results, {
    config: { ...results.study.model, vocabularySize: 2048 },
    seedTokens: 1000,
    modular: { runs: 6, tokens: 1400 },
    evidence: { runs: 11, tokens: 11 },
    naive: { runs: 12, tokens: 12 }
  })
  const [all, pairs, modular] = curves.ways.map(({ points }) => points.find(({ n }) => n === 4)!)
  const own = (what: RegExp) => curves.own.find((line) => what.test(line.what))!
  // The report counts the seed among the runs.
  expect([all!.runs + 1, pairs!.runs + 1]).toEqual([own(/subset/).runs, own(/pair/).runs])
  expect(all!.flops).toBeCloseTo(own(/subset/).flops, 0)
  expect(pairs!.flops).toBeCloseTo(own(/pair/).flops, 0)
  expect(modular!.flops).toBeCloseTo(own(/Modular/).flops, 0)
  expect(curves.seedFlops / own(/Modular/).flops).toBeCloseTo(1000 / 1400, 9)
})

test('a unit’s change is its branch’s loss less the seed’s, and unknown without a branch', () => {
  const known = unitChanges(results)
  const place = (name: string) => known.domains.findIndex((domain) => domain.name === name)
  const [first] = known.units
  expect(first).toMatchObject({ unit: 'a#1', partition: 'a' })
  expect(first!.changes[place('a')]).toBeCloseTo(3.5 - 5, 9)
  expect(first!.changes[place('b')]).toBeCloseTo(4.25 - 5, 9)
  const without = results.models.filter(({ name }) => name !== 'a#1')
  const [gone, there] = unitChanges({ ...results, models: without }).units
  expect(gone!.changes.every((change) => change === null)).toBe(true)
  expect(there!.changes).toEqual(known.units[1]!.changes)
})
