import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TablesJob } from '#engine/workers/jobs'
import { readTables } from '#engine/workers/tablesJob'
import { temporaryFolder } from '../../../../support/temporaryFolder'

const RATIOS = 'run,law,code\na,0.25,0.75\nb,1,0\n'
type Tasks = Record<string, Record<string, unknown>>

/** A results file as the harness writes it. */
function results(name: string, tasks: Tasks, more: object = {}): string {
  return JSON.stringify({ results: tasks, model_name: name, lm_eval_version: '0.4.13', ...more })
}

async function read(files: Record<string, string>, job: Partial<TablesJob> = {}) {
  const folder = await temporaryFolder()
  const paths = Object.keys(files).map((name) => join(folder, name))
  for (const [index, text] of Object.values(files).entries()) await writeFile(paths[index]!, text)
  return readTables({ budget: 'fixed', arePerplexities: false, sequential: [], ...job, paths })
}

const hellaswag = {
  alias: 'hellaswag',
  'acc,none': 0.25,
  'acc_stderr,none': 0.01,
  'acc_norm,none': 0.375,
  'acc_norm_stderr,none': 0.01
}
const wikitext = {
  'word_perplexity,none': Math.exp(3),
  'word_perplexity_stderr,none': 'N/A',
  'bits_per_byte,none': 2 / Math.LN2,
  'bits_per_byte_stderr,none': 'N/A'
}
const gsm8k = { 'exact_match,strict-match': 0.5, 'exact_match,flexible-extract': 0.75 }

test('each task is a domain by its finest metric, read as a loss', async () => {
  const tables = await read({
    'ratios.csv': RATIOS,
    'results_1.json': results('org/a', { hellaswag, wikitext, gsm8k }),
    'results_2.json': results('runs__b', { hellaswag })
  })
  expect(tables.domains.map(({ name }) => name)).toEqual(['hellaswag', 'wikitext', 'gsm8k'])
  expect(tables.mixtures.map(({ name }) => name)).toEqual(['a', 'b'])
  const losses = tables.models.map((model) => model.losses.map(([loss]) => loss))
  expect(losses).toEqual([
    [0.625, expect.closeTo(2, 12), 0.5],
    [0.625, null, null]
  ])
  expect(tables.files.map(({ name, rows }) => [name, rows])).toEqual([
    ['ratios.csv', 2],
    ['results_1.json', 1],
    ['results_2.json', 1]
  ])
  expect(tables.notes[0]).toBe(
    "Of lm-evaluation-harness's results each task's loss is hellaswag acc_norm (as 1 − value), wikitext bits_per_byte (as nats per byte), gsm8k exact_match (as 1 − value)."
  )
})

test('other metrics are read where they are named', async () => {
  const files = { 'ratios.csv': RATIOS, 'r.json': results('a', { hellaswag, wikitext, gsm8k }) }
  const named = ['*/word_perplexity,none', '*/acc,none', '*/exact_match,flexible-extract']
  const tables = await read(files, { losses: named })
  expect(tables.domains.map(({ name }) => name)).toEqual(['wikitext', 'hellaswag', 'gsm8k'])
  expect(tables.models[0]!.losses.flat()).toEqual([expect.closeTo(3, 12), 0.75, 0.25])
})

test('a group that has a number stands for its parts', async () => {
  const acc = { 'acc,none': 0.5 }
  const groups = { group_subtasks: { mmlu: ['mmlu_law', 'mmlu_art'], other: ['single'] } }
  const tasks = { mmlu: acc, mmlu_law: acc, mmlu_art: acc, single: acc }
  const files = { 'ratios.csv': RATIOS, 'r.json': results('a', tasks, groups) }
  expect((await read(files)).domains.map(({ name }) => name)).toEqual(['mmlu', 'single'])
  const parts = await read(files, { losses: ['mmlu_*/acc,none'] })
  expect(parts.domains.map(({ name }) => name)).toEqual(['law', 'art'])
})

test('a file says which metrics are better when higher, and names the rest by use', async () => {
  const tasks = {
    odd: { 'odd_score,none': 0.2 },
    even: { 'odd_score,none': 0.2 },
    old: { acc: 0.4 }
  }
  const said = { higher_is_better: { odd: { odd_score: true } } }
  const files = { 'ratios.csv': RATIOS, 'r.json': results('a', tasks, said) }
  expect((await read(files)).models[0]!.losses.flat()).toEqual([0.8, 0.2, 0.6])
})

test.each([
  ['as text', 'pretrained=org/base,dtype=float32', 'base'],
  ['with an adapter', 'pretrained=org/base,peft=adapters/a', 'a'],
  ['as an object', { pretrained: '/models/a/hf', dtype: 'auto' }, 'a']
])('the model is found in the arguments %s', async (_, args, run) => {
  const ratios = RATIOS.replace('b,1,0', 'base,1,0')
  const config = { config: { model: 'hf', model_args: args } }
  const text = results('x', { hellaswag }, config).replace('"model_name":"x",', '')
  const tables = await read({ 'ratios.csv': ratios, 'r.json': text })
  expect(tables.mixtures.map(({ name }) => name)).toEqual([run])
})

test('numbers that are none are not measured', async () => {
  const text = results('a', { hellaswag, wikitext }).replace(String(2 / Math.LN2), 'NaN')
  const tables = await read({ 'ratios.csv': RATIOS, 'r.json': text })
  // The next metric of the task is read instead.
  expect(tables.models[0]!.losses.flat()).toEqual([0.625, expect.closeTo(3, 12)])
})

test.each([
  ['no results', '{"config": {}}', {}, 'a results file of lm-evaluation-harness'],
  ['no JSON', '{"results": ', {}, 'no JSON'],
  ['no name', JSON.stringify({ results: { hellaswag } }), {}, "the model's name"],
  ['nothing to read', results('a', { x: { 'bleu,none': 34 } }), {}, 'no metric that can be read'],
  ['an unknown run', results('c', { hellaswag }), {}, 'a run of'],
  ['perplexities', results('a', { hellaswag }), { arePerplexities: true }, 'do not say it']
])('%s is refused', async (_, text, job, words) => {
  await expect(read({ 'ratios.csv': RATIOS, 'r.json': text }, job)).rejects.toMatchObject({
    code: 'table/invalid',
    message: expect.stringContaining(words) as string
  })
})

test('results alone are refused: they say nothing of mixtures', async () => {
  await expect(read({ 'r.json': results('a', { hellaswag }) })).rejects.toThrow(
    'weights of the mixtures beside'
  )
})
