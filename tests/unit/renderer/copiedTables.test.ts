import { expect, test } from 'vitest'
import { headlineCsv } from '../../../src/renderer/state/headlineCsv'
import { whatIfCsv } from '../../../src/renderer/state/whatIfCsv'
import { smallMatrix } from './smallMatrix'

test('the headline is copied with its intervals, what is unknown as nothing', () => {
  const one = {
    proxy: 'ensemble',
    budget: 'sum' as const,
    n: 20,
    picked: 2,
    spearman: 0.9412,
    documents: null,
    mixtures: { low: 0.76, high: 1 },
    drop: { low: 0.83, high: 1 },
    p: null,
    relabellings: 0,
    smallestP: null,
    decisions: { alike: 61, compared: 66 }
  }
  expect(headlineCsv([one]).split('\r\n')).toEqual([
    'proxy,budget,n,spearman,mixtures_low,mixtures_high,documents_low,documents_high,drop_low,drop_high,p,pairs_alike,pairs_compared,picked_left_out',
    'ensemble,sum,20,0.9412,0.76,1,,,0.83,1,,61,66,2',
    ''
  ])
})

test('what shares are worth is copied domain by domain', () => {
  expect(whatIfCsv(smallMatrix, [7.5, 2.25], null, [8, 2.5])).toBe(
    [
      'domain,domain_kind,seed,ensemble,merge,pinned',
      `a,in,${Math.E ** 3},7.5,,8`,
      'mean-all-log,mean,3,2.25,,2.5',
      ''
    ].join('\r\n')
  )
})
