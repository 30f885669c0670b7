import { expect, test } from 'vitest'
import type { StoredText, UnitPreview } from '#shared/storedText'
import { ledgerCsv, ledgerRows, ledgerTotal } from '../../../src/renderer/state/tokenLedger'
import {
  SLIDER_STEPS,
  lostRunsWords,
  sizeAt,
  stepOf,
  unitProblems,
  unitWords
} from '../../../src/renderer/state/unitSize'

const amount = (documents: number, bytes: number, tokens: number | null) => ({
  documents,
  bytes,
  tokens
})
const none = amount(0, 0, null)
const text = (name: string, change: Partial<StoredText>): StoredText => ({
  role: 'training',
  name,
  isUsed: true,
  imported: { documents: 0, bytes: 0 },
  training: none,
  heldOut: none,
  duplicates: none,
  unused: none,
  ...change
})
const texts = [
  text('law', { training: amount(10, 900, 300), heldOut: amount(2, 90, 30) }),
  text('mail', { isUsed: false, unused: amount(5, 50, null) })
]
const cut = { partition: 'law', tokens: 300, units: [8, 8], unitTokens: 257, problem: null }
const preview: UnitPreview = {
  sequences: 8,
  partitions: [{ ...cut, leftOverTokens: 43 }],
  seed: null,
  mostForAll: 18,
  mostForAny: 18,
  finishedRuns: 5,
  unusedRuns: 4
}

test('each row of the ledger adds up, and what was never tokenised is not known', () => {
  const rows = ledgerRows(texts, preview, 'tokens')
  expect(rows.map(({ cells }) => cells)).toEqual([
    [330, 257, 43, 30, 0, 0],
    [null, 0, 0, 0, 0, null]
  ])
  expect(ledgerTotal(rows)).toEqual([null, 257, 43, 30, 0, null])
  const bytes = ledgerRows(texts, preview, 'bytes')
  expect(ledgerTotal(bytes)).toEqual([1040, 900, 90, 0, 50])
  expect(ledgerCsv(bytes, 'bytes').split('\r\n')[1]).toBe('law,training,990,900,90,0,0')
  expect(ledgerRows(texts, null, 'tokens')[0]!.cells[0]).toBe(null)
})

test('a unit size is said in words, with what it costs', () => {
  expect(unitWords(preview)).toBe('2 base units from 1 partition, 43 tokens left over')
  expect(lostRunsWords(preview)).toMatch(/^4 of 5 finished runs would not be used/)
  expect(lostRunsWords({ ...preview, unusedRuns: 0 })).toBe(null)
  const small = { ...cut, units: [], leftOverTokens: 300, problem: 'too small' }
  const tooSmall = { ...preview, partitions: [small, { ...small, tokens: null }] }
  expect(unitProblems(tooSmall)).toEqual([{ partition: 'law', why: 'too small' }])
  expect(unitWords(tooSmall)).toMatch(/^0 base units from 0 of 2 partitions/)
})

test('the slider reaches every order of magnitude and both ends', () => {
  expect([sizeAt(0, 5000), sizeAt(SLIDER_STEPS, 5000), sizeAt(500, 10_000)]).toEqual([1, 5000, 100])
  for (const size of [1, 7, 90, 4999]) {
    expect(Math.abs(sizeAt(stepOf(size, 5000), 5000) - size) / size).toBeLessThan(0.01)
  }
  expect([stepOf(3, 1), sizeAt(400, 0), stepOf(9000, 5000)]).toEqual([0, 1, SLIDER_STEPS])
})
