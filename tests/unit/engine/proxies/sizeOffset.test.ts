import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { learnSizeOffset } from '#engine/proxies/sizeOffset'
import type { SizedPoint, SizeOffset } from '#engine/proxies/sizeOffset'
import { studyOffsets } from '#engine/studies/evidence/sizeOffsets'
import { rankAcrossSizes } from '#engine/studies/rankings'
import { studyTable } from '#engine/studies/tables'
import type { Mixture } from '#shared/records'
import { sizeOffsetWords } from '#shared/sizeOffset'
import { noiseOf, syntheticResults } from '../../../support/syntheticResults'

interface Golden {
  examples: {
    name: string
    points: SizedPoint[]
    expected: Omit<SizeOffset, 'leftOut'> & { leftOut: number[] }
  }[]
}
const golden = JSON.parse(readFileSync('tests/golden/proxies/sizeOffset.json', 'utf8')) as Golden

/** Numbers of any depth, in one row. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return Object.values(value as object).flatMap(numbersOf)
}

describe.each(golden.examples)('on $name', ({ points, expected }) => {
  test('offset, errors, accuracy and regret are those of scikit-learn', () => {
    const found = learnSizeOffset(points)!
    for (const [name, value] of Object.entries(expected)) {
      const own = numbersOf(found[name as keyof SizeOffset])
      numbersOf(value).forEach((one, i) => {
        expect(own[i], `${name} ${i}`).toBeCloseTo(one, 8)
      })
    }
  })
})

test('a proxy that is off by as much everywhere is levelled to the same values', () => {
  const { points } = golden.examples[0]!
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (shift) => {
      const shifted = points.map((one) => ({ ...one, proxy: one.proxy + shift }))
      const [a, b] = [learnSizeOffset(points)!, learnSizeOffset(shifted)!]
      a.leftOut.forEach((own, i) => expect(b.leftOut[i]! + shift).toBeCloseTo(own, 8))
      expect(b.rmse.levelled).toBeCloseTo(a.rmse.levelled, 8)
    }),
    { numRuns: 20 }
  )
})

test('beyond the numbers that were trained nothing is levelled', () => {
  const { offsetOf } = learnSizeOffset(golden.examples[1]!.points)!
  expect([offsetOf(2, 2), offsetOf(5, 5)].every(Number.isFinite)).toBe(true)
  expect([offsetOf(1, 1), offsetOf(5, 6), offsetOf(6, 6)]).toEqual([NaN, NaN, NaN])
})

test('too few mixtures, or one number of branches, teach no offset', () => {
  const { points } = golden.examples[0]!
  expect(learnSizeOffset(points.slice(0, 5))).toBe(null)
  expect(learnSizeOffset(points.map((one) => ({ ...one, partitions: 3, branches: 3 })))).toBe(null)
  expect(sizeOffsetWords(null)).toMatch(/it takes six trained mixtures/)
})

const WORTH: Record<string, number> = { a: 0.1, b: 0.2, c: 0.3, d: 0.4, e: 0.15 }

/** More members make the truth better; the merge loses `perLog` nats per ln members. */
function study(randomSeed: number, perLog: number, noise: number) {
  const truth = ({ members, name }: Mixture) =>
    4 -
    members.reduce((sum, one) => sum + WORTH[one.name]!, 0) +
    noise * noiseOf(`${name} ${randomSeed} truth`)
  return syntheticResults({
    partitions: { a: 1, b: 1, c: 1, d: 1, e: 1 },
    randomSeed,
    sequential: { choose: { kind: 'random', count: 16 } },
    truth,
    proxy: (mixture) => truth(mixture) + perLog * Math.log(mixture.members.length)
  })
}

test.each([1, 2, 3])('a planted offset earns its place, random seed %i', (randomSeed) => {
  const results = study(randomSeed, 1, 0.02)
  const ranking = rankAcrossSizes(results)
  expect(ranking.offset!.isEarned).toBe(true)
  expect(ranking.offset!.accuracy!.levelled).toBeGreaterThan(0.95)
  const { levelledRank, rank } = ranking.mixtures.find(({ size }) => size === 5)!
  expect([levelledRank, rank]).toEqual([1, expect.any(Number)])
  expect(rank).toBeGreaterThan(5)
  expect(ranking.mixtures.map((one) => one.levelledRank)).toEqual(
    [...ranking.mixtures.keys()].map((i) => i + 1)
  )
  expect(ranking.caution).toMatch(/not comparable as it stands/)
  expect(sizeOffsetWords(ranking.offset)).toMatch(/earns its place/)
})

test.each([1, 2, 3])('noise alone earns nothing, random seed %i', (randomSeed) => {
  const noisy = study(randomSeed, 0, 0.02)
  const models = noisy.models.map((model) =>
    model.role === 'sequential'
      ? {
          ...model,
          nats: new Map(
            [...model.nats].map(([domain, nats]) => [
              domain,
              nats.map((one) => one * (1 + 0.02 * noiseOf(`${model.name} ${domain} ${randomSeed}`)))
            ])
          )
        }
      : model
  )
  const ranking = rankAcrossSizes({ ...noisy, models })
  expect(ranking.offset!.isEarned).toBe(false)
  expect(ranking.mixtures.every(({ levelledValue }) => levelledValue === null)).toBe(true)
  expect(sizeOffsetWords(ranking.offset)).toMatch(/does not earn its place/)
})

test('every domain has its offset, perplexities levelled as losses; counts have none', () => {
  const results = study(1, 0.4, 0.02)
  const rows = studyOffsets(results)
  expect(new Set(rows.map(({ proxy }) => proxy))).toEqual(
    new Set([
      'merge-micro',
      'merge-macro',
      'branch-mean',
      'branch-mean-log',
      'best-branch',
      'linear-merged',
      'ridge-merged',
      'mixing-law-merged',
      'boosted-trees-merged'
    ])
  )
  const own = rows.find(({ domain, proxy }) => domain === 'a' && proxy === 'merge-micro')!
  const levelled = rankAcrossSizes(results, { domain: 'a' })
  for (const one of levelled.mixtures) {
    const k = Math.log(one.size)
    const offset = own.intercept + (own.perPartition + own.perBranch) * k
    if (one.sequentialValue !== null) continue
    expect(Math.log(one.levelledValue! / one.proxyValue)).toBeCloseTo(offset, 10)
  }
  const table = studyTable(results, 'offsets')!
  expect(table.rows).toHaveLength(rows.length)
  expect(table.rows[0]).toMatchObject({ domain: 'a', n: 16, partitions_least: 2, earns: 'yes' })
})
