import { expect, test } from 'vitest'
import { draftProblem, seriesInWords, seriesRequest } from '../../../src/renderer/state/seriesDraft'
import type { SeriesDraft } from '../../../src/renderer/state/seriesDraft'

const draft = (change: Partial<SeriesDraft>): SeriesDraft => ({
  kind: 'branch-rate',
  typed: null,
  picked: null,
  truth: 'study',
  count: 4,
  repeats: false,
  ...change
})

test('what is typed becomes a request, and what is missing is said', () => {
  expect(seriesRequest(draft({}))).toEqual({ kind: 'branch-rate', values: [] })
  expect(seriesRequest(draft({ typed: ' 1e-3, x,' }))).toEqual({
    kind: 'branch-rate',
    values: [0.001, 'x']
  })
  // Partitions named by numbers stay names.
  expect(seriesRequest(draft({ kind: 'swap-one', picked: ['1999'], truth: 'some' }))).toEqual({
    kind: 'swap-one',
    values: ['1999'],
    truth: 4
  })
  for (const wrong of [
    draft({ truth: 'some', count: null }),
    draft({ truth: 'some', count: 1.5 }),
    draft({ kind: 'leave-one-out', picked: [] })
  ]) {
    expect([seriesRequest(wrong), typeof draftProblem(wrong)]).toEqual([null, 'string'])
  }
})

test('a series says what is trained and what is shared', () => {
  const study = { study: 's', setting: 1, mixtures: 3, runs: 5, runsLeft: 2, tokensLeft: 2000 }
  const two = { studies: [study, { ...study, runsLeft: 0 }], runsLeft: 2, tokensLeft: 2000 }
  expect(seriesInWords(two, true)).toBe(
    '2 studies, 2 runs of 2.00k tokens to train; 8 of 10 are there or shared.'
  )
  expect(seriesInWords({ studies: [study], runsLeft: 0, tokensLeft: 0 }, false)).toMatch(
    /^At least 1 study, nothing to train: all runs are there\. How many base units/
  )
})
