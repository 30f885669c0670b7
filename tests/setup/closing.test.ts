import { expect, test } from 'vitest'
import { countReport } from '../../scripts/test/vitest.mjs'

const file = (status: string, tests: [string, string][]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map(([fullName, outcome]) => ({ fullName, status: outcome }))
})

test('passed, failed and skipped tests are counted over all files', () => {
  const report = {
    testResults: [
      file('passed', [
        ['a', 'passed'],
        ['b', 'skipped']
      ]),
      file('failed', [
        ['c', 'failed'],
        ['d', 'passed'],
        ['e', 'todo']
      ])
    ]
  }
  expect(countReport(report, false).counts).toEqual({ passed: 2, failed: 1, skipped: 2 })
})

test('a file that fails before its first test is a failure', () => {
  expect(countReport({ testResults: [file('failed', [])] }, false).counts.failed).toBe(1)
})

test('where everything is required only a skip for want of a GPU is allowed', () => {
  const report = {
    testResults: [
      file('passed', [
        ['trains on a GPU', 'skipped'],
        ['trains', 'skipped']
      ])
    ]
  }
  const { counts, forbiddenSkips } = countReport(report, true)
  expect(counts).toEqual({ passed: 0, failed: 1, skipped: 1 })
  expect(forbiddenSkips).toEqual(['a.test.ts: trains'])
})
