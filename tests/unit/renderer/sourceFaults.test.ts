import { expect, test } from 'vitest'
import type { SourceDescription } from '#shared/sourceDescription'
import { faultsInWords, whyNothing } from '../../../src/renderer/state/sourceFaults'

const seen = (change: Partial<SourceDescription>): SourceDescription => ({
  files: [],
  bytes: 0,
  fields: [],
  likelyTextField: 'text',
  likelyYearField: null,
  likelyTask: null,
  documents: [],
  partitions: null,
  lookedAt: 10,
  withText: 10,
  empty: 0,
  bad: { records: 0, first: null },
  ...change
})

test('faults say what an import does with them', () => {
  expect(faultsInWords(seen({}), false)).toBe(null)
  const bad = seen({ bad: { records: 2, first: 'a.jsonl, line 3: not JSON' }, empty: 1 })
  expect(faultsInWords(bad, false)).toBe(
    '2 records cannot be read and would end the import. The first: a.jsonl, line 3: not JSON\n' +
      '1 of 10 documents has no text and would be left out.'
  )
  expect(faultsInWords(bad, true)).toContain('would be left out. The first')
})

test('an import of nothing is not offered', () => {
  expect(whyNothing(seen({ withText: 1, empty: 9 }), '')).toBe(null)
  expect(whyNothing(seen({ withText: 0, empty: 10 }), 'body')).toContain('in “body”')
  expect(whyNothing(seen({ withText: 0, empty: 10 }), '')).toContain('in “text”')
  expect(whyNothing(seen({ withText: 0, lookedAt: 0 }), '')).toContain('no document')
  expect(whyNothing(seen({ withText: 0, likelyTextField: null }), '')).toContain('has text')
})
