import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exportModel } from '#engine'
import type { Engine, ProjectSession } from '#engine'
import { decodeBfloat16, encodeBfloat16 } from '#engine/checkpoints/halfPrecision'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import { InspectionSchema } from '#shared/modelInspection'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

async function trained(): Promise<ProjectSession> {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'none' } }
  })
  await session.run(session.study())
  return session
}

const jsonOf = async (...path: string[]) =>
  JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, unknown>

test('merges and runs go out rounded, in shards, with a card of what was measured, and are inspected', async () => {
  const session = await trained()
  const study = session.study()
  const out = await temporaryFolder()
  const how = { version: '1.2.3', dtype: 'BF16' as const, shardBytes: 20_000 }
  const seed = await exportModel(
    session,
    study,
    { run: 'seed' },
    { ...how, folder: join(out, 'seed') }
  )
  const merge = await exportModel(
    session,
    study,
    { mixture: 'code+law', merge: 'micro' },
    { ...how, dtype: 'F16', folder: join(out, 'merge') }
  )
  const branch = await exportModel(
    session,
    study,
    { run: 'code#1' },
    { version: '1', folder: join(out, 'branch') }
  )

  // Every weight is that of the run, rounded once.
  const { plan } = await session.plan(study)
  const own = join(session.folder, 'runs', plan.seed!.fingerprint, 'checkpoint')
  const stored = await readParameters((await openCheckpoint(own)).parameters)
  const exported = await openCheckpoint(seed.folder)
  for (const [name, { data }] of await readParameters(exported.parameters)) {
    expect(data).toEqual(decodeBfloat16(encodeBfloat16(stored.get(name)!.data)))
  }
  expect((await openModelWeights(seed.folder)).files.length).toBeGreaterThan(1)
  expect(seed.files).toContain('model.safetensors.index.json')
  expect(await jsonOf(seed.folder, 'config.json')).toMatchObject({
    dtype: 'bfloat16',
    torch_dtype: 'bfloat16'
  })
  expect(
    [...(await openModelWeights(merge.folder)).dtypes.values()].every((one) => one === 'F16')
  ).toBe(true)

  // The card tells perplexities as they are stored.
  const card = await readFile(join(merge.folder, 'README.md'), 'utf8')
  const front = parse(card.split('---')[1]!) as Record<string, unknown>
  const ancestor = `assay-seed-${plan.seed!.fingerprint.slice(0, 12)}`
  expect(front).toMatchObject({
    library_name: 'transformers',
    base_model: ancestor,
    base_model_relation: 'merge',
    tags: ['assay', 'merge', 'model-merging']
  })
  const mixture = await jsonOf(merge.folder, 'mixture.json')
  const measured = mixture['measured'] as {
    domain: string
    nats: number
    perplexity: number
  }[]
  expect(measured.map(({ domain }) => domain).sort()).toEqual(['code', 'fiction', 'law', 'seed'])
  const { models } = await session.results(study)
  const found = models.find(
    ({ merge: kind, mixture: name }) => kind === 'micro' && name === 'code+law'
  )!
  expect(measured.map(({ nats }) => nats)).toEqual(
    measured.map(({ domain }) => found.nats.get(domain)!.reduce((sum, one) => sum + one, 0))
  )
  for (const { domain, perplexity } of measured) {
    expect(card).toContain(`| ${domain} | `)
    expect(card).toContain(perplexity.toFixed(3))
  }
  expect(front['metrics']).toEqual(['perplexity'])
  expect((await readdir(merge.folder)).sort()).toEqual(
    [
      'README.md',
      'config.json',
      'generation_config.json',
      'mixture.json',
      'tokenizer.json',
      'tokenizer_config.json',
      ...merge.files
    ].sort()
  )

  // What lies in the project, and what went out of it, are known to be of one ancestor.
  const folders = [branch.folder, own, merge.folder]
  const inspection = InspectionSchema.parse(
    JSON.parse(await assayDone(['inspect', ...folders, '--json']))
  )
  expect(inspection.lineage).toMatchObject({
    isMergeable: true,
    ancestry: 'same',
    differences: [],
    warnings: []
  })
  expect(inspection.models.map(({ problems }) => problems)).toEqual([[], [], []])
  expect(inspection.distances!.ways!.from).toBe(own)
  const [toBranch, itself, toMerge] = inspection.distances!.relativeDistances[1]!
  expect(itself).toBe(0)
  expect(Math.min(toBranch!, toMerge!)).toBeGreaterThan(0)
  expect(inspection.distances!.ways!.cosines[0]![2]).toBeGreaterThan(0)

  const text = await assayDone(['inspect', branch.folder, '--headers', '--tensors'])
  expect(text).toContain('trained from seed (lineage.json)')
  expect(text).toContain('model.embed_tokens.weight')
})

test('the command line exports a model once, and says what is wrong', async () => {
  const session = await trained()
  await session.close()
  const out = join(await temporaryFolder(), 'out')
  const args = ['export-model', session.folder, '--mixture', 'law', '--dtype', 'bf16']
  const told = JSON.parse(
    await assayDone([...args, '--shard-size', '20kB', '--out', out, '--json'])
  ) as {
    folder: string
    files: string[]
  }
  expect(told.folder).toBe(out)
  expect((await readdir(out)).filter((name) => told.files.includes(name)).length).toBe(
    told.files.length
  )
  expect(await assayError([...args, '--out', out])).toMatchObject({
    status: 1,
    code: 'storage/exists'
  })
  expect(await assayError(['export-model', session.folder, '--run', 'nobody'])).toMatchObject({
    code: 'run/unknown',
    message: expect.stringContaining('code#1') as string
  })
  expect(await assayError(['export-model', session.folder])).toMatchObject({
    status: 2,
    code: 'usage/invalid'
  })
  for (const wrong of [
    ['--dtype', 'int8'],
    ['--shard-size', 'big'],
    ['--merge', 'mean']
  ]) {
    expect(await assayError([...args, ...wrong])).toMatchObject({ code: 'usage/invalid' })
  }
  const inside = await assayDone(['export-model', session.folder, '--weights', 'law=1,code=3'])
  expect(inside).toMatch(/Written: .*exports.small.code/)
  const { status } = await assay(['inspect', join(out, 'nothing')])
  expect(status).toBe(1)
})

test('an inspection stops when it is asked to', async () => {
  const session = await trained()
  const folder = join(session.folder, 'runs', session.runs[0]!.fingerprint, 'checkpoint')
  const controller = new AbortController()
  const models = Array.from({ length: 50 }, (_, index) => ({ name: String(index), folder }))
  const progress: number[] = []
  const asked = engine.inspectModels(
    { models, withValues: true },
    {
      signal: controller.signal,
      onProgress: ({ done }) => {
        progress.push(done)
        controller.abort(new Error('seen enough'))
      }
    }
  )
  await expect(asked).rejects.toThrow('seen enough')
  expect(progress.length).toBeGreaterThan(0)
})
