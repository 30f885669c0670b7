import { expect, test } from 'vitest'
import { betterThanReference, proxyRows, widerInterval } from '#shared/evidenceView'
import type { Comparison, Estimate } from '#shared/evidenceView'
import { comparedDomains, estimateWords } from '../../../src/renderer/state/proxyTable'

const of = (value: number | null, low = 0, high = 1, drop: [number, number] | null = null) => ({
  value,
  interval: value === null ? null : { low, high },
  drop: drop && { low: drop[0], high: drop[1] }
})
const row = (proxy: string, accuracy: number | null, difference: Estimate | null): Comparison => {
  const one = of(0.5)
  return {
    domain: 'law',
    domainKind: 'in',
    budget: 'sum',
    proxy,
    n: 9,
    spearman: one,
    accuracy: of(accuracy),
    topQuarter: one,
    topSpearman: one,
    regret: one,
    regretShare: one,
    slope: one,
    offset: one,
    difference: difference && { accuracy: difference, spearman: one }
  }
}

test('the wider interval is shown, the value in it', () => {
  expect(widerInterval(of(0.5, 0.4, 0.6, [0.45, 0.55]))).toEqual({ low: 0.4, high: 0.6 })
  expect(widerInterval(of(0.5, 0.4, 0.6, [0.1, 0.3]))).toEqual({ low: 0.1, high: 0.5 })
  expect(widerInterval(of(null))).toBe(null)
  expect(estimateWords(of(0.5, -0.25, 0.75))).toBe('0.50 [−0.25, 0.75]')
  expect([estimateWords(null), estimateWords(of(null))]).toEqual(['–', '–'])
})

test('the best proxy comes first, what is unknown last', () => {
  const rows = [row('count', null, of(null)), row('merge-micro', 0.7, null), row('a', 0.9, of(0.2))]
  expect(proxyRows(rows, 'law', 'sum').map(({ proxy }) => proxy)).toEqual([
    'a',
    'merge-micro',
    'count'
  ])
  expect(proxyRows(rows, 'law', 'fixed')).toEqual([])
  expect(comparedDomains(rows, 'sum')).toEqual(['law'])
})

test('a proxy is said to be better only beyond doubt', () => {
  const better = (difference: Estimate | null) =>
    betterThanReference([row('a', 0.9, difference), row('merge-micro', 0.7, null)])?.proxy ?? null
  expect(better(of(0.2, 0.05, 0.3))).toBe('a')
  expect(better(of(0.2, 0.05, 0.3, [-0.2, 0.3]))).toBe(null)
  expect(better(of(0.2, -0.05, 0.3))).toBe(null)
  expect(better(null)).toBe(null)
  expect(betterThanReference([])).toBe(null)
})
