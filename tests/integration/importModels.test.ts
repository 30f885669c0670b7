/** Models that were trained elsewhere: as branches, as sequential models, as what training goes on from. */
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine, ProjectSession } from '#engine'
import { openCheckpoint, readParameters, writeCheckpoint } from '#engine/checkpoints/huggingFace'
import { writeFolder } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import type { StudyDraft } from '#shared/records'
import { builtEngine, tinyProject, tinyStudy } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

const GOLDEN = resolve('tests/golden/architectures')

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

async function importFiction(session: ProjectSession): Promise<void> {
  const texts = await temporaryFolder()
  await session.importCorpus({
    name: 'fiction',
    role: 'evaluation',
    domainKind: 'out',
    paths: [await writeCorpus(join(texts, 'fiction.jsonl'), { fiction: 10 })],
    partition: { kind: 'one', name: 'fiction' },
    textField: 'text',
    inPlace: false,
    skipBadLines: false,
    keepFields: []
  })
}

/** What every model makes of the domain outside. */
async function natsOf(session: ProjectSession, study = session.study()) {
  const { models, domains } = await session.results(study)
  const fiction = domains.find(({ name }) => name === 'fiction')!.name
  return new Map(models.map((model) => [`${model.role} ${model.name}`, model.nats.get(fiction)]))
}

/** The trained models of a project, in folders of their own. */
async function elsewhere(session: ProjectSession): Promise<string> {
  const folder = await temporaryFolder()
  const { plan } = await session.plan(session.study())
  const put = async (fingerprint: string, place: string) => {
    await mkdir(join(folder, place), { recursive: true })
    await cp(projectPaths.checkpoint(session.folder, fingerprint), join(folder, place), {
      recursive: true
    })
  }
  await put(plan.seed!.fingerprint, 'seed')
  for (const { name, fingerprint } of plan.branches) {
    const [partition, unit] = name.split('#')
    await put(fingerprint, `branches/${partition}/unit-${unit}`)
  }
  for (const { mixture, fingerprint, draws } of plan.sequentials) {
    if (draws.length > 1) await put(fingerprint, `sequential/${mixture}`)
  }
  return folder
}

test('a study of models trained elsewhere says what the study that trained them said', async () => {
  const first = await tinyProject(engine, join(await temporaryFolder(), 'first'))
  await first.run(first.study())
  const folder = await elsewhere(first)
  const second = await engine.createProject(join(await temporaryFolder(), 'second'))
  const made = await second.importModels({ path: folder, name: 'models' })
  expect(made).toMatchObject({ branches: 3, sequential: 2 })
  const { study } = made
  const whole = second.runs.filter(({ role }) => role === 'sequential')
  expect(whole.map(({ baseUnits }) => baseUnits)).toContain(3)

  // Without text to measure on it says so; nothing of the first project is read any more.
  await expect(second.run(study)).rejects.toMatchObject({ code: 'study/missing-domain' })
  await rm(join(folder, 'branches'), { recursive: true })
  await importFiction(second)
  expect(await second.run(study)).toMatchObject({ trained: 0, failed: [] })
  const [before, after] = [await natsOf(first), await natsOf(second, study)]
  const shared = [...after].filter(([name]) => before.has(name))
  expect(shared.length).toBeGreaterThanOrEqual(10)
  for (const [name, nats] of shared) expect(nats, name).toEqual(before.get(name))
  expect((await second.run(study)).measured).toBe(0)
  // What was prepared is found again, by whoever only looks.
  const looking = await engine.openProject(second.folder, { readOnly: true })
  expect((await looking.findPlan(study))?.branches).toHaveLength(3)
  expect((await looking.status(study)).runs).toMatchObject({ done: 5 })
  await looking.close()

  // The same evidence, report included; what was never trained cannot be.
  const { comparison } = await second.evidence(study)
  expect(comparison.length).toBeGreaterThan(0)
  const asked = await second.saveStudy({
    ...study,
    mixtures: { ...study.mixtures, added: [{ law: 0.3, code: 0.7 }] },
    sequential: { ...study.sequential, added: ['code*0.7+law*0.3'] }
  })
  const { failed } = await second.run(asked)
  expect(failed).toMatchObject([{ code: 'run/missing' }])
  expect(failed[0]!.message).toMatch(/trained elsewhere/)
  await second.close()
})

const WORDS = Array.from({ length: 46 }, (_, index) => `w${index}`)

/** A tokenizer of as many entries as the golden models have, or of others. */
async function wordTokenizer(folder: string, entries = 48): Promise<string> {
  const path = join(folder, 'tokenizer.json')
  const words = [
    '<|endoftext|>',
    '[UNK]',
    ...Array.from({ length: entries - 2 }, (_, i) => `w${i}`)
  ]
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false }
  await writeFile(
    path,
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [{ id: 0, content: '<|endoftext|>', special: true, ...special }],
      normalizer: null,
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(words.map((word, id) => [word, id])),
        unk_token: '[UNK]'
      }
    })
  )
  return path
}

/** A copy of a golden model whose weights differ a little, with a tokenizer. */
async function variant(name: string, place: string, shift: number): Promise<string> {
  const folder = join(await temporaryFolder(), place)
  const { config, parameters } = await openCheckpoint(join(GOLDEN, name))
  const weights = await readParameters(parameters)
  for (const { data } of weights.values()) {
    data.forEach((value, index) => (data[index] = value + shift * Math.sin(index)))
  }
  await writeFolder(folder, (draft) => writeCheckpoint(draft, config, weights, { endOfTextId: 0 }))
  await wordTokenizer(folder)
  return folder
}

async function wordText(path: string, part: string, documents: number): Promise<string> {
  const lines = Array.from({ length: documents }, (_, document) => {
    const words = Array.from(
      { length: 40 },
      (_, at) => WORDS[(document * 7 + at * at + part.length * at) % 46]
    )
    return JSON.stringify({ text: words.join(' '), part })
  })
  await writeFile(path, lines.join('\n'))
  return path
}

test.each(['gpt-neox', 'gemma2', 'olmo2'])(
  'models of the architecture %s are merged, measured and exported',
  async (name) => {
    const table = join(await temporaryFolder(), 'models.csv')
    const [a, b, both] = [
      await variant(name, 'a', 0.01),
      await variant(name, 'b', -0.02),
      await variant(name, 'both', 0.005)
    ]
    await writeFile(
      table,
      `path,partition,mixture,tokens,chosen_by\n${a},art,,4000,\n${b},law,,4000,\n${both},,art+law,8000,random\n`
    )
    const session = await engine.createProject(join(await temporaryFolder(), 'project'))
    const { study } = await session.importModels({ path: table, name: 'models', window: 16 })
    const text = await wordText(join(await temporaryFolder(), 'held-out.jsonl'), 'x', 12)
    await session.importCorpus({
      name: 'held-out',
      role: 'evaluation',
      domainKind: 'out',
      paths: [text],
      partition: { kind: 'one', name: 'held-out' },
      textField: 'text',
      inPlace: false,
      skipBadLines: false,
      keepFields: []
    })
    expect(await session.run(study)).toMatchObject({ trained: 0, failed: [] })
    const { models } = await session.results(study)
    for (const { nats } of models) {
      for (const values of nats.values()) expect(values.every(Number.isFinite)).toBe(true)
    }
    const merged = models.find(({ role, name: one }) => role === 'merge' && one.includes('art+law'))
    expect(merged).toBeDefined()
    await session.close()
  }
)

test('training goes on from a model of another family, and stays of it', async () => {
  const seed = await variant('qwen3', 'seed', 0)
  const { config } = await openCheckpoint(seed)
  const { vocabularySize: _vocabulary, architecture: _architecture, ...shape } = config
  const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' as const }
  const draft: StudyDraft = {
    ...tinyStudy(),
    tokenizer: { kind: 'file', path: join(seed, 'tokenizer.json') },
    model: { ...shape, contextLength: 16 },
    seed: { source: 'checkpoint', path: seed },
    branch: { ...recipe, start: 'weights' },
    unit: { sequences: 40 },
    holdOut: { share: 0.15 },
    sequential: { choose: { kind: 'all' } }
  }
  const session = await engine.createProject(join(await temporaryFolder(), 'project'), draft)
  for (const partition of ['art', 'music']) {
    await session.importCorpus({
      name: partition,
      role: 'training',
      paths: [await wordText(join(await temporaryFolder(), `${partition}.jsonl`), partition, 60)],
      partition: { kind: 'one', name: partition },
      textField: 'text',
      inPlace: false,
      skipBadLines: false,
      keepFields: []
    })
  }
  const summary = await session.run(session.study())
  expect(summary).toMatchObject({ failed: [] })
  expect(summary.trained).toBeGreaterThanOrEqual(3)
  const { plan } = await session.plan(session.study())
  const folder = projectPaths.checkpoint(session.folder, plan.branches[0]!.fingerprint)
  const opened = await openCheckpoint(folder)
  expect(opened.config.architecture?.family).toBe('qwen3')
  expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toMatchObject({
    model_type: 'qwen3',
    architectures: ['Qwen3ForCausalLM']
  })
  await session.close()
})

test('a study is made to start from a checkpoint', async () => {
  const folder = await variant('gpt2', 'gpt2', 0.01)
  const place = join(await temporaryFolder(), 'project')
  const session = await engine.createProjectFrom(place, folder)
  expect(session.study()).toMatchObject({
    seed: { source: 'checkpoint', path: folder },
    tokenizer: { kind: 'file', path: join(folder, 'tokenizer.json') },
    model: { hiddenSize: 16, hiddenLayers: 2, intermediateSize: 64, contextLength: 64 },
    branch: { start: 'weights' }
  })
  await session.close()
  await expect(engine.createProjectFrom(place, folder)).rejects.toMatchObject({
    code: 'storage/exists'
  })
})

test('a tokenizer with more entries than the models have embeddings is refused', async () => {
  const session = await engine.createProject(join(await temporaryFolder(), 'project'))
  const path = join(await temporaryFolder(), 'models.csv')
  const folder = await variant('gpt2', 'a', 0.01)
  await wordTokenizer(folder, 60)
  await writeFile(path, `path,partition\n${folder},art\n`)
  const { study } = await session.importModels({ path, name: 'models' })
  await importFiction(session)
  await expect(session.run(study)).rejects.toMatchObject({
    code: 'checkpoint/mismatch',
    message: expect.stringMatching(/tokenizer has 60 entries, .* embeddings for 48/) as string
  })
  await session.close()
})

test.each([
  ['no such column', 'folder,partition\nx,art\n', /columns are folder, partition; expected path/],
  ['no partition', 'path,partition\nx,\n', /line 2, partition is ""/],
  ['no role', 'path,partition,role\nx,art,teacher\n', /line 2, role is "teacher"/],
  ['no tokens', 'path,partition,tokens\nx,art,many\n', /line 2, tokens is "many"/],
  ['no branch', 'path,mixture\nx,art+law\n', /names no branch/],
  ['no checkpoint', 'path,partition\nx,art\n', /config\.json/]
])('a table with %s is refused, and nothing is left of it', async (_, table, message) => {
  const path = join(await temporaryFolder(), 'models.csv')
  await writeFile(path, table)
  const session = await engine.createProject(join(await temporaryFolder(), 'project'))
  await expect(session.importModels({ path, name: 'models' })).rejects.toThrow(message)
  expect(session.studies).toHaveLength(1)
  expect(await readdir(session.folder)).not.toContain('runs')
  await session.close()
})

test('models that cannot be merged, or hold no numbers, are refused by name', async () => {
  const a = await variant('qwen3', 'a', 0.01)
  const other = await variant('gpt2', 'other', 0.01)
  const broken = await variant('qwen3', 'broken', NaN)
  const session = await engine.createProject(join(await temporaryFolder(), 'project'))
  const path = join(await temporaryFolder(), 'models.csv')
  await writeFile(path, `path,partition\n${a},art\n${other},law\n`)
  await expect(session.importModels({ path, name: 'models' })).rejects.toMatchObject({
    code: 'merge/mismatch'
  })
  await writeFile(path, `path,partition\n${a},art\n${broken},law\n`)
  await expect(session.importModels({ path, name: 'models' })).rejects.toMatchObject({
    code: 'checkpoint/invalid',
    message: expect.stringMatching(/of the numbers of .* are not finite/) as string
  })
  expect(await readdir(join(session.folder, 'runs'))).toEqual([])
  await session.close()
})
