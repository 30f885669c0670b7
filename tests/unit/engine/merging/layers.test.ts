import { expect, test } from 'vitest'
import { spreadOverLayers } from '#engine/merging/layers'
import { numberOf } from '#engine/merging/methods'
import type { MergeRecipe } from '#shared/merging'

const recipe = (value: number | number[], layers?: number): MergeRecipe => ({
  method: 'slerp',
  base: 'a',
  models: [{ folder: 'b', settings: {} }],
  settings: {
    t: [
      { filter: 'mlp', value },
      { filter: null, value: 0.25 }
    ]
  },
  dtype: null,
  randomSeed: 1,
  ...(layers === undefined ? {} : { layers })
})
const names = [
  'model.embed_tokens.weight',
  ...Array.from({ length: 11 }, (_, i) => `model.layers.${i}.mlp.experts.7.weight`),
  'model.layers.1.self_attn.weight',
  'model.norm.weight'
]
const t = (asked: MergeRecipe, name: string) =>
  numberOf(spreadOverLayers(asked, names), 't', null, name)

test('numbers lie on lines over the layers, for the tensors of their filter', () => {
  const asked = recipe([0, 1, 0])
  const found = names.slice(1, 12).map((name) => Math.round(t(asked, name) * 1000) / 1000)
  expect(found).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1, 0.8, 0.6, 0.4, 0.2, 0])
  expect(t(asked, 'model.layers.1.self_attn.weight')).toBe(0.25)
  expect(t(asked, 'model.norm.weight')).toBe(0.25)
})

test('what lies in no layer has the first number', () => {
  const asked = { ...recipe(0), settings: { t: [{ filter: null, value: [0.7, 1] }] } }
  expect([t(asked, 'model.norm.weight'), t(asked, names[1]!)]).toEqual([0.7, 0.7])
})

test('a recipe that needs no layers is left as it is', () => {
  const asked = recipe(0.5)
  expect(spreadOverLayers(asked, ['anything'])).toBe(asked)
})

test.each<[string, MergeRecipe, string[]]>([
  ['no layers', recipe([0, 1]), ['a', 'b']],
  ['several stacks', recipe([0, 1]), ['vision.0.w', 'text.0.w']],
  ['another number of layers', recipe(0.5, 12), names]
])('%s where layers are needed is refused', (_, asked, tensors) => {
  expect(() => spreadOverLayers(asked, tensors)).toThrow(
    expect.objectContaining({ code: 'merge/invalid' })
  )
})

test('names that are made to hold an expression up are read as quickly as any', () => {
  const asked = recipe([0, 1])
  const hostile = `${'abc.'.repeat(5000)}weight`
  expect(
    numberOf(
      spreadOverLayers(asked, [...names, hostile, 'a..3.b', '.1.b', 'x.9']),
      't',
      null,
      'model.layers.10.mlp.w'
    )
  ).toBe(1)
  expect(() => spreadOverLayers(asked, ['7.mlp', '8.mlp', hostile])).not.toThrow()
  expect(() => spreadOverLayers(asked, ['a.1.mlp', 'b.1.mlp'])).toThrow('a., b.')
})
