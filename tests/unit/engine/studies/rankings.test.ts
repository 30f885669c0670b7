import { expect, test } from 'vitest'
import { rankAcrossSizes, rankWithinSizes } from '#engine/studies/rankings'
import type { Mixture } from '#shared/records'
import { syntheticResults } from '../../../support/syntheticResults'

const WORTH: Record<string, number> = { a: 0.1, b: 0.2, c: 0.3, d: 0.4 }

function worth(mixture: Mixture): number {
  return 4 - mixture.members.reduce((sum, { name }) => sum + WORTH[name]!, 0)
}

const results = syntheticResults({
  partitions: { a: 1, b: 1, c: 1, d: 1 },
  sequential: { choose: { kind: 'list', mixtures: ['a+b', 'c+d', 'a+c', 'a+b+c+d'] } },
  truth: (mixture) => 8 - worth(mixture),
  proxy: worth
})

test('mixtures are ranked within each size, with the truth where it was trained', () => {
  const [pairs] = rankWithinSizes(results)
  expect(pairs).toMatchObject({ size: 2, trained: 3, caution: null, domain: 'mean-all-log' })
  expect(
    pairs!.mixtures.map((one) => [one.mixture, one.rank, one.rankAmongTrained, one.sequentialRank])
  ).toEqual([
    ['c+d', 1, 1, 3],
    ['b+d', 2, null, null],
    ['a+d', expect.any(Number), null, null],
    ['b+c', expect.any(Number), null, null],
    ['a+c', 5, 2, 2],
    ['a+b', 6, 3, 1]
  ])
})

test('every size has its own ranking', () => {
  expect(rankWithinSizes(results).map((one) => [one.size, one.mixtures.length])).toEqual([
    [2, 6],
    [3, 4],
    [4, 1]
  ])
})

test('a ranking across sizes says that it is no comparison', () => {
  const ranking = rankAcrossSizes(results)
  expect(ranking.caution).toMatch(/not comparable/)
  expect([ranking.size, ranking.mixtures.length, ranking.mixtures[0]!.mixture]).toEqual([
    null,
    11,
    'a+b+c+d'
  ])
})

test('equal values share the best rank', () => {
  const level = syntheticResults({
    partitions: { a: 1, b: 1, c: 1 },
    truth: () => 4,
    proxy: (mixture) => (mixture.name === 'a+b' ? 3 : 4)
  })
  expect(rankWithinSizes(level)[0]!.mixtures.map((one) => one.rank)).toEqual([1, 2, 2])
})

test('regret is what choosing by the proxy costs among the trained', () => {
  const [pairs, triples] = rankWithinSizes(results)
  // Truths of the trained pairs: c+d 4.7, a+c 4.4, a+b 4.3.
  expect(pairs!.regret).toMatchObject({ chosen: 'c+d', best: 'a+b' })
  expect(pairs!.regret!.value).toBeCloseTo(0.4, 12)
  expect(pairs!.regret!.blind).toBeCloseTo((0.4 + 0 + 0.1) / 3, 12)
  expect(triples!.regret).toBe(null)
  const regrets = pairs!.mixtures.map((one) => [one.mixture, one.regret?.toFixed(9) ?? null])
  expect(Object.fromEntries(regrets)).toMatchObject({
    'c+d': '0.400000000',
    'a+c': '0.100000000',
    'a+b': '0.000000000',
    'b+d': null
  })
})

test('a domain that is not there has no ranking', () => {
  expect(rankWithinSizes(results, { domain: 'poems' })).toEqual([])
})
