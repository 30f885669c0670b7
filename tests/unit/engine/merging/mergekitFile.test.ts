import { expect, test } from 'vitest'
import { readMergekit } from '#engine/merging/mergekitFile'

const read = (text: string) => readMergekit(text, 'merge.yaml', 5)

test('models, base, settings of all and of one, filters and types become a recipe', () => {
  const text = `
merge_method: ties
base_model: models/base
models:
  - model: models/base
  - model: models/a
    parameters:
      weight: 0.5
      density:
        - filter: mlp
          value: 0.3
        - value: "5e-1"
  - model: models/b
parameters:
  weight: &one 1
  normalize: false
  lambda: *one
  int8_mask: true
dtype: float32
out_dtype: bfloat16
tokenizer_source: base
`
  expect(read(text)).toEqual({
    method: 'ties',
    base: 'models/base',
    models: [
      {
        folder: 'models/a',
        settings: {
          weight: [{ filter: null, value: 0.5 }],
          density: [
            { filter: 'mlp', value: 0.3 },
            { filter: null, value: 0.5 }
          ]
        }
      },
      { folder: 'models/b', settings: {} }
    ],
    settings: {
      weight: [{ filter: null, value: 1 }],
      normalize: [{ filter: null, value: false }],
      lambda: [{ filter: null, value: 1 }]
    },
    dtype: 'BF16',
    randomSeed: 5
  })
})

test('the base of a method that has none comes first: configuration and tokenizer are the first’s', () => {
  const { base, models } = read(
    'merge_method: karcher\nbase_model: b\nmodels: [{model: a}, {model: b}]'
  )
  expect([base, models.map(({ folder }) => folder)]).toEqual([null, ['b', 'a']])
})

test('gradients are kept as they are, and one slice of all layers is what models says', () => {
  const text = `
merge_method: slerp
base_model: a
slices:
  - sources:
      - model: a
        layer_range: [0, 32]
      - model: b
        layer_range: [0, 32]
parameters:
  t:
    - filter: self_attn
      value: [0, 0.5, 1]
    - value: 0.5
`
  expect(read(text)).toMatchObject({
    base: 'a',
    models: [{ folder: 'b' }],
    settings: {
      t: [
        { filter: 'self_attn', value: [0, 0.5, 1] },
        { filter: null, value: 0.5 }
      ]
    },
    layers: 32
  })
})

const linear = 'merge_method: linear\nmodels:\n  - model: a\n    parameters: {weight: 1}\n'

test.each<[string, string, number, number, RegExp]>([
  [
    'a range of layers',
    `merge_method: linear\nslices:\n  - sources:\n      - model: a\n        layer_range: [4, 8]`,
    5,
    9,
    /slices .*all layers/
  ],
  ['two slices', `merge_method: linear\nslices: [{sources: []}, {sources: []}]`, 2, 1, /slices/],
  [
    'settings of a slice',
    `merge_method: linear\nslices:\n  - sources: []\n    parameters: {}`,
    4,
    5,
    /slices.parameters/
  ],
  [
    'ranges that differ',
    `merge_method: linear\nslices:\n  - sources:\n      - {model: a, layer_range: [0, 4]}\n      - {model: b, layer_range: [0, 5]}`,
    5,
    20,
    /slices/
  ],
  [
    'a range outside of slices',
    `merge_method: linear\nmodels: [{model: a, layer_range: [0, 4]}]`,
    2,
    21,
    /layer_range/
  ],
  [
    'words spread over layers',
    `${linear}parameters:\n  normalize: [true, false]`,
    6,
    3,
    /normalize .*only numbers/
  ],
  ['modules', `modules: {}\nmerge_method: linear`, 1, 1, /modules/],
  ['an unknown method', `merge_method: nearswap\nmodels: []`, 1, 1, /"nearswap" is none of linear/],
  [
    'an unknown setting',
    `${linear}parameters:\n  weigth: 1`,
    6,
    3,
    /weigth .*nor any other method/
  ],
  [
    'a setting of another method',
    `${linear}parameters:\n  density: 1`,
    6,
    3,
    /density .*linear has no such/
  ],
  [
    'a setting of all, of one model',
    'merge_method: linear\nmodels:\n  - model: a\n    parameters:\n      normalize: true',
    5,
    7,
    /one of all models/
  ],
  ['an unknown key', `${linear}merge_methods: x`, 5, 1, /merge_methods .*no such key/],
  ['an adapter', 'merge_method: linear\nmodels:\n  - model: a+lora', 3, 12, /adapters/],
  ['a union of tokenizers', `${linear}tokenizer_source: union`, 5, 1, /tokenizer_source/],
  [
    'tokens to be added',
    `${linear}tokenizer:\n  source: base\n  tokens: {}`,
    7,
    3,
    /tokenizer.tokens/
  ],
  ['a chat template', `${linear}chat_template: auto`, 5, 1, /chat_template/],
  ['an unknown type', `${linear}dtype: int8`, 5, 1, /dtype .*"int8" is none of/],
  ['a word for a number', `${linear}parameters:\n  normalize: x`, 6, 14, /normalize/],
  [
    'a base that a method has none for',
    `${linear}base_model: c`,
    5,
    1,
    /base_model .*linear has no base/
  ],
  ['no models', 'merge_method: linear', 1, 1, /models .*missing/],
  ['what is no map', '- a', 1, 1, /the file .*keys with values/],
  ['what is no YAML', 'merge_method: [', 1, 16, /the file/]
])('%s is refused by name, with its place', (_, text, line, column, message) => {
  let error: unknown
  try {
    read(text)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toMatchObject({
    code: 'merge/invalid',
    message: expect.stringMatching(message),
    details: { file: 'merge.yaml', line, column }
  })
})

test('what a method cannot be done with is said with the file', () => {
  expect(() => read('merge_method: ties\nmodels: [{model: a, parameters: {weight: 1}}]')).toThrow(
    'merge.yaml: ties wants a base'
  )
})
