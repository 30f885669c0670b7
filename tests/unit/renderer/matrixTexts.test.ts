import { expect, test } from 'vitest'
import type { Queue, QueuedRun } from '#shared/trainingView'
import { compared, comparedCsv, comparedShares } from '../../../src/renderer/state/comparison'
import { cellWords, nats, rowsCsv, whyMissing } from '../../../src/renderer/state/matrixTexts'
import { TARGET, matrixTable } from '../../../src/renderer/state/matrixView'
import type { MatrixChoice } from '../../../src/renderer/state/matrixView'
import { smallMatrix } from './smallMatrix'

const tableOf = (change: Partial<MatrixChoice> = {}) =>
  matrixTable(smallMatrix, {
    source: 'merge-micro',
    budget: 'sum',
    measure: 'value',
    weights: null,
    ...change
  })

function queueOf(...runs: [QueuedRun['role'], string, boolean][]): Queue {
  return {
    isPrepared: true,
    runs: runs.map(([role, name, isDone]) => ({
      fingerprint: name,
      role,
      name,
      isRepeat: name.includes('random seed'),
      tokens: 1,
      partitions: [],
      isDone,
      isTraining: false,
      isQueued: false,
      isHeld: false,
      trained: 0,
      head: null
    }))
  }
}

test('a cell says its value with all digits, its unit, change, rank and the other kind', () => {
  expect(cellWords(tableOf(), 1, 1, null)).toBe(
    'b on mean-all-log: 2.2 nats/token (merge-micro)\n−0.8000 nats/token against the seed\nrank 1 of 2 measured of its size'
  )
  expect(cellWords(tableOf(), 2, 0, null)).toContain('sequential: 4.482 perplexity')
})

test('a difference is told beside the raw value, or why there is none', () => {
  expect(cellWords(tableOf({ measure: 'difference' }), 1, 1, null)).toMatch(
    /^b on mean-all-log: -0\.1\d+ nats\/token from the mean of its size \(merge-micro\)\n2\.2 nats\/token\n−0\.8000 nats\/token against the seed\nrank 1 of 2/
  )
  expect(cellWords(tableOf({ measure: 'difference' }), 2, 0, null)).toContain(
    `a+b on a: no other of its size is measured, so there is no mean to differ from (merge-micro)\n${Math.E} perplexity`
  )
  const csv = rowsCsv(tableOf({ measure: 'difference' }), [0], [0])
  expect(csv).toContain('"a (merge-micro, nats/token from the mean of its size)"\r\na,1,no,1,0,-1')
})

test('a difference that rounds to nothing has no sign', () => {
  expect(['-0.004', '-0.006', '0', '1.5'].map((value) => nats(Number(value)))).toEqual([
    '0.00',
    '−0.01',
    '0.00',
    '1.50'
  ])
  expect(nats(null)).toBe('–')
})

test('what is not measured says why, and what to do', () => {
  const open = queueOf(['branch', 'a#1', true], ['branch', 'b#1', false], ['branch', 'c#1', false])
  expect(cellWords(tableOf(), 2, 1, open)).toBe(
    'a+b on mean-all-log: not measured. Not trained yet: the branch of b#1. Run the study.'
  )
  const done = queueOf(['branch', 'a#1', true], ['branch', 'b#1', true])
  expect(whyMissing(tableOf(), 2, done)).toContain('select it and evaluate it')
  const again = queueOf(['branch', 'a#1', true], ['branch', 'a#1 (random seed 2)', false])
  expect(whyMissing(tableOf(), 0, again)).toContain('select it and evaluate it')
  const truth = tableOf({ source: 'sequential' })
  expect(whyMissing(truth, 0, done)).toContain('train it sequentially')
  expect(whyMissing(truth, 0, queueOf(['sequential', 'a (sum)', false]))).toContain('to be trained')
})

test('rows are copied as CSV with full digits, an unknown left empty', () => {
  const csv = rowsCsv(tableOf({ weights: [1, 0] }), [0, 2], [TARGET, 1])
  expect(csv).toBe(
    'mixture,size,trained,share of a,share of b,"target (merge-micro, nats/token)","mean-all-log (merge-micro, nats/token)"\r\n' +
      'a,1,no,1,0,2,2.5\r\n' +
      'a+b,2,yes,0.5,0.5,1,\r\n'
  )
})

test('mixtures are compared by their difference from the first, in nats', () => {
  const [first, mean] = compared(tableOf(), [1, 0, 2], [0, 1])
  expect(first!.cells.map(({ difference }) => difference)).toEqual([null, -2, -3])
  expect(mean!.cells.map(({ difference }) => difference && difference.toFixed(3))).toEqual([
    null,
    '0.300',
    null
  ])
  expect(comparedShares(tableOf(), [0])).toEqual([{ name: 'a', member: 0, shares: [1] }])
  expect(comparedCsv(tableOf(), [0, 1], [1])).toMatch(
    /^domain,unit,a,b,"b minus a, nats\/token"\r\nmean-all-log,nats\/token,2.5,2.2,-0.2999/
  )
})
