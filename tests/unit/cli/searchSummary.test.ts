import { expect, test } from 'vitest'
import type { SearchedMixtures } from '#engine'
import { describeSearch } from '../../../src/cli/searchSummary'
import { namedNumbers } from '../../../src/cli/flags'

const losses = { choose: 3.1, confirm: 3.2 }
const one = (mixture: string, shares: Record<string, number>) => ({
  mixture,
  shares,
  weights: shares,
  tokens: 100,
  target: losses,
  second: null,
  domains: { law: losses },
  breaks: []
})
const estimate = (value: number | null) => ({ value, interval: null, drop: null })
const believed = (n: number, accuracy: number | null): SearchedMixtures['believed'][number] => ({
  domain: 'mean-all-log',
  domainKind: 'mean',
  budget: 'sum',
  proxy: 'ensemble',
  n,
  spearman: estimate(null),
  accuracy: { value: accuracy, interval: { low: 0.6, high: 0.9 }, drop: { low: 0.5, high: 0.95 } },
  topQuarter: estimate(null),
  topSpearman: estimate(null),
  regret: estimate(0.012),
  regretShare: estimate(null),
  slope: estimate(null),
  offset: estimate(null),
  difference: null
})
const found = (belief: SearchedMixtures['believed']): SearchedMixtures => ({
  over: 'weights',
  members: ['code', 'law'],
  target: { law: 1 },
  second: null,
  front: [],
  rescored: [],
  subsets: 3,
  allowed: 2,
  tokens: 5000,
  tokensRead: 1000,
  best: [one('m:0123456789ab', { code: 0.25, law: 0.75 })],
  proportional: { ...one('code+law', { code: 0.5, law: 0.5 }), breaks: ['atLeast', 'repeat'] },
  uniform: one('code+law', { code: 0.5, law: 0.5 }),
  verify: [{ ...one('law', { law: 1 }), why: 'worst' }],
  believed: belief,
  lacksEnsembles: false
})

test('a search says how often its proxy was right, with the wider interval, or that nobody knows', () => {
  expect(describeSearch(found([believed(12, 0.8)]))).toContain(
    'Budget sum: of pairs of one size among 12 trained mixtures, the ensemble orders 80 % as training does (0.50 … 0.95); choosing by it cost 0.012 nats per token.'
  )
  expect(describeSearch(found([believed(3, null)]))).toContain('3 trained mixtures are too few')
  const unmeasured = { ...found([]), lacksEnsembles: true }
  expect(describeSearch(unmeasured)).toContain('ensembles are not measured')
  const text = describeSearch(found([]))
  expect(text).toContain('is not known')
  // Shares stand for a name that says nothing; what plain mixing breaks stands as flags.
  expect(text).toMatch(/code 0\.25, law 0\.75/)
  expect(text).toMatch(/proportional .*--at-least --repeat/)
  expect(text).toContain('a sample of 1.00k of 5.00k tokens')
})

test('two targets have a table of their own, and merges stand beside the best', () => {
  const both = {
    ...one('code+law', { code: 0.5, law: 0.5 }),
    second: { choose: 4.5, confirm: 4.75 }
  }
  const text = describeSearch({
    ...found([]),
    second: { code: 1 },
    best: [both],
    front: [both],
    rescored: [{ mixture: 'code+law', target: { choose: 5.1, confirm: 5.25 }, second: null }]
  })
  expect(text).toMatch(/TWO TARGETS, the second 1\.00 × code/)
  expect(text).toMatch(/code\+law +3\.1000 +3\.2000 +3\.20\d* +4\.7500 +5\.2500/)
  expect(text).toMatch(/first: choose +confirm +second: choose +confirm/)
  expect(describeSearch(found([]))).not.toContain('TWO TARGETS')
})

test('names with numbers may be given in one flag or several, and may hold an equals sign', () => {
  const first = namedNumbers('code=2, law=0.5', {}, '--target')
  expect(namedNumbers('a=b=1', first, '--target')).toEqual({ code: 2, law: 0.5, 'a=b': 1 })
  for (const wrong of ['code', 'code=', '=2', 'code=-1', 'code=two', '']) {
    expect(() => namedNumbers(wrong, {}, '--target')).toThrow(/--target wants names with numbers/)
  }
})
