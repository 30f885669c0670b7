import { expect, test } from 'vitest'
import { PRESETS } from '#engine/model/config'
import { assertStartsFrom } from '#engine/studies/seedCheckpoint'
import { defaultStudy, parseStudy } from '#engine/studies/study'
import type { SeedCheckpoint } from '#engine/workers/jobs'
import { preparedText } from '../../../support/preparedText'

const seedRecipe = { batchSize: 16, peakLearningRate: 2e-3, schedule: 'cosine', warmupSteps: 50 }

/** A study as somebody would write it, as short as it may be. */
const draft = (change: object = {}): object => ({
  version: 1,
  name: 'mine',
  tokenizer: { kind: 'train', vocabularySize: 512 },
  model: '1m',
  seed: { source: 'text', corpus: 'wiki', tokenBudget: 1e6, recipe: seedRecipe },
  branch: { batchSize: 16 },
  unit: { sequences: 100 },
  mixtures: { choose: { kind: 'all' } },
  sequential: { choose: { kind: 'none' } },
  ...change
})
const parse = (change: object = {}) => parseStudy(draft(change), 'study.json')

test('branches train on at the rate the seed ended with, its moments carried, by default', () => {
  const { model, branch } = parse()
  expect(model).toEqual(PRESETS['1m'])
  expect(branch).toMatchObject({
    peakLearningRate: expect.closeTo(2e-4, 12) as number,
    schedule: 'constant',
    warmupSteps: 0,
    start: 'weights-and-moments'
  })
})

test('a start without moments is warmed up', () => {
  expect(parse({ branch: { batchSize: 16, start: 'weights' } }).branch.warmupSteps).toBe(20)
  const given = parse({ branch: { batchSize: 16, start: 'weights', warmupSteps: 3 } })
  expect(given.branch.warmupSteps).toBe(3)
})

test.each([
  [{ source: 'checkpoint', path: '/models/base' }, 'weights'],
  [{ source: 'none' }, 'none']
])('from %j branches carry %s', (seed, start) => {
  const { branch } = parse({ seed, branch: { batchSize: 16, peakLearningRate: 1e-3 } })
  expect(branch).toMatchObject({ start, warmupSteps: 20 })
})

test.each<[string, object]>([
  ['model', { model: '7b' }],
  ['branch.microBatchSize', { branch: { batchSize: 16, microBatchSize: 5 } }],
  [
    'branch.replay',
    { seed: { source: 'none' }, branch: { batchSize: 16, peakLearningRate: 1e-3, replay: 0.1 } }
  ],
  [
    'branch.start',
    {
      seed: { source: 'none' },
      branch: { batchSize: 16, peakLearningRate: 1e-3, start: 'weights' }
    }
  ],
  [
    'seed.recipe.replay',
    {
      seed: {
        source: 'text',
        corpus: 'wiki',
        tokenBudget: 1e6,
        recipe: { ...seedRecipe, replay: 0.5 }
      }
    }
  ],
  [
    'seed.recipe.start',
    {
      seed: {
        source: 'text',
        corpus: 'wiki',
        tokenBudget: 1e6,
        recipe: { ...seedRecipe, start: 'weights' }
      }
    }
  ],
  [
    'branch.peakLearningRate: the seed',
    {
      seed: {
        source: 'text',
        corpus: 'wiki',
        tokenBudget: 1e6,
        recipe: { ...seedRecipe, schedule: 'anneal' }
      },
      branch: { batchSize: 16 }
    }
  ],
  ['unit.sequences', { unit: { sequences: 8 } }],
  ['holdOut', { holdOut: { shares: 0.1 } }],
  ['name', { name: 'a+b' }]
])('what is wrong with %s is said with its name', (field, change) => {
  expect(() => parse(change)).toThrowError(
    expect.objectContaining({
      code: 'study/invalid',
      message: expect.stringContaining(field) as string
    })
  )
})

test('a study of a newer version is refused, not guessed', () => {
  expect(() => parse({ version: 2 })).toThrowError(
    expect.objectContaining({ code: 'storage/newer-version' })
  )
})

test('the study to begin with is one, whatever its name', () => {
  const study = defaultStudy('my study')
  expect(parseStudy(study, 'itself')).toEqual(study)
})

test('a checkpoint that does not fit is refused with everything that differs', () => {
  const study = parse({
    seed: { source: 'checkpoint', path: '/models/base' },
    branch: { batchSize: 16, peakLearningRate: 1e-3, start: 'weights-and-moments' }
  })
  const prepared = preparedText({ law: 1 })
  const fitting: SeedCheckpoint = {
    folder: '/models/base',
    config: { ...study.model, vocabularySize: prepared.tokenizer.vocabularySize },
    fingerprint: 'f',
    tokenizer: prepared.tokenizer.fingerprint,
    hasMoments: true
  }
  expect(() => assertStartsFrom(fitting, study, prepared)).not.toThrow()
  const config = { ...fitting.config, hiddenLayers: 9, contextLength: 64, vocabularySize: 10 }
  const other = { ...fitting, config, tokenizer: 'another', hasMoments: false }
  let message = ''
  try {
    assertStartsFrom(other, study, prepared)
  } catch (error) {
    message = (error as Error).message
  }
  for (const what of ['hiddenLayers', 'contextLength', 'tokenizer', '10 embeddings', 'optimizer']) {
    expect(message).toContain(what)
  }
})
