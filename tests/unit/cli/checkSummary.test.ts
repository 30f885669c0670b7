import { expect, test } from 'vitest'
import type { ProjectCheck } from '#engine'
import { describeCheck } from '../../../src/cli/checkSummary'

const sound: ProjectCheck = {
  folder: '/data/study',
  files: 3,
  bytes: 3000,
  unsealed: 0,
  damaged: [],
  inUse: [],
  movedTo: null
}

const stays = {
  bytes: 10,
  expected: 'a',
  found: 'b',
  aside: null,
  redoing: 'it stays',
  isRedone: false
}

test('runs in use are told beside what is sound', () => {
  expect(describeCheck({ ...sound, inUse: ['runs/a'] }, 'study', false)).toContain(
    'In use, and not checked, since they are being trained: runs/a'
  )
})

test('a repair is offered for what it would move, and a lost curve is redone where that is asked', () => {
  const unreadable = { ...stays, file: 'tokens/a/tokens.bin', found: 'unreadable (EIO)' }
  const words = describeCheck({ ...sound, damaged: [unreadable] }, 'study', false)
  expect(words).toContain('unreadable (EIO)')
  expect(words).not.toContain('--repair')
  const curve = { ...stays, file: 'runs/a/trace.jsonl', aside: 'runs/a/trace.jsonl' }
  const both = describeCheck({ ...sound, damaged: [curve] }, 'study', false)
  expect(both).toContain('assay verify study --repair\n')
  expect(both).toContain('assay verify study --repair --redo-curves')
})
