import { expect, test } from 'vitest'
import type { Matrix } from '#shared/evidenceView'
import { binsPath, columnBins } from '../../../src/renderer/state/matrixBins'
import { matrixTable } from '../../../src/renderer/state/matrixView'
import type { Measure } from '../../../src/renderer/state/matrixView'
import { smallMatrix } from './smallMatrix'

/** Losses 0, 1, 2 … 12 on one column, in sizes 1 and 2 by turns, and one that is not measured. */
const values = [...Array.from({ length: 13 }, (_, i) => [Math.E ** i]), [null]]
const spread: Matrix = {
  ...smallMatrix,
  domains: [smallMatrix.domains[0]!],
  seed: [1],
  rows: values.map((_, i) => ({
    mixture: `m${i}`,
    size: 1 + (i % 2),
    shares: [1, 0],
    isMerge: false
  })),
  proxies: [{ name: 'merge-micro', values }],
  sequential: []
}
const binsOf = (measure: Measure, places = [...spread.rows.keys()]) =>
  columnBins(
    matrixTable(spread, { source: 'merge-micro', budget: 'sum', measure, weights: null }),
    places,
    0
  )

test('listed mixtures are counted in twelve bins between the lowest and the highest', () => {
  expect(binsOf('change')).toEqual({
    counts: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2],
    words: 'a: 13 measured, from 0.00 to 12.00 nats/token'
  })
  expect(binsOf('value', [0, 3])!.words).toBe('a: 2 measured, from 1.000 to 20.09 perplexity')
  expect(binsOf('value', [0, 3])!.counts).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
})

test('differences are counted from the mean of each size', () => {
  // Both sizes have the mean 6: 0 and 12 are of the first, 1 and 11 of the second.
  expect(binsOf('difference', [0, 1, 11, 12])).toEqual({
    counts: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    words: 'a: 4 measured, from −6.00 to 6.00 nats/token'
  })
})

test('fewer than two measured mixtures have no spread, and equal ones stand in one bin', () => {
  expect(binsOf('change', [3])).toBe(null)
  expect(binsOf('change', [3, 13])).toBe(null)
  expect(binsOf('change', [3, 3])!.counts).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
})

test('the highest bar is as high as there is room, and one mixture is seen beside a thousand', () => {
  expect(binsPath([1000, 0, 1], 12, 14)).toBe('M0 14v-14h3v14zM8 14v-1h3v1z')
})
