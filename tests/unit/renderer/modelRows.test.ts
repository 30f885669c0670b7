import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ListedModel } from '#shared/modelsView'
import {
  filteredModels,
  modelsCsv,
  sortedModels,
  whyNotWritten,
  writtenBytes
} from '../../../src/renderer/state/modelRows'

function model(name: string, change: Partial<ListedModel> = {}): ListedModel {
  return {
    id: `run:${name}`,
    role: 'branch',
    name,
    partition: name.split('#')[0]!,
    mixture: null,
    state: 'done',
    source: null,
    tokens: 100,
    parameters: 1000,
    bytes: 4000,
    fingerprint: name,
    folder: `runs/${name}/checkpoint`,
    ...change
  }
}

const MODELS = [
  model('seed', { role: 'seed', partition: null, tokens: 5000 }),
  model('law#10', { tokens: null }),
  model('law#2', { source: 'checkpoints/law/unit-2' }),
  model('code+law (sum)', {
    role: 'sequential',
    partition: null,
    mixture: 'code+law',
    tokens: 200
  }),
  model('both', { role: 'merge', partition: null, folder: 'exports/small/both', tokens: null })
]
const names = (models: readonly ListedModel[]) => models.map(({ name }) => name)

test('models are found by words in name, role, what they are of and where they came from', () => {
  expect(names(filteredModels(MODELS, 'LAW', ''))).toEqual(['law#10', 'law#2', 'code+law (sum)'])
  expect(names(filteredModels(MODELS, 'law -sequential', ''))).toEqual(['law#10', 'law#2'])
  expect(names(filteredModels(MODELS, 'checkpoints', ''))).toEqual(['law#2'])
  expect(names(filteredModels(MODELS, 'exports', ''))).toEqual(['both'])
  expect(names(filteredModels(MODELS, '', 'seed'))).toEqual(['seed'])
  // A dash alone is typed on the way to a word.
  expect(filteredModels(MODELS, '-', '')).toHaveLength(5)
})

test('names sort as people count, numbers by size, and what is not known stays last', () => {
  const by = (column: 'name' | 'tokens', isUp: boolean) =>
    names(sortedModels(MODELS, { column, isUp }))
  expect(by('name', true)).toEqual(['both', 'code+law (sum)', 'law#2', 'law#10', 'seed'])
  expect(by('tokens', true)).toEqual(['law#2', 'code+law (sum)', 'seed', 'law#10', 'both'])
  expect(by('tokens', false)).toEqual(['seed', 'code+law (sum)', 'law#2', 'law#10', 'both'])
  expect(names(sortedModels(MODELS, null))).toEqual(names(MODELS))
})

test('sorting loses no model and is the same twice', () => {
  const some = fc.array(
    fc.record({ name: fc.string(), tokens: fc.option(fc.nat()), bytes: fc.option(fc.nat()) })
  )
  const order = fc.record({
    column: fc.constantFrom('name' as const, 'tokens' as const, 'bytes' as const),
    isUp: fc.boolean()
  })
  fc.assert(
    fc.property(some, order, (given, by) => {
      const models = given.map((one, i) => model(`${i}`, one))
      const sorted = sortedModels(models, by)
      expect(new Set(sorted)).toEqual(new Set(models))
      expect(sortedModels(sorted, by)).toEqual(sorted)
    })
  )
})

test('what is written takes four bytes or two of each parameter, and not all can be written', () => {
  expect([writtenBytes(MODELS[0]!, 'F32'), writtenBytes(MODELS[0]!, 'BF16')]).toEqual([4000, 2000])
  expect(writtenBytes({ parameters: null }, 'F32')).toBeNull()
  expect(MODELS.map(whyNotWritten)).toEqual([null, null, null, null, 'it is written already'])
  expect(whyNotWritten(model('x', { state: 'gone' }))).toBe('weights not here')
  expect(whyNotWritten(model('x', { id: 'outside' }))).toMatch(/not trained in this project/)
})

test('the table is copied whole, with what is not known left empty', () => {
  const lines = modelsCsv(MODELS).trim().split('\r\n')
  expect(lines[0]).toBe(
    'name,role,partition,mixture,state,tokens,parameters,bytes,folder,source,fingerprint'
  )
  expect(lines[2]).toBe('law#10,branch,law,,done,,1000,4000,runs/law#10/checkpoint,,law#10')
})
