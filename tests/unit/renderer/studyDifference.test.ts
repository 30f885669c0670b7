import { expect, test } from 'vitest'
import { parseStudy } from '#engine/studies/study'
import { studyDifference, valueWords } from '../../../src/renderer/state/studyDifference'
import { tinyStudy } from '../../support/builtEngine'

const study = parseStudy(tinyStudy(), 'test')

test('a study differs from itself in nothing, and its name is no difference', () => {
  expect(studyDifference(study, { ...study, name: 'other' })).toEqual([])
})

test('fields are named by their path, with both values', () => {
  const other = {
    ...study,
    branch: { ...study.branch, peakLearningRate: 0.002 },
    sequential: { ...study.sequential, choose: { kind: 'random' as const, count: 8 } }
  }
  expect(studyDifference(study, other)).toEqual([
    { field: 'branch.peakLearningRate', from: 0.003, to: 0.002 },
    { field: 'sequential.choose.kind', from: 'all', to: 'random' },
    { field: 'sequential.choose.count', from: undefined, to: 8 }
  ])
})

test('lists are compared and read as wholes', () => {
  const [difference] = studyDifference(study, { ...study, merges: ['micro'] })
  expect(difference).toMatchObject({ field: 'merges', to: ['micro'] })
  expect([valueWords(difference!.from), valueWords(null)]).toEqual(['micro, macro', '–'])
})
