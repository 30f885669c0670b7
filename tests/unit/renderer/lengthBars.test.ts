import { expect, test } from 'vitest'
import {
  filterOf,
  lengthBars,
  lengthTicks,
  markAt,
  rangeWords,
  yearBars,
  yearTicks
} from '../../../src/renderer/state/lengthBars'

const bins = [
  { from: 80, to: 100, documents: 3 },
  { from: 100, to: 126, documents: 0 },
  { from: 126, to: 159, documents: 2 }
]
const lengths = {
  role: 'training' as const,
  name: 'law',
  bytes: bins,
  tokens: null,
  medianBytes: 90,
  medianTokens: null,
  yearField: 'year',
  years: [
    { year: 2001, documents: 4 },
    { year: 2003, documents: 1 }
  ]
}

test('a choice of bars is a filter with closed borders', () => {
  expect(filterOf(lengths, 'bytes', { first: 1, last: 2 }, null)).toEqual({
    bytes: { from: 100, to: 158 }
  })
  expect(filterOf(lengths, 'bytes', { first: 0, last: 0 }, { first: 1, last: 2 })).toEqual({
    bytes: { from: 0, to: 99 },
    years: { from: 2002, to: 2003 }
  })
  expect(filterOf(lengths, 'tokens', { first: 0, last: 0 }, null)).toEqual({})
  expect(filterOf(null, 'bytes', { first: 0, last: 0 }, null)).toEqual({})
})

test('bars and ranges say what they are', () => {
  const bars = lengthBars(bins, 'bytes')
  expect(bars[0]).toEqual({ label: '80 to 99 bytes', documents: 3 })
  expect(rangeWords(bars, { first: 0, last: 1 })).toBe('80 to 125 bytes')
  expect(rangeWords(bars, { first: 1, last: 1 })).toBe('100 to 125 bytes')
  expect([rangeWords(bars, null), rangeWords([], { first: 0, last: 0 })]).toEqual([null, null])
  const years = yearBars(lengths.years)
  expect(rangeWords(years, { first: 0, last: 2 })).toBe('2001 to 2003')
})

test('years without documents have an empty bar, ticks stand at round years', () => {
  expect(yearBars(lengths.years).map(({ documents }) => documents)).toEqual([4, 0, 1])
  const century = Array.from({ length: 101 }, (_, index) => ({ year: 1900 + index }))
  expect(yearTicks(century).map(({ label }) => label)).toEqual([
    '1900',
    '1920',
    '1940',
    '1960',
    '1980',
    '2000'
  ])
})

test('ticks of lengths are powers of ten, or the ends; a median stands inside its bar', () => {
  expect(lengthTicks(bins)).toEqual([
    { at: 0, label: '80' },
    { at: 3, label: '159' }
  ])
  const wide = [1, 10, 100].map((from) => ({ from, to: from * 10, documents: 1 }))
  expect(lengthTicks(wide).map(({ at }) => at)).toEqual([0, 1, 2])
  expect(markAt(wide, 31.6, 'bytes')!.at).toBeCloseTo(1.5, 2)
  expect([markAt(wide, 5000, 'bytes'), lengthTicks([])]).toEqual([null, []])
})
