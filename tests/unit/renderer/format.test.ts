import { expect, test } from 'vitest'
import {
  correlation,
  duration,
  grouped,
  outOf,
  percent,
  short,
  significant,
  withInterval
} from '../../../src/renderer/format'

test.each([
  [null, '–'],
  [NaN, '–'],
  [1.23456, '1.235'],
  [56.1234, '56.12'],
  [402.16, '402.2'],
  [12_345.6, '12\u2009346']
])('%s is shown as %s', (value, text) => {
  expect(significant(value)).toBe(text)
})

test('correlations have a minus, intervals stand behind them', () => {
  expect(correlation(-0.349)).toBe('−0.35')
  expect(withInterval(0.938, { low: 0.88, high: 0.971 })).toBe('0.94 [0.88, 0.97]')
  expect(withInterval(null, null)).toBe('–')
})

test('counts and durations are short', () => {
  expect([short(950), short(12_345), short(2e6), grouped(1_234_567), outOf(9582, 9591)]).toEqual([
    '950',
    '12.3k',
    '2.00M',
    '1\u2009234\u2009567',
    '9\u2009582 of 9\u2009591'
  ])
  expect([duration(48), duration(200), duration(7500), duration(null)]).toEqual([
    '48 s',
    '3 min 20 s',
    '2 h 05 min',
    '–'
  ])
})

test('a share is shown as whole hundredths', () => {
  expect([percent(0.476), percent(null)]).toEqual(['48 %', '–'])
})
