import { expect, it } from 'vitest'
import {
  evaluationFlopsPerToken,
  largestTrainable,
  parameterCount,
  parameterShapes,
  PRESETS,
  trainingFlopsPerToken,
  trainingMemoryBytes,
  trainingsThatFit,
  validateConfig
} from '#engine/model/config'
import { RecipeSchema } from '#shared/records'
import type { DecoderConfig } from '#shared/records'

const recipe = RecipeSchema.parse({ batchSize: 8, peakLearningRate: 1e-3, schedule: 'constant' })

function preset(name: string, vocabularySize: number): DecoderConfig {
  return { ...PRESETS[name]!, vocabularySize }
}

it('counts the parameters of every preset', () => {
  const counts = Object.keys(PRESETS).map((name) => parameterCount(preset(name, 8192)))
  expect(counts).toMatchInlineSnapshot(`
    [
      2888832,
      4229568,
      8867072,
      20453760,
      54817920,
      91245312,
      316720128,
      1231128576,
    ]
  `)
})

it('counts tied embeddings once', () => {
  const config = preset('1m', 2048)
  const untied = parameterCount(config)
  expect(untied - parameterCount({ ...config, tieEmbeddings: true })).toBe(2048 * 128)
  expect(parameterShapes({ ...config, tieEmbeddings: true }).has('lm_head.weight')).toBe(false)
})

it('counts two operations per multiplied parameter, attention, and thrice that in training', () => {
  const config = preset('9m', 8192)
  const multiplied = parameterCount(config) - 8192 * 256 - 13 * 256
  expect(evaluationFlopsPerToken(config)).toBe(2 * multiplied + 2 * 6 * 256 * 256)
  expect(trainingFlopsPerToken(config)).toBe(3 * evaluationFlopsPerToken(config))
})

it('refuses a model that does not fit, with the bytes needed and there', () => {
  const config = preset('1.1b', 50_304)
  const neededBytes = trainingMemoryBytes(config, recipe)
  expect(neededBytes).toBeGreaterThan(20e9)
  expect(() => trainingsThatFit(config, recipe, 8e9)).toThrowError(
    expect.objectContaining({
      code: 'model/out-of-memory',
      details: { neededBytes, availableBytes: 8e9, parameters: parameterCount(config) }
    })
  )
  const small = preset('1m', 2048)
  expect(trainingsThatFit(small, recipe, 8e9)).toBe(
    Math.floor(8e9 / trainingMemoryBytes(small, recipe))
  )
})

it('names the largest preset that fits, and none where nothing does or is known', () => {
  const largest = largestTrainable(50_304, recipe, 24e9)!
  const next = preset('1.1b', 50_304)
  expect(trainingMemoryBytes(next, recipe)).toBeGreaterThan(24e9)
  expect(trainingMemoryBytes(preset(largest.preset, 50_304), recipe)).toBeLessThanOrEqual(24e9)
  expect(largestTrainable(50_304, recipe, 1e3)).toBe(null)
  expect(largestTrainable(50_304, recipe, null)).toBe(null)
})

it.each([
  ['attentionHeads', { attentionHeads: 5 }],
  ['attentionHeads', { hiddenSize: 12, attentionHeads: 4, keyValueHeads: 4 }],
  ['keyValueHeads', { keyValueHeads: 3 }],
  ['hiddenLayers', { hiddenLayers: 0 }]
])('refuses %s that do not fit: %j', (field, change) => {
  expect(() => validateConfig({ ...preset('1m', 2048), ...change })).toThrowError(
    expect.objectContaining({ code: 'model/invalid', details: { field } })
  )
})

it.each(Object.keys(PRESETS))('has a valid preset %s', (name) => {
  expect(() => validateConfig(preset(name, 2048))).not.toThrow()
})
