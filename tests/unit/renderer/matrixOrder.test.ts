import { expect, test } from 'vitest'
import {
  NO_FILTER,
  filteredPlaces,
  matrixLines,
  nextSort,
  nextWish
} from '../../../src/renderer/state/matrixOrder'
import type { MatrixFilter, MatrixSort } from '../../../src/renderer/state/matrixOrder'
import { leftColumns } from '../../../src/renderer/state/matrixColumns'
import { matrixTable } from '../../../src/renderer/state/matrixView'
import { smallMatrix } from './smallMatrix'

const filtered = (change: Partial<MatrixFilter>) =>
  filteredPlaces(
    smallMatrix,
    { ...NO_FILTER, ...change },
    leftColumns(smallMatrix.members, false)
  ).map((place) => smallMatrix.rows[place]!.mixture)

test('mixtures are kept by words, size, what they hold and how much of it', () => {
  expect(filtered({})).toEqual(['a', 'b', 'a+b'])
  expect(filtered({ text: 'B' })).toEqual(['b', 'a+b'])
  expect(filtered({ text: 'b -a' })).toEqual(['b'])
  expect(filtered({ text: '-' })).toEqual([])
  expect(filtered({ sizes: [2] })).toEqual(['a+b'])
  expect(filtered({ wishes: { a: 'with' } })).toEqual(['a', 'a+b'])
  expect(filtered({ wishes: { a: 'with', b: 'without' } })).toEqual(['a'])
  expect(filtered({ wishes: { a: 'with' }, atLeast: 0.6 })).toEqual(['a'])
  expect(filtered({ wishes: { a: 'with' }, atLeast: 0.5 })).toEqual(['a', 'a+b'])
})

test('a mixture whose name is a hash is found by its members', () => {
  const rows = [{ mixture: 'm:79072a47bfaa', size: 2, shares: [0.5, 0.5], isMerge: false }]
  const matrix = { ...smallMatrix, rows }
  expect(filteredPlaces(matrix, { ...NO_FILTER, text: 'a+b' }, [])).toEqual([0])
  expect(filteredPlaces(matrix, { ...NO_FILTER, text: 'c' }, [])).toEqual([])
})

test('sorting stays within sizes, and what is not measured comes last either way', () => {
  const table = matrixTable(smallMatrix, {
    source: 'merge-micro',
    budget: 'sum',
    measure: 'value',
    weights: null
  })
  const lines = (sort: MatrixSort, places = [0, 1, 2]) =>
    matrixLines(table, places, sort).map((line) =>
      line.kind === 'size' ? line.size : smallMatrix.rows[line.place]!.mixture
    )
  expect(lines({ column: null, isDescending: false })).toEqual([1, 'a', 'b', 2, 'a+b'])
  expect(lines({ column: 1, isDescending: false })).toEqual([1, 'b', 'a', 2, 'a+b'])
  expect(lines({ column: 0, isDescending: true })).toEqual([1, 'b', 'a', 2, 'a+b'])
  const unmeasured = {
    ...smallMatrix,
    proxies: [
      {
        name: 'merge-micro',
        values: [
          [null, null],
          [2, 2],
          [2, 2]
        ]
      }
    ]
  }
  const holed = matrixTable(unmeasured, table.choice)
  for (const isDescending of [false, true]) {
    const found = matrixLines(holed, [0, 1, 2], { column: 0, isDescending })
    expect(found.slice(0, 3)).toEqual([
      { kind: 'size', size: 1, mixtures: 2, measured: 1, trained: 0 },
      { kind: 'mixture', place: 1 },
      { kind: 'mixture', place: 0 }
    ])
  }
})

test('clicks cycle', () => {
  const none = { column: null, isDescending: false }
  const up = nextSort(none, 3)
  expect([up, nextSort(up, 3), nextSort(nextSort(up, 3), 3), nextSort(up, 4)]).toEqual([
    { column: 3, isDescending: false },
    { column: 3, isDescending: true },
    none,
    { column: 4, isDescending: false }
  ])
  expect([nextWish(undefined), nextWish('with'), nextWish('without')]).toEqual([
    'with',
    'without',
    undefined
  ])
})
