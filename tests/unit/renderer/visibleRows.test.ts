import { expect, test } from 'vitest'
import { rowAfterKey, scrolledTo, visibleRows } from '../../../src/renderer/state/visibleRows'

test('rows in sight and some around them are drawn, the others are room', () => {
  expect(visibleRows(1000, 20, 2000, 100, 2)).toEqual({
    first: 98,
    end: 107,
    above: 1960,
    below: 893 * 20
  })
  expect(visibleRows(3, 20, 0, 100)).toEqual({ first: 0, end: 3, above: 0, below: 0 })
  expect(visibleRows(0, 20, 500, 100)).toEqual({ first: 0, end: 0, above: 0, below: 0 })
  const { above, below, first, end } = visibleRows(50, 20, 1e6, 100)
  expect(above + below + (end - first) * 20).toBe(1000)
})

test('a row comes into sight by scrolling as little as is needed', () => {
  expect([5, 0, 9, 20].map((row) => scrolledTo(row, 20, 100, 100))).toEqual([100, 0, 100, 320])
})

test('keys go through a list and stay inside it', () => {
  const go = (key: string, row: number | null) => rowAfterKey(key, row, 30, 10)
  expect([go('ArrowDown', null), go('ArrowUp', null), go('ArrowDown', 29)]).toEqual([0, 29, 29])
  expect([go('PageDown', 25), go('PageUp', 3), go('Home', 9), go('End', 9)]).toEqual([29, 0, 0, 29])
  expect([go('x', 3), rowAfterKey('ArrowDown', null, 0, 10)]).toEqual([null, null])
})
