import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { evaluateModels } from '#engine/workers/evaluateJob'
import type { EvaluationRequest } from '#shared/textEvaluation'
import expected from '../../../golden/evaluation/expected.json'
import { temporaryFolder } from '../../../support/temporaryFolder'

const golden = join(import.meta.dirname, '../../../golden/evaluation')
const quiet = { signal: new AbortController().signal, onProgress: () => undefined }
const source = (name: string) => ({ name, paths: [join(golden, `${name}.jsonl`)] })
const request: EvaluationRequest = {
  models: [{ name: 'tiny', folder: join(golden, 'tiny') }],
  texts: [],
  tasks: [],
  textField: 'body',
  taskFields: { context: 'context', choices: 'choices', gold: 'gold', delimiter: ' ' }
}
const only = async (asked: EvaluationRequest) => (await evaluateModels(asked, quiet))[0]!
const near = (found: number, wanted: number) => Math.abs(found / wanted - 1)

it.each(expected.texts)(
  'gives the loss of transformers on windows of $window, stride $stride, beginning with $begin',
  async ({ window, stride, begin, nats }) => {
    const named = begin === undefined ? {} : { begin }
    const asked = { ...request, ...named, window, stride, texts: [source('texts')] }
    const { definition, texts } = await only(asked)
    const [found] = texts
    expect(near(found!.nats, nats)).toBeLessThan(1e-6)
    expect(near(found!.perplexity, Math.exp(nats / expected.tokens))).toBeLessThan(1e-5)
    const bits = nats / expected.bytes / Math.LN2
    expect(near(found!.bitsPerByte, bits)).toBeLessThan(1e-6)
    expect(found).toMatchObject({
      tokens: expected.tokens,
      bytes: expected.bytes,
      documents: 6,
      empty: 1
    })
    expect(found!.perplexityInterval!.low).toBeLessThan(found!.perplexity)
    expect(found!.perplexityInterval!.high).toBeGreaterThan(found!.perplexity)
    expect(definition.begin.token).toBe(begin ?? '<s>')
  }
)

it('measures answers as transformers does, and chooses among them', async () => {
  const { answers, short, ...whole } = expected.task
  expect(answers.length).toBe(5)
  for (const wanted of [{ window: 128, ...whole }, short]) {
    const asked = { ...request, window: wanted.window, stride: 3, tasks: [source('task')] }
    const [found] = (await only(asked)).tasks
    expect(near(found!.nats, wanted.nats)).toBeLessThan(1e-6)
    expect([found!.items, found!.tokens, found!.bytes]).toEqual([5, wanted.tokens, wanted.bytes])
    expect(near(found!.normalizedProbability!.mean, wanted.normalizedProbability)).toBeLessThan(
      1e-6
    )
    expect(found!.accuracy!.mean).toBeCloseTo(wanted.accuracy, 12)
    expect(found!.accuracyPerByte!.mean).toBeCloseTo(wanted.accuracyPerByte, 12)
  }
})

it('takes the bos token of config.json, else what ends a text, where the tokenizer names none', async () => {
  const folder = await temporaryFolder()
  await cp(join(golden, 'tiny'), folder, { recursive: true })
  const settings = join(folder, 'tokenizer_config.json')
  await writeFile(settings, JSON.stringify({ bos_token: null, eos_token: { content: '</s>' } }))
  const asked = { ...request, models: [{ name: 'copy', folder }], texts: [source('texts')] }
  const beginning = async () => (await only(asked)).definition.begin
  expect(await beginning()).toEqual({ token: '<s>', id: 0, from: 'bos_token_id of config.json' })
  const path = join(folder, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await writeFile(path, JSON.stringify({ ...config, bos_token_id: null, eos_token_id: [1, 0] }))
  expect(await beginning()).toEqual({
    token: '</s>',
    id: 1,
    from: 'eos_token of tokenizer_config.json'
  })
})

it('asks for a token where nothing names one', async () => {
  const folder = await temporaryFolder()
  await cp(join(golden, 'tiny'), folder, { recursive: true })
  await writeFile(join(folder, 'tokenizer_config.json'), '{}')
  for (const [name, from, to] of [
    ['tokenizer.json', /"<\/s>"/g, '"<e>"'],
    ['config.json', /"(bos|eos)_token_id": \d/g, '"$1_token_id": null']
  ] as const) {
    const path = join(folder, name)
    await writeFile(path, (await readFile(path, 'utf8')).replace(from, to))
  }
  const asked = { ...request, models: [{ name: 'copy', folder }], texts: [source('texts')] }
  await expect(evaluateModels(asked, quiet)).rejects.toMatchObject({
    code: 'tokenizer/invalid',
    details: { begin: null }
  })
  expect((await only({ ...asked, begin: '<e>' })).definition.begin.id).toBe(1)
})

it('holds each model against the first, document by document', async () => {
  const folder = await temporaryFolder()
  await cp(join(golden, 'tiny'), folder, { recursive: true })
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token: '</s>' }))
  const models = [...request.models, ...request.models, { name: 'other', folder }]
  const found = await evaluateModels(
    { ...request, models, window: 24, texts: [source('texts')], tasks: [source('task')] },
    quiet
  )
  expect(found.map(({ model }) => model)).toEqual(['tiny', 'tiny', 'other'])
  const [first, same, other] = found.map(({ texts }) => texts[0]!)
  expect(first!.difference).toBeNull()
  expect(same!.difference).toEqual({ bitsPerByte: 0, interval: { low: 0, high: 0 } })
  const [begun, ended] = [1, 5].map((place) => expected.texts[place]!.nats)
  const bits = (ended! - begun!) / expected.bytes / Math.LN2
  const { bitsPerByte, interval } = other!.difference!
  expect(near(bitsPerByte, bits)).toBeLessThan(1e-4)
  expect(interval!.low).toBeLessThan(bits)
  expect(interval!.high).toBeGreaterThan(bits)
  // What is hard for both cancels.
  const { low, high } = other!.bitsPerByteInterval!
  expect(interval!.high - interval!.low).toBeLessThan(high - low)
  expect(found[2]!.tasks[0]!.difference!.bitsPerByte).toBeCloseTo(
    found[2]!.tasks[0]!.bitsPerByte - found[0]!.tasks[0]!.bitsPerByte,
    12
  )
})

it('reads as many documents as asked', async () => {
  const asked = { ...request, limit: 2, texts: [source('texts')], tasks: [source('task')] }
  const { texts, tasks } = await only(asked)
  expect([texts[0]!.documents, tasks[0]!.items]).toEqual([2, 2])
})

it.each([
  ['usage/invalid', 'from 1 to the model', { window: 129 }],
  ['usage/invalid', 'stride from 1', { window: 24, stride: 25 }],
  ['tokenizer/invalid', 'no token "<bos>"', { begin: '<bos>' }],
  ['corpus/missing-field', 'Fields found: body', { textField: 'text' }],
  ['corpus/missing-file', 'no such file', { texts: [{ name: 'x', paths: ['/nowhere.jsonl'] }] }],
  ['checkpoint/invalid', 'config.json', { models: [{ name: 'none', folder: golden }] }]
])('refuses with %s: %s', async (code, words, change) => {
  const asked = { ...request, texts: [source('texts')], ...change }
  await expect(evaluateModels(asked, quiet)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words) as string
  })
})

it('stops when asked to', async () => {
  const controller = new AbortController()
  const asked = { ...request, window: 8, batchSize: 1, texts: [source('texts')] }
  const found = evaluateModels(asked, {
    signal: controller.signal,
    onProgress: () => controller.abort()
  })
  await expect(found).rejects.toThrow('aborted')
})
