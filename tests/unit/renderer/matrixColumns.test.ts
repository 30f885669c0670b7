import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  SIZES,
  columnsBetween,
  labelHeight,
  leftColumns,
  lineOfSlot,
  placedColumns,
  scrollToLine,
  widthOf
} from '../../../src/renderer/state/matrixColumns'

const UNITS = ['code#1', 'law#1', 'law#10', 'law#2']

test('units fold into their partitions, and unfold in its colour', () => {
  expect(leftColumns(UNITS, false)).toEqual([
    { name: 'code', members: [0], partition: 0, isFolded: false },
    { name: 'law', members: [1, 2, 3], partition: 1, isFolded: true }
  ])
  expect(leftColumns(UNITS, true).map(({ name, partition }) => [name, partition])).toEqual([
    ['code#1', 0],
    ['law#1', 1],
    ['law#10', 1],
    ['law#2', 1]
  ])
  expect(leftColumns(['code', 'law'], false)).toEqual(leftColumns(['code', 'law'], true))
})

test('columns in sight are those that are at least partly in it', () => {
  const columns = placedColumns(leftColumns(UNITS, false), [-1, 0, 1, 2])
  const values = SIZES.member + SIZES.folded
  expect(columns.map(({ x }) => x)).toEqual([0, 18, 64, 120, 176, 232])
  expect(widthOf(columns)).toBe(values + 4 * SIZES.value)
  expect(columnsBetween(columns, 0, 1000)).toEqual({ from: 0, to: 6 })
  expect(columnsBetween(columns, 64, 121)).toEqual({ from: 2, to: 4 })
  expect(columnsBetween([], 0, 100)).toEqual({ from: 0, to: 0 })
})

test('slots show all lines in sight, each line in the slot it was in before', () => {
  fc.assert(
    fc.property(fc.nat(20_000), fc.integer({ min: 1, max: 80 }), (first, slots) => {
      const shown = (from: number) =>
        Array.from({ length: slots }, (_, slot) => lineOfSlot(slot, from, slots))
      const before = shown(first)
      expect([...before].sort((a, b) => a - b)).toEqual(
        Array.from({ length: slots }, (_, i) => first + i)
      )
      const after = shown(first + 1)
      expect(after.filter((line, slot) => line !== before[slot])).toEqual([first + slots])
    })
  )
})

test('a line is brought into sight, and nothing moves where it is', () => {
  const at = { scrollTop: 220, room: 220 }
  expect(scrollToLine(12, at)).toBe(null)
  expect(scrollToLine(2, at)).toBe(22)
  expect(scrollToLine(0, at)).toBe(0)
  expect(scrollToLine(30, at)).toBe(31 * 22 - 220)
})

test('turned names get the height that the longest needs, within bounds', () => {
  expect(labelHeight(['law', 'fact-book'])).toBeGreaterThan(labelHeight(['law', 'e-mail']))
  expect(labelHeight(['a'.repeat(30)])).toBe(labelHeight(['a'.repeat(300)]))
  expect(labelHeight([])).toBe(labelHeight(['law']))
})
