import { expect, test } from 'vitest'
import type { FoundModel } from '#shared/modelsView'
import {
  firstChoices,
  freeName,
  holdsCheckpoint,
  importProblem,
  numberOf,
  placedModels,
  tooMuchToStream
} from '../../../src/renderer/state/modelImportChoice'

function found(source: string, change: Partial<FoundModel> = {}): FoundModel {
  return {
    source,
    role: 'branch',
    partition: source.split('/').at(-1)!,
    mixture: null,
    tokens: null,
    chosenBy: 'design',
    className: 'LlamaForCausalLM',
    parameters: 10,
    bytes: 40,
    problem: null,
    ...change
  }
}

const FOUND = [
  found('c/seed', { role: 'seed', partition: null }),
  found('c/art'),
  found('c/law', { tokens: 4000 }),
  found('c/art+law', { role: 'sequential', partition: null, mixture: 'art+law' }),
  found('c/broken', { problem: 'c/broken cannot be read', bytes: null })
]
const problemOf = (
  change: (choices: ReturnType<typeof firstChoices>) => unknown = () => undefined,
  { name = 'taken', window = '' } = {}
) => {
  const choices = firstChoices(FOUND)
  change(choices)
  return importProblem(choices, name, window, ['small'])
}

test('what was found is taken as it was placed, but for what cannot be read', () => {
  expect(problemOf()).toBeNull()
  expect(
    placedModels(firstChoices(FOUND)).map(({ source, role, partition, mixture, tokens }) => [
      source,
      role,
      partition,
      mixture,
      tokens
    ])
  ).toEqual([
    ['c/seed', 'seed', null, null, null],
    ['c/art', 'branch', 'art', null, null],
    ['c/law', 'branch', 'law', null, 4000],
    ['c/art+law', 'sequential', null, 'art+law', null]
  ])
})

test.each<[string, Parameters<typeof problemOf>, RegExp]>([
  ['no branch', [(all) => all.forEach((one) => (one.role = 'sequential'))], /At least one/],
  ['two seeds', [(all) => (all[1]!.role = 'seed')], /one seed model/],
  ['no partition', [(all) => (all[1]!.partition = ' ')], /Name the partition/],
  ['a reserved letter', [(all) => (all[1]!.partition = 'a+b')], /holds none of/],
  ['a stranger in a mixture', [(all) => (all[3]!.mixture = 'art+mail')], /“mail” has no branch/],
  ['no mixture', [(all) => (all[3]!.mixture = '')], /say of which mixture/],
  ['a weight of nothing', [(all) => (all[3]!.mixture = 'art*0+law')], /weight of art/],
  ['tokens in words', [(all) => (all[1]!.tokens = 'many')], /whole number/],
  ['something broken', [(all) => (all[4]!.isTaken = true)], /cannot be read/],
  ['no name', [undefined, { name: ' ' }], /Name the study/],
  ['a name that is taken', [undefined, { name: 'small' }], /study “small” already/],
  ['a window in words', [undefined, { window: 'all' }], /window as a whole number/]
])('with %s it is said what to do', (_, of, words) => {
  expect(problemOf(...of)).toMatch(words)
})

test('a mixture by weights is a mixture', () => {
  expect(problemOf((all) => (all[3]!.mixture = ' art*0.25 + law*0.75 '))).toBeNull()
})

test('numbers are read with blanks between thousands, and nothing is nothing', () => {
  expect(['', '2 048', '2\u2009048', '0', '-1', '1.5'].map(numberOf)).toEqual([
    undefined,
    2048,
    2048,
    null,
    null,
    null
  ])
})

test('checkpoints are told from text, names from those that are taken, and much from too much', () => {
  expect(holdsCheckpoint(['a/config.json', 'a/model.safetensors'])).toBe(true)
  expect(holdsCheckpoint(['a/config.json', 'a/text.jsonl'])).toBe(false)
  expect(freeName(['models', 'models-2'])).toBe('models-3')
  expect(tooMuchToStream(20e9)).toBeNull()
  expect(tooMuchToStream(21e9)).toMatch(/21\.0 GB; .* “assay import-models”/)
})
