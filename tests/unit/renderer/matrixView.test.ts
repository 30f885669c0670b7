import { expect, test } from 'vitest'
import type { Matrix } from '#shared/contract'
import { among, matrixRows } from '../../../src/renderer/state/matrixView'
import type { MatrixChoice } from '../../../src/renderer/state/matrixView'

const E = Math.E
const matrix: Matrix = {
  members: ['a', 'b'],
  domains: [
    { name: 'a', kind: 'in', partition: 'a' },
    { name: 'mean-all-log', kind: 'mean', partition: null }
  ],
  seed: [E ** 3, 3],
  rows: [
    { mixture: 'a', size: 1, shares: [1, 0], isMerge: true },
    { mixture: 'b', size: 1, shares: [0, 1], isMerge: true },
    { mixture: 'a+b', size: 2, shares: [0.5, 0.5], isMerge: false }
  ],
  proxies: [
    {
      name: 'merge-micro',
      values: [
        [E ** 2, 2.5],
        [E ** 4, 2.2],
        [E, null]
      ]
    }
  ],
  sequential: [
    {
      budget: 'sum',
      values: [
        [null, null],
        [null, null],
        [E ** 1.5, 2]
      ],
      areMerges: [true, false, false]
    }
  ]
}
const choice: MatrixChoice = {
  source: 'merge-micro',
  budget: 'sum',
  measure: 'change',
  sortBy: null,
  holding: []
}
const rows = (change: Partial<MatrixChoice> = {}) => matrixRows(matrix, { ...choice, ...change })

test('the change against the seed is in nats, whether a column holds perplexities or nats', () => {
  const cells = rows().map((row) => row.cells.map((cell) => cell && Number(cell.toFixed(9))))
  expect(cells).toEqual([
    [-1, -0.5],
    [1, -0.8],
    [-2, null]
  ])
})

test('ranks count within one size, and what is not measured has none', () => {
  expect(rows({ measure: 'rank' }).map((row) => row.cells)).toEqual([
    [1, 2],
    [2, 1],
    [1, null]
  ])
})

test('equal values share the better rank, and ten thousand mixtures are ranked at once', () => {
  const values = Array.from({ length: 10_000 }, (_, i) => [i % 2 === 0 ? 5 : 10_000 - i])
  const large: Matrix = {
    ...matrix,
    domains: [matrix.domains[0]!],
    rows: values.map((_, i) => ({ mixture: `m${i}`, size: 1, shares: [1, 0], isMerge: false })),
    proxies: [{ name: 'merge-micro', values }],
    sequential: []
  }
  const ranks = matrixRows(large, { ...choice, measure: 'rank' }).map((row) => row.cells[0])
  // 9,999, 9,997, … stand for odd places; 1 and 3 are lower than the fives, which 5 ties with.
  expect([ranks[0], ranks[2], ranks[9999], ranks[9997], ranks[9995], ranks[9993]]).toEqual([
    3, 3, 1, 2, 3, 5004
  ])
})

test('sorting stays within sizes', () => {
  expect(rows({ sortBy: 1 }).map((row) => row.mixture)).toEqual(['b', 'a', 'a+b'])
})

test('proxy and sequential values are never mixed in one column', () => {
  const found = rows({ source: 'sequential', measure: 'value' })
  expect(found.map((row) => row.cells[1])).toEqual([null, null, 2])
  expect(rows().map((row) => row.isTrained)).toEqual([false, false, true])
})

test('a choice that a study does not have gives way to the first that it has', () => {
  expect([among('sum', ['fixed']), among('b', ['a', 'b']), among('sum', [])]).toEqual([
    'fixed',
    'b',
    'sum'
  ])
})

test('mixtures may be asked to hold partitions', () => {
  expect(rows({ holding: ['a'] }).map((row) => row.mixture)).toEqual(['a', 'a+b'])
  expect(rows({ source: 'nothing' })).toEqual([])
})
