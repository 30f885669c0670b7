import { expect, test } from 'vitest'
import { compareProxies } from '#engine/studies/evidence/comparison'
import { scoreStudy } from '#engine/studies/evidence/scores'
import { studyPairs } from '#engine/studies/agreement'
import type { StudyResults } from '#engine/studies/results'
import { syntheticResults } from '../../../support/syntheticResults'

/** Shared 13-grams of 100, by partition and domain. */
function study(shared: Record<string, Record<string, number>>): StudyResults {
  const results = syntheticResults({
    partitions: { a: 1, b: 3, c: 1 },
    outDomains: ['x'],
    truth: ({ name }) => ({ 'a+b': 3, 'a+c': 2, 'b+c': 4, 'a+b+c': 3 })[name] ?? 3,
    proxy: ({ members }) => members.length
  })
  const overlaps = Object.entries(shared).flatMap(([partition, domains]) =>
    Object.entries(domains).map(([domain, sharedGrams]) => ({
      partition,
      domain,
      grams: 100,
      sharedGrams,
      documents: 12,
      overlappingDocuments: 0
    }))
  )
  return { ...results, prepared: { ...results.prepared, overlaps } }
}

const SHARED = {
  a: { a: 40, b: 0, c: 8, x: 10 },
  b: { a: 0, b: 20, c: 0, x: 0 },
  c: { a: 0, b: 4, c: 60, x: 0 }
}

test('overlap is the share of 13-grams of each partition, by its share of the tokens', () => {
  const results = study(SHARED)
  const scores = scoreStudy(results, 'all')
  const on = (name: string) =>
    [
      ...scores.proxy(
        'overlap',
        scores.domains.findIndex((one) => one.name === name),
        'sum'
      )!
    ].map((value, i) => [scores.mixtures[i]!.name, Number(value.toFixed(9))])
  // Of b there are three base units, of a and c one each.
  expect(Object.fromEntries(on('a'))).toEqual({
    'a+b': 0.1,
    'a+c': 0.2,
    'b+c': 0,
    'a+b+c': 0.08
  })
  // Domains: a 0.2, b 0.02, c 0.34, x 0.05.
  expect(Object.fromEntries(on('mean-all-log'))['a+c']).toBe(0.1525)
})

test('it stands beside the other baselines: more is better, and it has no unit of loss', () => {
  const rows = compareProxies(study(SHARED)).filter(
    ({ proxy, domain }) => proxy === 'overlap' && domain === 'x'
  )
  expect(rows.length).toBe(1)
  expect(rows[0]!.slope.value).toBeNull()
  expect(
    studyPairs(study(SHARED)).some(({ proxy, proxyPerplexity }) => {
      return proxy === 'overlap' && proxyPerplexity === 0.2
    })
  ).toBe(true)
})

test('it says nothing where no text is shared, or not every overlap is known', () => {
  const none = study({ a: { x: 0 }, b: { x: 0 }, c: { x: 0 } })
  expect(scoreStudy(none, 'all').proxies).not.toContain('overlap')
  const some = scoreStudy(study({ ...SHARED, c: { a: 0, b: 4, c: 60 } as never }), 'all')
  const places = new Map(some.domains.map(({ name }, i) => [name, i]))
  expect(some.proxy('overlap', places.get('x')!, 'sum')).toBeNull()
  expect(some.proxy('overlap', places.get('mean-all')!, 'sum')).toBeNull()
  expect(some.proxy('overlap', places.get('mean-in')!, 'sum')).not.toBeNull()
})
