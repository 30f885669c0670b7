import { expect, test } from 'vitest'
import type { DocumentLine } from '#shared/storedText'
import { listCsv } from '../../../src/renderer/state/documentLines'
import {
  overlapCsv,
  overlapTable,
  overlapWords,
  shadeStep,
  shareWords,
  sharedPart
} from '../../../src/renderer/state/overlapTable'

const overlap = {
  partition: 'law',
  domain: 'mail',
  grams: 200,
  sharedGrams: 5,
  documents: 9,
  overlappingDocuments: 1
}
const domain = (name: string) => ({
  name,
  kind: 'in' as const,
  fingerprint: name,
  documents: 9,
  tokens: 90,
  bytes: 300,
  overlapping: 1,
  duplicatesRemoved: 0
})
const catalogue = {
  partitions: [],
  domains: [domain('mail'), domain('law')],
  overlaps: [overlap]
}

test('overlaps are a table of texts and domains, what was not compared stays empty', () => {
  const table = overlapTable(catalogue)
  expect(table).toEqual({
    domains: ['mail', 'law'],
    rows: [{ text: 'law', cells: [overlap, null] }]
  })
  expect(overlapCsv(table)).toBe('text,mail,law\r\nlaw,0.025,\r\n')
  expect(overlapWords('law', 'mail', overlap)).toMatch(/5 of 200 .* 1 of 9 documents/)
  expect(sharedPart({ ...overlap, grams: 0 })).toBe(null)
})

test('small shares are neither nothing nor without a shade', () => {
  expect([null, 0, 0.0001, 0.025, 0.4].map(shareWords)).toEqual([
    '–',
    '0',
    '< 0.1 %',
    '2.5 %',
    '40 %'
  ])
  expect([null, 0, 0.0001, 1].map((share) => shadeStep(share))).toEqual([0, 0, 1, 8])
})

test('lines that were read are copied with their fields', () => {
  const line: DocumentLine = {
    corpus: 'laws',
    partition: 'law',
    document: 3,
    bytes: 20,
    tokens: null,
    fate: 'heldOut',
    unit: null,
    fields: { year: '2001' },
    preview: 'An "act", amended',
    matches: 0
  }
  expect(listCsv([line, undefined])).toBe(
    'corpus,partition,document,bytes,tokens,fate,base_unit,matches,year,preview\r\n' +
      'laws,law,3,20,,held out,,0,2001,"An ""act"", amended"\r\n'
  )
})
