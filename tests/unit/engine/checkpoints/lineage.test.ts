import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ancestryOfMerge } from '#engine/checkpoints/ancestry'
import { assertMergeable, checkLineage, openLineageModel } from '#engine/checkpoints/lineage'
import { writeModelWeights } from '#engine/checkpoints/modelFolder'
import { sourceOf } from '#engine/parameters'
import { LineLog, writeFolder } from '#engine/storage/files'
import { LineageCheckSchema } from '#shared/modelInspection'
import { parameters, writeOurs } from '../../../golden/checkpoints/ours'
import { temporaryFolder } from '../../../support/temporaryFolder'

type Json = Record<string, unknown>

/** Two copies of one model; the second, and what lies beside both, is changed. */
async function pair(change: {
  config?: Json
  tokenizer?: (tokenizer: { model: { vocab: Record<string, number> } }) => void
  shapes?: Record<string, number[]>
  files?: Record<string, string>[]
}) {
  const home = await temporaryFolder()
  const folders = [join(home, 'a'), join(home, 'b')]
  await writeOurs(folders[0]!)
  await cp(folders[0]!, folders[1]!, { recursive: true })
  const edit = async (name: string, by: (raw: Json) => Json) => {
    const path = join(folders[1]!, name)
    await writeFile(path, JSON.stringify(by(JSON.parse(await readFile(path, 'utf8')) as Json)))
  }
  if (change.config) await edit('config.json', (raw) => ({ ...raw, ...change.config }))
  if (change.tokenizer) {
    await edit('tokenizer.json', (raw) => {
      change.tokenizer!(raw as never)
      return raw
    })
  }
  for (const [index, files] of (change.files ?? []).entries()) {
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folders[index]!, name), text)
    }
  }
  if (change.shapes) await rewrite(folders[1]!, change.shapes)
  return Promise.all(folders.map((folder, index) => openLineageModel(folder, 'ab'[index])))
}

async function rewrite(folder: string, shapes: Record<string, number[]>): Promise<void> {
  const set = parameters()
  for (const [name, shape] of Object.entries(shapes)) {
    const length = shape.reduce((product, side) => product * side, 1)
    if (length === 0) set.delete(name)
    else set.set(name, { shape, data: new Float32Array(length) })
  }
  const made = join(folder, 'made')
  await writeFolder(made, async (draft) => {
    await writeModelWeights(draft, sourceOf(set, 'b'), { dtype: 'F32' })
  })
  await cp(join(made, 'model.safetensors'), join(folder, 'model.safetensors'))
  await rm(made, { recursive: true })
}

const card = (base: string) => `---\nbase_model: ${base}\ntags: [x]\n---\n# A model\n`
const lineage = (run: string, from: string | null) =>
  JSON.stringify({ run, startedFrom: from === null ? null : { id: from, name: from } })

test('copies of one model may be merged; that nobody knows where they are from is a warning', async () => {
  const check = checkLineage(await pair({}))
  expect(LineageCheckSchema.parse(check)).toMatchObject({
    isMergeable: true,
    ancestry: 'unknown',
    differences: [],
    warnings: [expect.stringContaining('What a, b started from is not known') as string]
  })
})

test.each([
  ['another family', { config: { model_type: 'mistral' } }, 'architecture', 'model_type'],
  [
    'another base of rotation',
    { config: { rope_parameters: { rope_theta: 9 } } },
    'config',
    'rope theta'
  ],
  ['another epsilon', { config: { rms_norm_eps: 1e-5 } }, 'config', 'rms_norm_eps'],
  ['another activation', { config: { hidden_act: 'gelu' } }, 'config', 'hidden_act'],
  ['a window of attention', { config: { sliding_window: 4 } }, 'config', 'sliding_window'],
  ['another shape', { shapes: { 'model.norm.weight': [4] } }, 'tensor', 'model.norm.weight'],
  ['a tensor less', { shapes: { 'model.norm.weight': [0] } }, 'tensor', 'model.norm.weight'],
  ['a tensor more', { shapes: { 'model.extra.weight': [4] } }, 'tensor', 'model.extra.weight'],
  [
    'another token',
    {
      tokenizer: (one: { model: { vocab: Record<string, number> } }) => {
        one.model.vocab['Ġnew'] = 299
      }
    },
    'tokenizer',
    '"Ġnew"'
  ],
  [
    'another base model',
    { files: [{ 'README.md': card('org/one') }, { 'README.md': card('org/two') }] },
    'ancestor',
    'it started from'
  ],
  [
    'another seed',
    {
      files: [{ 'lineage.json': lineage('x', 'run:1') }, { 'lineage.json': lineage('y', 'run:2') }]
    },
    'ancestor',
    'it started from'
  ]
])('%s keeps models from being merged, and is named', async (_, change, kind, subject) => {
  const models = await pair(change)
  const check = checkLineage(models)
  expect(check.isMergeable).toBe(false)
  expect(check.differences).toContainEqual(
    expect.objectContaining({ kind, subject, model: 'b', reference: 'a' })
  )
  expect(() => assertMergeable(models)).toThrow(subject)
})

test.each([
  ['the type it is stored in', { config: { torch_dtype: 'float16', dtype: 'float16' } }],
  ['the version that wrote it', { config: { transformers_version: '4.1', use_cache: false } }],
  ['older spellings', { config: { rope_parameters: null, rope_theta: 5000, head_dim: null } }],
  ['defaults said aloud', { config: { sliding_window: null, attention_bias: false } }],
  ['how the tokenizer is written down', { tokenizer: () => undefined }],
  ['masks beside the weights', { shapes: { 'model.rotary_emb.inv_freq': [2] } }]
])('%s keeps nobody from merging', async (_, change) => {
  expect(checkLineage(await pair(change))).toMatchObject({ isMergeable: true, differences: [] })
})

test('another end of text is a warning', async () => {
  const { isMergeable, warnings } = checkLineage(await pair({ config: { eos_token_id: 5 } }))
  expect(isMergeable).toBe(true)
  expect(warnings[0]).toContain('eos_token_id is 5 in b')
})

test('one base model is one ancestor, and the graph shows it', async () => {
  const files = [{ 'README.md': card('org/one') }, { 'README.md': card('\n  - org/one') }]
  const check = checkLineage(await pair({ files }))
  expect(check).toMatchObject({ ancestry: 'same', warnings: [], isMergeable: true })
  expect(check.graph.nodes.map(({ id }) => id)).toEqual(['model:a', 'model:b', 'hub:org/one'])
  expect(check.graph.edges).toEqual([
    { from: 'hub:org/one', to: 'model:a', made: 'tuned' },
    { from: 'hub:org/one', to: 'model:b', made: 'tuned' }
  ])
})

test('a seed model and a branch of it have one ancestor', async () => {
  const files = [
    { 'lineage.json': lineage('seed', 'random:7') },
    { 'lineage.json': lineage('branch', 'run:seed') }
  ]
  expect(checkLineage(await pair({ files })).ancestry).toBe('same')
})

test('merges know the branches that they are made of', async () => {
  const mixture = (fingerprint: string) =>
    JSON.stringify({
      mixture: 'm',
      merge: 'micro',
      branches: [{ unit: 'u', fingerprint, weight: 1 }],
      startedFrom: { id: 'run:seed', name: 'seed' }
    })
  const files = [{ 'mixture.json': mixture('1') }, { 'mixture.json': mixture('2') }]
  const check = checkLineage(await pair({ files }))
  expect(check.ancestry).toBe('same')
  expect(check.graph.edges).toContainEqual({ from: 'run:seed', to: 'run:1', made: 'trained' })
})

test('a model card that is no YAML says nothing', async () => {
  const files = [{ 'README.md': '---\nbase_model: [\n---\n' }, { 'README.md': 'no front' }]
  expect(checkLineage(await pair({ files })).ancestry).toBe('unknown')
})

test('many differences are counted, not all listed', async () => {
  const set = [...parameters().keys()].filter((name) => name.includes('layers'))
  const check = checkLineage(
    await pair({ shapes: Object.fromEntries(set.map((name) => [name, [2]])) })
  )
  expect(check.differences.length + check.unlisted).toBe(set.length)
  expect(check.differences.length).toBe(8)
})

test('a snapshot of the Hugging Face cache is named by its path', async () => {
  const home = join(await temporaryFolder(), 'models--org--small', 'snapshots', 'abc')
  await mkdir(join(home, '..'), { recursive: true })
  await writeOurs(home)
  await writeFile(join(home, 'README.md'), card('org/base'))
  const { ancestry } = await openLineageModel(home)
  expect(ancestry?.self).toEqual({ id: 'hub:org/small', name: 'org/small' })
})

/** A base in the Hugging Face cache that says nothing of itself, and two models whose cards name it. */
async function baseAndTuned(): Promise<string[]> {
  const home = await temporaryFolder()
  const base = join(home, 'models--org--base', 'snapshots', 'abc')
  await mkdir(join(base, '..'), { recursive: true })
  await writeOurs(base)
  const tuned = [join(home, 'a'), join(home, 'b')]
  for (const folder of tuned) {
    await writeOurs(folder)
    await writeFile(join(folder, 'README.md'), card('org/base'))
  }
  return [base, ...tuned]
}

test('a base that is known by its path alone is the ancestor of those that name it', async () => {
  const models = []
  for (const [index, folder] of (await baseAndTuned()).entries()) {
    models.push(await openLineageModel(folder, ['base', 'a', 'b'][index]))
  }
  const check = checkLineage(models)
  expect(check).toMatchObject({ ancestry: 'same', warnings: [], differences: [] })
  expect(check.graph).toEqual({
    nodes: [
      { id: 'hub:org/base', name: 'org/base', model: 'base' },
      { id: 'model:a', name: 'a', model: 'a' },
      { id: 'model:b', name: 'b', model: 'b' }
    ],
    edges: [
      { from: 'hub:org/base', to: 'model:a', made: 'tuned' },
      { from: 'hub:org/base', to: 'model:b', made: 'tuned' }
    ]
  })
})

test('a merge of a base and of models that nobody can name started from the base', async () => {
  const base = { id: 'hub:org/base', name: 'org/base' }
  expect(await ancestryOfMerge(await baseAndTuned())).toEqual({
    parents: [base, null, null],
    startedFrom: base
  })
})

/** A project's folder with one finished run that says nothing of its start, as older versions wrote. */
async function olderRun(seeds: number): Promise<string> {
  const project = join(await temporaryFolder(), 'project')
  const run = join(project, 'runs', 'b'.repeat(64))
  await mkdir(run, { recursive: true })
  await writeOurs(join(run, 'checkpoint'))
  const manifest = { format: 'assay-run', version: 1, fingerprint: 'b'.repeat(64), files: [] }
  await writeFile(join(run, 'manifest.json'), JSON.stringify(manifest))
  const heads = [
    ...Array.from({ length: seeds }, (_, index) => ({
      fingerprint: String(index).repeat(64),
      role: 'seed',
      name: 'seed',
      state: 'done'
    })),
    { fingerprint: 'b'.repeat(64), role: 'branch', name: 'law#1', state: 'done' }
  ]
  await writeFile(join(project, 'project.assay'), JSON.stringify({ runs: heads }))
  return join(run, 'checkpoint')
}

test('a run of an older version started from the one seed model of its project', async () => {
  const { ancestry } = await openLineageModel(await olderRun(1))
  const seed = { id: `run:${'0'.repeat(64)}`, name: 'seed' }
  expect(ancestry).toEqual({
    self: { id: `run:${'b'.repeat(64)}`, name: 'law#1' },
    made: 'trained',
    parents: [seed],
    ancestor: seed,
    source: '../manifest.json'
  })
  const unsure = await openLineageModel(await olderRun(2))
  expect(unsure.ancestry).toMatchObject({ self: { name: 'law#1' }, ancestor: null })
})

test('heads that the log of a project with many runs has are newer than its records', async () => {
  const checkpoint = await olderRun(1)
  const project = join(checkpoint, '..', '..', '..')
  const heads = await LineLog.open(join(project, 'heads.jsonl'))
  const another = { fingerprint: '1'.repeat(64), role: 'seed', name: 'another', state: 'done' }
  await heads.append([{ ...another, state: 'running' }])
  const named = { fingerprint: 'b'.repeat(64), role: 'branch', name: 'law#2', state: 'done' }
  await heads.append([named])
  expect((await openLineageModel(checkpoint)).ancestry).toMatchObject({
    self: { name: 'law#2' },
    ancestor: { name: 'seed' }
  })
  await heads.append([another])
  await heads.close()
  await appendFile(join(project, 'heads.jsonl'), '{"fingerprint":"000')
  // Two seeds are finished by now: of which of them it came nobody knows.
  expect((await openLineageModel(checkpoint)).ancestry).toMatchObject({ ancestor: null })
})
