import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeModel, valueProblems } from '#engine/checkpoints/inspection'
import { openLineageModel } from '#engine/checkpoints/lineage'
import { blockOf, layerOf } from '#engine/checkpoints/modelParts'
import { inspectModels } from '#engine/workers/inspectJob'
import { InspectionSchema, ModelInspectionSchema } from '#shared/modelInspection'
import { writeOurs } from '../../../golden/checkpoints/ours'
import { temporaryFolder } from '../../../support/temporaryFolder'

const GOLDEN = join(import.meta.dirname, '../../../golden/checkpoints')
const hooks = { signal: new AbortController().signal, onProgress: () => undefined }

// Names as transformers 5 saves them.
test.each([
  ['embedding', 0, 'model.embed_tokens.weight transformer.wte.weight transformer.wpe.weight'],
  ['embedding', 0, 'gpt_neox.embed_in.weight transformer.word_embeddings.weight'],
  ['embedding', 0, 'model.decoder.embed_positions.weight backbone.embeddings.weight'],
  ['head', 0, 'lm_head.weight lm_head.bias embed_out.weight'],
  ['norms', 0, 'model.norm.weight transformer.ln_f.bias gpt_neox.final_layer_norm.weight'],
  ['norms', 3, 'model.layers.3.self_attn.q_norm.weight transformer.h.3.ln_1.weight'],
  ['norms', 3, 'model.layers.3.post_attention_layernorm.weight backbone.layers.3.norm.weight'],
  ['norms', 3, 'bert.encoder.layer.3.attention.output.LayerNorm.weight'],
  ['attention', 12, 'model.layers.12.self_attn.k_proj.weight transformer.h.12.attn.c_attn.bias'],
  ['attention', 12, 'gpt_neox.layers.12.attention.dense.weight'],
  ['attention', 12, 'transformer.h.12.self_attention.query_key_value.weight'],
  ['feed-forward', 1, 'model.layers.1.mlp.gate_up_proj.weight transformer.h.1.mlp.c_fc.weight'],
  ['feed-forward', 1, 'model.decoder.layers.1.fc1.weight model.layers.1.mlp.fc2.bias'],
  ['feed-forward', 1, 'model.layers.1.block_sparse_moe.experts.0.w1.weight'],
  ['feed-forward', 1, 'model.layers.1.block_sparse_moe.gate.weight'],
  ['other', 1, 'model.layers.1.self_attn.rotary_emb.inv_freq backbone.layers.1.mixer.A_log']
])('%s of layer %d: %s', (block, layer, names) => {
  const expected = ['embedding', 'head'].includes(block) || !/\.\d/.test(names) ? null : layer
  for (const name of names.split(' ')) {
    expect([name, blockOf(name), layerOf(name)]).toEqual([name, block, expected])
  }
})

test('a model is described by its headers, part by part', async () => {
  const model = describeModel(await openLineageModel(join(GOLDEN, 'sharded'), 'small'))
  expect(ModelInspectionSchema.parse(model)).toMatchObject({
    model: 'small',
    architecture: { type: 'llama', className: 'LlamaForCausalLM', isTied: true },
    whyNotComputed: null,
    parameters: 1128,
    dtypes: [{ dtype: 'BF16', tensors: 20, parameters: 1128, bytes: 2256 }],
    blocks: [
      { block: 'embedding', tensors: 1, parameters: 128, bytes: 256 },
      { block: 'attention', tensors: 8, parameters: 384, bytes: 768 },
      { block: 'feed-forward', tensors: 6, parameters: 576, bytes: 1152 },
      { block: 'norms', tensors: 5, parameters: 40, bytes: 80 }
    ],
    tokenizer: null,
    ancestry: null,
    problems: []
  })
  expect(model.files).toHaveLength(3)
})

test('NaN, infinity and a tokenizer of another model are told, tensors named', async () => {
  const folder = join(await temporaryFolder(), 'ours')
  await writeOurs(folder)
  const path = join(folder, 'model.safetensors')
  const file = await readFile(path)
  const data = 8 + Number(file.readBigUInt64LE())
  file.writeUInt32LE(0x7fc00000, data)
  file.writeUInt32LE(0xff800001, data + 4)
  file.writeFloatLE(-Infinity, data + 8)
  await writeFile(path, file)
  const tokenizer = join(folder, 'tokenizer.json')
  const raw = JSON.parse(await readFile(tokenizer, 'utf8')) as { model: { vocab: object } }
  Object.assign(raw.model.vocab, { beyond: 1000 })
  await writeFile(tokenizer, JSON.stringify(raw))
  const found = await inspectModels({ models: [{ name: 'a', folder }], withValues: true }, hooks)
  expect(InspectionSchema.parse(found).models[0]!.problems).toEqual([
    "tokenizer.json has a token 1000, but the embedding has 300 rows: the tokenizer is another model's",
    '2 values are NaN: model.embed_tokens.weight (2).',
    '1 values are infinite: model.embed_tokens.weight (1).'
  ])
})

test('a page of tensors with NaN is not listed whole', () => {
  const values = { min: 0, max: 0, mean: 0, standardDeviation: 0, zeros: 0, nans: 1, infinities: 0 }
  const tensors = Array.from({ length: 9 }, (_, index) => ({
    name: `w${index}`,
    shape: [1],
    parameters: 1,
    dtype: 'F32',
    file: 'a',
    block: 'other' as const,
    layer: null,
    values: { ...values, histogram: { from: 0, width: 1, counts: [] } }
  }))
  expect(valueProblems(tensors)).toEqual([
    '9 values are NaN: w0 (1), w1 (1), w2 (1), w3 (1), w4 (1) and 4 more tensors.'
  ])
})

test('headers alone give no values and no distances; models of other shapes no distances', async () => {
  const folders = ['llama', 'sharded'].map((name) => join(GOLDEN, name))
  const copy = join(await temporaryFolder(), 'copy')
  await cp(folders[0]!, copy, { recursive: true })
  const named = (list: string[]) => list.map((folder, index) => ({ name: String(index), folder }))
  const headers = await inspectModels(
    { models: named([folders[0]!, copy]), withValues: false },
    hooks
  )
  expect(headers.models[0]!.tensors.every(({ values }) => values === null)).toBe(true)
  expect(headers.distances).toBeNull()
  const same = await inspectModels({ models: named([folders[0]!, copy]), withValues: true }, hooks)
  expect(same.distances!.relativeDistances).toEqual([
    [0, 0],
    [0, 0]
  ])
  expect(same.distances!.cosines[0]![1]).toBeCloseTo(1, 12)
  const ours = join(await temporaryFolder(), 'ours')
  await writeOurs(ours)
  const other = await inspectModels({ models: named([folders[0]!, ours]), withValues: true }, hooks)
  expect([other.lineage.isMergeable, other.distances]).toEqual([false, null])
})

test('progress ends where all values are read', async () => {
  const folder = join(GOLDEN, 'llama')
  const told: [number, number | null][] = []
  const models = [
    { name: 'a', folder },
    { name: 'b', folder }
  ]
  await inspectModels(
    { models, withValues: true },
    { ...hooks, onProgress: ({ done, total }) => told.push([done, total]) }
  )
  expect(told.at(-1)).toEqual([4 * 1256 * 4, 4 * 1256 * 4])
})
