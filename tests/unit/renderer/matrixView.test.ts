import { expect, test } from 'vitest'
import type { Matrix } from '#shared/evidenceView'
import {
  TARGET,
  among,
  differenceUnit,
  matrixTable,
  tellingMeasure,
  unitOf
} from '../../../src/renderer/state/matrixView'
import type { MatrixChoice } from '../../../src/renderer/state/matrixView'
import { matrixIn, withoutChoicesWords } from '../../../src/renderer/state/taskMatrix'
import { smallMatrix } from './smallMatrix'

const choice: MatrixChoice = {
  source: 'merge-micro',
  budget: 'sum',
  measure: 'change',
  weights: null
}
const tableOf = (change: Partial<MatrixChoice> = {}, matrix = smallMatrix) =>
  matrixTable(matrix, { ...choice, ...change })
const cells = (change: Partial<MatrixChoice> = {}, columns = [0, 1], matrix = smallMatrix) => {
  const table = tableOf(change, matrix)
  return matrix.rows.map((_, place) =>
    columns.map((column) => {
      const cell = table.cell(place, column)
      return cell === null ? null : Number(cell.toFixed(9))
    })
  )
}

test('the change against the seed is in nats, whether a column holds perplexities or nats', () => {
  expect(cells()).toEqual([
    [-1, -0.5],
    [1, -0.8],
    [-2, null]
  ])
})

test('ranks count within one size, and what is not measured has none', () => {
  expect(cells({ measure: 'rank' })).toEqual([
    [1, 2],
    [2, 1],
    [1, null]
  ])
  expect(tableOf().rank(1, 0)).toEqual({ rank: 2, of: 2 })
})

test('equal values share the better rank, and ten thousand mixtures are ranked at once', () => {
  const values = Array.from({ length: 10_000 }, (_, i) => [i % 2 === 0 ? 5 : 10_000 - i])
  const large: Matrix = {
    ...smallMatrix,
    domains: [smallMatrix.domains[0]!],
    rows: values.map((_, i) => ({ mixture: `m${i}`, size: 1, shares: [1, 0], isMerge: false })),
    proxies: [{ name: 'merge-micro', values }],
    sequential: []
  }
  const ranks = cells({ measure: 'rank' }, [0], large).map(([rank]) => rank)
  // 9,999, 9,997, … stand for odd places; 1 and 3 are lower than the fives, which 5 ties with.
  expect([ranks[0], ranks[2], ranks[9999], ranks[9997], ranks[9995], ranks[9993]]).toEqual([
    3, 3, 1, 2, 3, 5004
  ])
})

test('proxy and sequential values are never mixed in one column; the other is beside it', () => {
  const truth = tableOf({ source: 'sequential', measure: 'value' })
  expect(smallMatrix.rows.map((_, place) => truth.cell(place, 1))).toEqual([null, null, 2])
  expect([truth.isMeasured(0), truth.isMeasured(2)]).toEqual([false, true])
  expect([0, 1, 2].map((place) => truth.otherValue(place, 1))).toEqual([2.5, 2.2, null])
  const proxy = tableOf()
  expect([0, 1, 2].map((place) => proxy.otherValue(place, 1))).toEqual([null, null, 2])
  expect([0, 1, 2].map((place) => proxy.isTrained(place))).toEqual([false, false, true])
})

test('the target is the weighted mean of nats; a domain without weight need not be measured', () => {
  const even = { weights: [1, 3] }
  expect(cells({ ...even, measure: 'value' }, [TARGET])).toEqual([[2.375], [2.65], [null]])
  // The seed's own: (3 + 3 · 3) / 4.
  expect(cells(even, [TARGET])).toEqual([[-0.625], [-0.35], [null]])
  expect(cells({ weights: [2, 0] }, [TARGET])).toEqual([[-1], [1], [-2]])
  expect(cells({ weights: [0, 0] }, [TARGET])).toEqual([[null], [null], [null]])
  expect(cells({ weights: [1, 0], measure: 'rank' }, [TARGET])).toEqual([[1], [2], [1]])
})

test('shades go around the seed, over all columns or to the end of each', () => {
  const table = tableOf()
  expect([0, 1, 2].map((place) => table.shade(place, 0, true))).toEqual([-0.5, 0.5, -1])
  expect(table.shade(0, 1, true)).toBeCloseTo(-0.25)
  expect(table.shade(0, 1, false)).toBeCloseTo(-0.625)
  expect(table.shade(2, 1, false)).toBe(null)
  const ranks = tableOf({ measure: 'rank' })
  expect([0, 1, 2].map((place) => ranks.shade(place, 0, true))).toEqual([-1, 1, 0])
})

test('differences are from the mean of a size, which one alone in its size does not have', () => {
  expect(cells({ measure: 'difference' })).toEqual([
    [-1, 0.15],
    [1, -0.15],
    [null, null]
  ])
  const table = tableOf({ measure: 'difference' })
  expect([0, 1, 2].map((place) => table.shade(place, 0, false))).toEqual([-1, 1, null])
  expect(table.shade(0, 1, false)).toBeCloseTo(1)
  expect(table.shade(0, 1, true)).toBeCloseTo(0.15)
})

test('one mixture that is built is held against those of its size in the study', () => {
  const rows = [{ mixture: 'a*2+b', size: 1, shares: [0.7, 0.3], isMerge: false }]
  const proxies = [{ name: 'merge-micro', values: [[Math.E ** 2.5, null]] }]
  const built = { ...smallMatrix, rows, proxies, sequential: [] }
  const own = (measure: MatrixChoice['measure']) =>
    matrixTable(built, { ...choice, measure }, tableOf({ measure }))
  const difference = own('difference')
  expect(difference.cell(0, 0)).toBeCloseTo(-0.5)
  expect(difference.shade(0, 0, false)).toBeCloseTo(-0.5)
  expect(difference.cell(0, 1)).toBe(null)
  // Losses 2 and 4 are of its size; the furthest of any from the seed's 3 is a+b's 1.
  expect(own('rank').rank(0, 0)).toEqual({ rank: 2, of: 3 })
  expect(own('change').shade(0, 0, false)).toBeCloseTo(-0.25)
})

test('before a measure is chosen it is the one that tells mixtures apart', () => {
  const { rows } = smallMatrix
  expect(tellingMeasure(rows, true)).toBe('difference')
  expect(tellingMeasure(rows.slice(1), true)).toBe('change')
  expect(tellingMeasure(rows.slice(1), false)).toBe('value')
})

test('without a seed shades go around the middle, and there is no change against it', () => {
  const seedless = { ...smallMatrix, seed: [null, null] }
  const table = tableOf({}, seedless)
  expect(table.hasSeed).toBe(false)
  expect(table.change(0, 0)).toBe(null)
  expect([0, 1, 2].map((place) => table.shade(place, 0, false))).toEqual([0, 1, -0.5])
})

test('units are said', () => {
  expect(unitOf(smallMatrix, 0, 'value')).toBe('perplexity')
  expect(unitOf(smallMatrix, 1, 'value')).toBe('nats/token')
  expect(unitOf(smallMatrix, TARGET, 'value')).toBe('nats/token')
  expect(unitOf(smallMatrix, 0, 'rank')).toBe('rank within its size')
})

test('a choice that a study does not have gives way to the first that it has', () => {
  expect([among('sum', ['fixed']), among('b', ['a', 'b']), among('sum', [])]).toEqual([
    'fixed',
    'b',
    'sum'
  ])
})

const quizzed: Matrix = {
  ...smallMatrix,
  tasks: {
    domains: [
      { name: 'quiz', kind: 'out', partition: null },
      { name: 'old', kind: 'out', partition: null }
    ],
    withoutChoices: ['old'],
    metrics: [
      {
        metric: 'accuracy',
        seed: [0.25, null],
        proxies: [
          {
            name: 'merge-micro',
            values: [
              [0.5, null],
              [0.75, null],
              [0, null]
            ]
          }
        ],
        sequential: [
          {
            budget: 'sum',
            values: [
              [null, null],
              [null, null],
              [1, null]
            ]
          }
        ]
      }
    ]
  }
}

test('of a metric of tasks more is better, and values, changes and ranks are its own', () => {
  const accuracy = matrixIn(quizzed, 'accuracy')
  expect(accuracy.domains.map(({ name }) => name)).toEqual(['quiz', 'old'])
  expect(cells({ measure: 'value' }, [0, 1], accuracy)).toEqual([
    [0.5, null],
    [0.75, null],
    [0, null]
  ])
  expect(cells({ measure: 'change' }, [0], accuracy)).toEqual([[0.25], [0.5], [-0.25]])
  expect(cells({ measure: 'difference' }, [0], accuracy)).toEqual([[-0.125], [0.125], [null]])
  expect(cells({ measure: 'rank' }, [0], accuracy)).toEqual([[2], [1], [1]])
  const table = tableOf({}, accuracy)
  expect([0, 1, 2].map((place) => table.shade(place, 0, false))).toEqual([-0.5, -1, 0.5])
  expect(table.levelAt(-1, 0, false)).toBe(0.5)
  expect(table.otherValue(2, 0)).toBe(1)
  expect([unitOf(accuracy, 0, 'value'), differenceUnit(accuracy)]).toEqual(['accuracy', 'accuracy'])
  expect(matrixIn(quizzed, 'loss')).toBe(quizzed)
})

test('a task without choices says what to do, where a metric wants them', () => {
  expect(withoutChoicesWords(quizzed, 'accuracy')).toContain('import it again')
  expect(withoutChoicesWords(quizzed, 'loss')).toBe(null)
  expect(withoutChoicesWords(smallMatrix, 'accuracy')).toBe(null)
})
