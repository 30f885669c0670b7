import { expect, test } from 'vitest'
import type { ListedModel, MergeMethodRules } from '#shared/modelsView'
import { firstDraft, mergeRequest, mergedModels } from '../../../src/renderer/state/mergeDraft'

const model = (name: string, role: ListedModel['role'] = 'branch') =>
  ({ id: `run:${name}`, name, role }) as ListedModel
const MODELS = [model('law'), model('seed', 'seed'), model('code')]

const LINEAR: MergeMethodRules = {
  method: 'linear',
  base: 'unused',
  models: [1, 500],
  shared: [{ name: 'normalize', standard: true }],
  perModel: [{ name: 'weight', standard: null }]
}
const TIES: MergeMethodRules = {
  method: 'ties',
  base: 'required',
  models: [1, 500],
  shared: [{ name: 'lambda', standard: 1 }],
  perModel: [
    { name: 'weight', standard: null },
    { name: 'density', standard: 1 }
  ]
}

test('a merge begins with all weighted alike and the seed as base', () => {
  const draft = firstDraft(MODELS, 'merge')
  expect(draft).toMatchObject({ method: 'linear', base: 'run:seed', name: 'merge', dtype: '' })
  expect(mergedModels(draft, LINEAR, MODELS)).toHaveLength(3)
  expect(mergedModels(draft, TIES, MODELS).map(({ name }) => name)).toEqual(['law', 'code'])
})

test('fields left empty are the method’s own, and what is typed is asked for', () => {
  const draft = firstDraft(MODELS, ' merge ')
  draft.method = 'ties'
  draft.shared = { lambda: '0.5', normalize: 'false' }
  draft.perModel['run:law'] = { weight: '2', density: '0.3' }
  draft.dtype = 'BF16'
  // What another method has, as normalize here, is not sent.
  expect(mergeRequest(draft, TIES, MODELS, 'small')).toEqual({
    request: {
      study: 'small',
      name: 'merge',
      method: 'ties',
      base: 'run:seed',
      models: [
        { id: 'run:law', settings: { weight: 2, density: 0.3 } },
        { id: 'run:code', settings: { weight: 1 } }
      ],
      settings: { lambda: 0.5 },
      dtype: 'BF16',
      randomSeed: 1
    }
  })
  const linear = { ...draft, method: 'linear' as const, shared: { normalize: 'false' } }
  expect(mergeRequest(linear, LINEAR, MODELS, 'small')).toMatchObject({
    request: { base: null, settings: { normalize: false } }
  })
})

test('what is missing or no number is said by its name', () => {
  const draft = firstDraft(MODELS, 'merge')
  const problemWith = (change: object) => mergeRequest({ ...draft, ...change }, TIES, MODELS, 's')
  expect(problemWith({ name: ' ' })).toEqual({ problem: 'Name the merge.' })
  expect(problemWith({ perModel: {} })).toEqual({ problem: 'Fill in the weight of law.' })
  expect(problemWith({ shared: { lambda: 'half' } })).toEqual({
    problem: 'The scale of the differences (lambda) is a number; found “half”.'
  })
})
