import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { modelCard } from '#engine/studies/modelCard'
import type { ModelFacts } from '#engine/studies/modelCard'
import { config } from '../../../golden/checkpoints/ours'

const facts: ModelFacts = {
  title: 'a|b <img>\n# c',
  made: 'merged',
  version: '1.2.3',
  study: 'st*dy',
  config,
  fingerprint: 'f'.repeat(64),
  startedFrom: { id: 'weights:123', name: 'org/base: "x"' },
  dtype: 'BF16',
  tokenizer: 'e'.repeat(64),
  measured: [
    {
      domain: 'a|b',
      kind: 'in',
      nats: Math.log(10) * 8,
      tokens: 8,
      bytes: 24,
      fingerprint: 'd'.repeat(64)
    }
  ],
  merge: {
    kind: 'micro',
    mixture: 'a|b',
    parts: [{ unit: 'u#1', fingerprint: 'c'.repeat(64), weight: 0.25 }]
  }
}

const frontOf = (card: string) => parse(/^---\n([^]*?)\n---\n/.exec(card)![1]!) as unknown

test('the front matter is YAML that gives names back as they are', () => {
  expect(frontOf(modelCard(facts))).toEqual({
    library_name: 'transformers',
    pipeline_tag: 'text-generation',
    base_model: 'org/base: "x"',
    base_model_relation: 'merge',
    tags: ['assay', 'merge', 'model-merging'],
    metrics: ['perplexity']
  })
})

test('names cannot break out of tables or headings', () => {
  const card = modelCard(facts)
  expect(card).toContain('\n# a\\|b \\<img\\> \\# c\n')
  expect(card).toContain('| a\\|b | in | 10.000 | 1.1073 | 8 | dddddddddddddddd |')
  expect(card).toContain('| u\\#1 | 0.25 | cccccccccccccccc |')
  expect(card).toContain('Measured on the float32 weights, of which these are rounded.')
})

test('a model that started from random weights, with nothing measured, claims neither base nor metrics', () => {
  const { merge: _, ...rest } = facts
  const run = {
    name: 'seed',
    role: 'seed' as const,
    mixture: null,
    tokens: 1000,
    steps: 10,
    randomSeed: 1,
    draws: []
  }
  const startedFrom = { id: 'random:1', name: 'weights drawn at random (seed 1)' }
  const card = modelCard({ ...rest, made: 'trained', run, startedFrom, measured: [] })
  expect(frontOf(card)).toEqual({
    library_name: 'transformers',
    pipeline_tag: 'text-generation',
    tags: ['assay', 'data-mixture']
  })
  expect(card).toContain('Nothing was measured of this model yet.')
})
