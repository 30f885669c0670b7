import { expect, test } from 'vitest'
import { findYearField, yearOf } from '#engine/data/yearField'

test('years and dates are found, wherever they are nested', () => {
  expect(findYearField([{ author: 'A', metadata: { year: 2011 } }])).toBe('metadata.year')
  expect(findYearField([{ when: '2013-05-01' }, { when: '2014/1/2' }])).toBe('when')
  expect(findYearField([{ year: '1999' }, { year: null }, {}])).toBe('year')
  expect([yearOf({ when: '2013-05-01' }, 'when'), yearOf({ when: 'May' }, 'when')]).toEqual([
    2013,
    null
  ])
})

test('numbers that only look like years are none', () => {
  expect(findYearField([{ score: 1500 }, { score: 1800 }])).toBe(null)
  expect(findYearField([{ time: 12.5 }, { year: 30 }])).toBe(null)
  expect(findYearField([])).toBe(null)
})
