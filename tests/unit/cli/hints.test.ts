import { expect, test } from 'vitest'
import type { ErrorCode, ErrorDetails } from '#shared/errors'
import { hintFor } from '../../../src/cli/hints'

test.each<[ErrorCode, ErrorDetails, string | null]>([
  ['table/invalid', { unnamed: 'runs' }, 'assay import-table … --id COLUMN'],
  ['table/invalid', { file: 't.csv' }, null],
  ['study/from-tables', { documents: 'clean' }, 'leave --documents out'],
  [
    'corpus/invalid-line',
    { file: 'a', line: 1 },
    'assay import … --skip-bad-lines skips and counts them'
  ],
  ['corpus/exists', { name: 'wiki' }, 'assay import … --name OTHER'],
  ['corpus/exists', { found: ['law'] }, null],
  [
    'study/missing-partition',
    { missing: [], found: [] },
    'assay import PROJECT FILES --partition FIELD'
  ],
  ['study/missing-partition', { missing: ['law'], found: ['mail'] }, null],
  [
    'study/missing-domain',
    { missing: 'seed', found: [], role: 'seed' },
    'assay import PROJECT FILES --as seed --name seed'
  ],
  ['study/missing-domain', { missing: ['fiction'], found: [] }, null],
  ['study/not-prepared', { study: 'a', folder: '/p' }, 'assay run /p'],
  ['storage/missing', { folder: '/p', expected: 'project.assay' }, 'assay new /p'],
  ['storage/missing', { path: '/p/tokens/x' }, null],
  ['storage/exists', { folder: '/p', isProject: true }, 'assay status /p'],
  ['storage/exists', { folder: '/p', isProject: false }, null],
  ['usage/invalid', { found: 'x' }, null],
  ['usage/invalid', { simulated: 'gpusPerNode', found: '0' }, '--gpus'],
  ['usage/invalid', { file: 'a.gz', asked: 'inPlace' }, 'leave --in-place out'],
  ['study/missing', { found: [], series: 'replay' }, 'assay vary PROJECT replay'],
  ['study/missing', { found: ['a'] }, null],
  ['run/missing', { studies: ['a / replay 0'] }, 'assay vary PROJECT KIND --run'],
  ['run/missing', { missing: ['a#1'] }, null],
  ['run/diverged', {}, null]
])('%s with %j: %s', (code, details, hint) => expect(hintFor({ code, details })).toBe(hint))
