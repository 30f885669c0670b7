import { createHash } from 'node:crypto'
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  openCheckpoint,
  readOptimizerState,
  readParameters,
  writeCheckpoint,
  writeOptimizerState
} from '#engine/checkpoints/huggingFace'
import type { ParameterSet } from '#engine/parameters'
import { FolderDraft } from '#engine/storage/files'
import expected from '../../../golden/checkpoints/expected.json'
import opened from '../../../golden/checkpoints/opened.json'
import shards from '../../../golden/checkpoints/shards.json'
import { config, exportShards, parameters, writeOurs } from '../../../golden/checkpoints/ours'
import { temporaryFolder } from '../../../support/temporaryFolder'

const GOLDEN = join(import.meta.dirname, '../../../golden/checkpoints')

async function hashesOf(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(folder)).sort()) {
    const bytes = await readFile(join(folder, name))
    found[name] = createHash('sha256').update(bytes).digest('hex')
  }
  return found
}

test('a checkpoint is written with the bytes that transformers was seen to open', async () => {
  const folder = join(await temporaryFolder(), 'ours')
  await writeOurs(folder)
  expect(await hashesOf(folder)).toEqual(opened.sha256)
})

test('transformers understood the configuration as it was meant', () => {
  expect(opened.config).toEqual({
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.hiddenLayers,
    num_attention_heads: config.attentionHeads,
    num_key_value_heads: config.keyValueHeads,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.rmsNormEpsilon,
    tie_word_embeddings: config.tieEmbeddings,
    bos_token_id: 0,
    eos_token_id: 0
  })
  expect([opened.ropeTheta, opened.generationEnd]).toEqual([config.ropeTheta, 0])
  expect(opened.endOfText).toEqual(['<|endoftext|>', 0])
})

test('what is written is opened again, configuration and parameters, in the same order', async () => {
  const folder = join(await temporaryFolder(), 'ours')
  await writeOurs(folder)
  const checkpoint = await openCheckpoint(folder)
  expect(checkpoint.config).toEqual(config)
  expect([...(await readParameters(checkpoint.parameters))]).toEqual([...parameters()])
})

test.each([
  ['one file of float32', 'llama', expected.llama, false],
  ['several files of bfloat16, embeddings tied', 'sharded', expected.sharded, true]
])('a folder by transformers is opened: %s', async (_, name, tensors, tied) => {
  const checkpoint = await openCheckpoint(join(GOLDEN, name))
  expect(checkpoint.config).toEqual({
    ...config,
    vocabularySize: 16,
    tieEmbeddings: tied
  })
  const found = [...(await readParameters(checkpoint.parameters))].map(([key, { shape, data }]) => {
    const sum = data.reduce((total, value) => total + value, 0)
    return [key, { shape, sum: sum.toFixed(9), first: data[0], last: data.at(-1) }]
  })
  const wanted = Object.entries(tensors).map(([key, value]) => [
    key,
    { ...value, sum: value.sum.toFixed(9) }
  ])
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted))
})

async function edited(change: (config: Record<string, unknown>) => void): Promise<string> {
  const folder = await temporaryFolder()
  await cp(join(GOLDEN, 'llama'), folder, { recursive: true })
  const path = join(folder, 'config.json')
  const raw = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  change(raw)
  await writeFile(path, JSON.stringify(raw))
  return folder
}

test.each([
  ['another family', { model_type: 'mamba' }, 'model_type is "mamba"'],
  ['no family', { model_type: undefined }, 'model_type is missing'],
  ['another activation', { hidden_act: 'mish' }, 'hidden_act is "mish"'],
  [
    'rotary embeddings stretched in a way of their own',
    { rope_scaling: { rope_type: 'yarn' }, rope_parameters: null },
    'rope type is "yarn"'
  ],
  ['heads that cannot be turned', { head_dim: 15 }, '15 of the 15 numbers of a head'],
  ['heads that share unevenly', { num_key_value_heads: 3 }, 'num_key_value_heads 3'],
  ['a thousand million layers', { num_hidden_layers: 1e9 }, 'num_hidden_layers'],
  ['an endless vocabulary', { vocab_size: 1e15 }, 'vocab_size'],
  ['quantised weights', { quantization_config: { bits: 4 } }, 'quantization_config'],
  ['no size', { hidden_size: null }, 'hidden_size']
])('a model with %s is refused by name', async (_, change, problem) => {
  const folder = await edited((raw) => Object.assign(raw, change))
  await expect(openCheckpoint(folder)).rejects.toMatchObject({
    code: 'checkpoint/invalid',
    message: expect.stringContaining(problem) as string
  })
})

test('the older spelling of rotary parameters is understood', async () => {
  const folder = await edited((raw) => {
    delete raw['rope_parameters']
    raw['rope_theta'] = 123
  })
  expect((await openCheckpoint(folder)).config.ropeTheta).toBe(123)
})

test.each(['config.json', 'model.safetensors'])('a folder without %s is refused', async (name) => {
  const folder = await edited(() => undefined)
  await rm(join(folder, name))
  await expect(openCheckpoint(folder)).rejects.toMatchObject({
    code: 'checkpoint/invalid',
    message: expect.stringContaining(name) as string
  })
})

test('an index that points out of its folder is refused', async () => {
  const folder = await edited(() => undefined)
  await rm(join(folder, 'model.safetensors'))
  const index = { weight_map: { w: '../elsewhere.safetensors' } }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index))
  await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'checkpoint/invalid' })
})

test('a tokenizer without the token that ends a document is refused', async () => {
  const draft = await FolderDraft.begin(join(await temporaryFolder(), 'ours'))
  const written = writeCheckpoint(draft, config, parameters(), {
    tokenizerFile: join(GOLDEN, 'tokenizer.json'),
    endOfTextId: 300
  })
  await expect(written).rejects.toMatchObject({ code: 'tokenizer/invalid' })
})

const moments = (scale: number): ParameterSet =>
  new Map(
    [...parameters()].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((x) => x * scale) }
    ])
  )

test('the optimizer goes on from what was written', async () => {
  const draft = await FolderDraft.begin(join(await temporaryFolder(), 'run'))
  await writeOptimizerState(draft, moments(0.5), moments(0.25), 1234)
  await draft.commit()
  expect(await readOptimizerState(draft.target)).toEqual({
    firstMoments: moments(0.5),
    secondMoments: moments(0.25),
    optimizerSteps: 1234
  })
})

test('a checkpoint without optimizer state says what to do', async () => {
  await expect(readOptimizerState(join(GOLDEN, 'llama'))).rejects.toMatchObject({
    code: 'checkpoint/mismatch',
    message: expect.stringContaining('start: weights') as string
  })
})

test('an export in shards of bfloat16 has the bytes whose logits transformers was seen to give', async () => {
  const home = await temporaryFolder()
  await writeOurs(join(home, 'ours'))
  await exportShards(join(home, 'ours'), join(home, 'shards'))
  expect(await hashesOf(join(home, 'shards'))).toEqual(shards.sha256)
  expect(Object.keys(shards.sha256).filter((name) => name.includes('-of-')).length).toBeGreaterThan(
    1
  )
  expect([shards.dtype, shards.equalLogits]).toEqual(['torch.bfloat16', 2100])
})
