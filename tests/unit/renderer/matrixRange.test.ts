import { expect, test } from 'vitest'
import {
  BANDS,
  bandsOf,
  isAskable,
  levelRangeWords,
  levelsOf,
  placesInRange,
  withEdge
} from '../../../src/renderer/state/matrixRange'
import { TARGET, matrixTable } from '../../../src/renderer/state/matrixView'
import type { Measure } from '../../../src/renderer/state/matrixView'
import { matrixIn } from '../../../src/renderer/state/taskMatrix'
import { smallMatrix } from './smallMatrix'

const tableOf = (measure: Measure) =>
  matrixTable(smallMatrix, { source: 'merge-micro', budget: 'sum', measure, weights: null })
const kept = (measure: Measure, from: number, to: number, column = 0) => {
  const table = tableOf(measure)
  const range = levelsOf(table, { from, to }, column, false)!
  return placesInRange(table, [0, 1, 2], range).map((place) => smallMatrix.rows[place]!.mixture)
}

test('the legend keeps mixtures of the shades that it was dragged over', () => {
  // Against the seed the first column has -1, 1 and -2 nats/token: bands 4, 12 and 0.
  expect(kept('change', 0, 9)).toEqual(['a', 'a+b'])
  expect(kept('change', 4, 5)).toEqual(['a'])
  expect(kept('change', 5, 12)).toEqual([])
  expect(kept('change', 12, BANDS)).toEqual(['b'])
  // The same as perplexities, which stand as far from the seed's.
  expect(kept('value', 4, 5)).toEqual(['a'])
  // From the mean of size 1, which is 3, a has -1 and b 1; a+b is alone in its size.
  expect(kept('difference', 0, 9)).toEqual(['a'])
  expect(kept('rank', 0, 8)).toEqual(['a'])
  expect(kept('rank', 8, 9)).toEqual(['a+b'])
})

test('what is not measured is in no range, and the whole legend is none', () => {
  expect(kept('change', 0, BANDS - 1, 1)).toEqual(['a', 'b'])
  expect(levelsOf(tableOf('change'), { from: 0, to: BANDS }, 0, false)).toBe(null)
})

test('a range stands where it was made, and elsewhere on another scale', () => {
  const table = tableOf('change')
  for (const bands of [
    { from: 0, to: 4 },
    { from: 3, to: 11 },
    { from: 12, to: BANDS }
  ]) {
    const range = levelsOf(table, bands, 1, false)!
    expect(bandsOf(table, range, false)).toEqual(bands)
  }
  // The second column reaches to 0.8 nats/token, all columns to 2.
  const range = levelsOf(table, { from: 0, to: 2 }, 1, false)!
  expect(bandsOf(table, range, true)).toEqual({ from: 0, to: 6 })
})

test('handles never meet, nor leave the legend', () => {
  const range = { from: 3, to: 5 }
  expect(withEdge(range, 'from', 9)).toEqual({ from: 4, to: 5 })
  expect(withEdge(range, 'to', 0)).toEqual({ from: 3, to: 4 })
  expect(withEdge(range, 'from', -1).from).toBe(0)
  expect(withEdge(range, 'to', 99).to).toBe(BANDS)
})

test('a range says its column, its levels and their unit', () => {
  const words = (measure: Measure, from: number, to: number) => {
    const table = tableOf(measure)
    return levelRangeWords(table, levelsOf(table, { from, to }, 0, false)!)
  }
  expect(words('change', 0, 5)).toBe('a up to −0.88 nats/token')
  expect(words('change', 5, 12)).toBe('a −0.88 … 0.88 nats/token')
  // exp(3 - 0.875): the seed's e³, and seven sixteenths of the two nats that the column reaches to.
  expect(words('value', 5, BANDS)).toBe('a from 8.373 perplexity')
  expect(words('rank', 0, 4)).toBe('a up to 22 % of the ranks')
})

test('a range of a target that went asks for nothing', () => {
  const range = { column: TARGET, measure: 'change', low: null, high: 0 } as const
  expect(isAskable(tableOf('change'), range)).toBe(false)
  expect(isAskable(tableOf('change'), { ...range, column: 1 })).toBe(true)
  expect(isAskable(tableOf('change'), { ...range, column: 2 })).toBe(false)
})

test('where more is better the legend keeps the shades that it was dragged over too', () => {
  const values = [[0.5], [0.75], [0]]
  const accuracy = matrixIn(
    {
      ...smallMatrix,
      tasks: {
        domains: [smallMatrix.domains[0]!],
        withoutChoices: [],
        metrics: [
          {
            metric: 'accuracy',
            seed: [0.25],
            proxies: [{ name: 'merge-micro', values }],
            sequential: [{ budget: 'sum', values: [[null], [null], [null]] }]
          }
        ]
      }
    },
    'accuracy'
  )
  for (const measure of ['change', 'value'] as const) {
    const table = matrixTable(accuracy, {
      source: 'merge-micro',
      budget: 'sum',
      measure,
      weights: null
    })
    for (const bands of [
      { from: 0, to: 9 },
      { from: 3, to: 11 },
      { from: 9, to: BANDS }
    ]) {
      expect(bandsOf(table, levelsOf(table, bands, 0, false)!, false)).toEqual(bands)
    }
    const better = levelsOf(table, { from: 0, to: 8 }, 0, false)!
    expect(placesInRange(table, [0, 1, 2], better)).toEqual([0, 1])
    expect(levelRangeWords(table, better)).toMatch(/^a from .* accuracy$/)
  }
})
