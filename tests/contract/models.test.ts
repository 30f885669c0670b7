import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ProjectHost } from '#engine/desk/projectHost'
import type { Engine, ProjectSession } from '#engine'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { projectPaths } from '#engine/storage/paths'
import type { EngineApi, EngineEvent, ProjectApi } from '#shared/contract'
import type { ListedMerge, PlacedModel } from '#shared/modelsView'
import { connect, serve } from '#shared/port'
import { builtEngine, tinyProject, tinyStudy } from '../support/builtEngine'
import { pipePair } from '../support/pipePair'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

const study = 'small'

/** The commands of an open project, over a pipe, and what it tells. */
async function overContract(session: ProjectSession) {
  const { near, far } = pipePair()
  const host = await ProjectHost.over(session)
  serve(host as ProjectApi as EngineApi, near)
  const api = connect(far)
  const events: EngineEvent[] = []
  api.onEvent((event) => events.push(event))
  return { api, events, host }
}

/** A project whose seed, three branches and one mixture are trained. */
async function trained(): Promise<ProjectSession> {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'list', mixtures: ['code+law'] } }
  })
  await session.run(session.study())
  return session
}

async function weightsOf(folder: string) {
  const { parameters } = await openCheckpoint(folder)
  return readParameters(parameters)
}

/** The trained models in folders of their own, as another program leaves them. */
async function elsewhere(session: ProjectSession): Promise<string> {
  const folder = join(await temporaryFolder(), 'checkpoints')
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
  await put(plan.sequentials[0]!.fingerprint, 'sequential/code+law')
  return folder
}

/** Streams a folder as a browser does. */
async function drop(api: EngineApi, folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = await Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const full = join(entry.parentPath, entry.name)
        const path = `${basename(folder)}/${full.slice(folder.length + 1)}`
        return { path, data: await readFile(full) }
      })
  )
  const said = files.map(({ path, data }) => ({ path, bytes: data.length }))
  const { drop: id } = await api.beginDrop({ files: said })
  for (const [file, { data }] of files.entries()) {
    for (let at = 0; at < data.length; at += 50_000) {
      const base64 = data.subarray(at, at + 50_000).toString('base64')
      await api.addToDrop({ drop: id, file, base64 })
    }
  }
  return id
}

const linear = (models: ListedMerge['models'], change: Partial<ListedMerge> = {}): ListedMerge => ({
  study,
  name: 'both',
  method: 'linear',
  base: null,
  models,
  settings: {},
  dtype: null,
  randomSeed: 1,
  ...change
})

test('models are listed with their sizes, looked into once, and their lineage is that of the study', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'list', mixtures: ['code+law'] } }
  })
  const { api, events } = await overContract(session)
  expect(await api.readModels({ study })).toEqual([])
  await session.prepare(session.study())
  const waiting = await api.readModels({ study })
  expect(waiting.map(({ state, bytes }) => [state, bytes])).toEqual(
    Array(5).fill(['waiting', null])
  )
  await expect(api.inspectModels({ study, models: [waiting[0]!.id] })).rejects.toMatchObject({
    code: 'run/missing'
  })
  await session.run(session.study())
  const models = await api.readModels({ study })
  expect(
    models.map(({ role, name, partition, mixture }) => [role, name, partition, mixture])
  ).toEqual([
    ['seed', 'seed', null, null],
    ['branch', 'code#1', 'code', null],
    ['branch', 'law#1', 'law', null],
    ['branch', 'law#2', 'law', null],
    ['sequential', 'code+law (sum)', null, 'code+law']
  ])
  const bytesOf = (one: { bytes: number | null }) => one.bytes!
  for (const one of models) {
    expect(one).toMatchObject({ state: 'done', parameters: models[0]!.parameters, source: null })
    // float32 and a header
    expect(bytesOf(one)).toBeGreaterThan(4 * one.parameters!)
    expect(bytesOf(one)).toBeLessThan(4 * one.parameters! + 5000)
  }

  const asked = { study, models: models.slice(0, 4).map(({ id }) => id) }
  events.length = 0
  const found = (await api.inspectModels(asked))!
  expect(events.at(-1)).toEqual({ kind: 'ended', key: 'inspect' })
  expect(events.find(({ kind }) => kind === 'progress')).toMatchObject({
    key: 'inspect',
    progress: { unit: 'bytes' }
  })
  expect(found.models.map(({ model }) => model)).toEqual(['seed', 'code#1', 'law#1', 'law#2'])
  expect(found.models[0]!.parameters).toBe(models[0]!.parameters)
  expect(found.lineage).toMatchObject({ isMergeable: true, ancestry: 'same' })
  const nameOf = (id: string) => found.lineage.graph.nodes.find((one) => one.id === id)!.name
  expect(
    found.lineage.graph.edges
      .filter(({ from }) => nameOf(from) === 'seed')
      .map(({ to }) => nameOf(to))
      .sort()
  ).toEqual(['code#1', 'law#1', 'law#2'])
  expect(found.distances!.cosines.map((row, i) => row[i])).toEqual([1, 1, 1, 1])
  expect(JSON.stringify(found)).not.toContain(session.folder)

  // A second look reads nothing.
  events.length = 0
  expect(await api.inspectModels(asked)).toEqual(found)
  expect(events.filter(({ kind }) => kind === 'progress')).toEqual([])
  // What was kept and is damaged is not believed.
  const caches = join(session.folder, 'cache')
  const [kept] = (await readdir(caches)).filter((name) => name.startsWith('inspection-'))
  const text = await readFile(join(caches, kept!), 'utf8')
  const count = `"parameters":${found.models[0]!.parameters}`
  expect(text).toContain(count)
  await writeFile(join(caches, kept!), text.replace(count, count + '0'))
  expect(await api.inspectModels(asked)).toEqual(found)
  expect(await readFile(join(caches, kept!), 'utf8')).toBe(text)
  await expect(api.inspectModels({ study, models: ['run:../../etc'] })).rejects.toMatchObject({
    code: 'run/unknown'
  })
})

test('a seed in a folder whose name begins as the project’s does lies outside', async () => {
  const folder = join(await temporaryFolder(), 'project')
  const path = `${folder}.assay-models/base`
  const session = await engine.createProject(folder, {
    ...tinyStudy(),
    seed: { source: 'checkpoint', path }
  })
  onTestFinished(() => session.close())
  const { api } = await overContract(session)
  expect(path.startsWith(session.folder)).toBe(true)
  expect(await api.readModels({ study })).toMatchObject([
    { id: 'outside', name: 'base', state: 'gone', source: path, folder: null }
  ])
})

test('runs are written in another type, and merged as planned; the list has both', async () => {
  const session = await trained()
  const { api } = await overContract(session)
  const models = await api.readModels({ study })
  const id = (name: string) => models.find((one) => one.name === name)!.id
  const written = (await api.exportRun({ study, model: id('law#2'), dtype: 'BF16' }))!
  expect(written.folder).toMatch(/^exports\/small\/law_2-[0-9a-f]{6}$/)
  const inside = join(session.folder, written.folder)
  expect(JSON.parse(await readFile(join(inside, 'config.json'), 'utf8'))).toMatchObject({
    torch_dtype: 'bfloat16'
  })

  const methods = await api.readMergeMethods({})
  // What only its default is made of is not offered.
  expect(JSON.stringify(methods)).not.toContain('nuslerp_row_wise')
  expect(methods.find(({ method }) => method === 'ties')).toMatchObject({
    base: 'required',
    perModel: [
      { name: 'weight', standard: null },
      { name: 'density', standard: 1 }
    ]
  })
  const asked = linear([
    { id: id('code#1'), settings: { weight: 3 } },
    { id: id('law#1'), settings: { weight: 1 } }
  ])
  const { plan, problem } = await api.planMerge(asked)
  // Models go by their names: no place on the engine's machine crosses.
  expect(JSON.stringify(plan)).not.toMatch(/\/(tmp|runs)\//)
  expect(problem).toBeNull()
  expect(plan).toMatchObject({
    folder: 'exports/small/both',
    inputs: [
      { name: 'code#1', role: 'model', weight: 3, effective: 0.75 },
      { name: 'law#1', role: 'model', weight: 1, effective: 0.25 }
    ],
    types: { F32: models[0]!.parameters }
  })
  const merged = (await api.mergeModels(asked))!
  expect(merged.folder).toBe('exports/small/both')
  expect(merged.bytes).toBe(plan!.bytesWritten)
  const [a, b, both] = await Promise.all(
    ['code#1', 'law#1']
      .map((name) => weightsOf(projectPaths.checkpoint(session.folder, id(name).slice(4))))
      .concat(weightsOf(join(session.folder, merged.folder)))
  )
  for (const [name, { data }] of both!) {
    const [x, y] = [a!.get(name)!.data, b!.get(name)!.data]
    const off = data.map((value, i) => Math.abs(value - (0.75 * x[i]! + 0.25 * y[i]!)))
    expect(Math.max(...off)).toBeLessThan(1e-6)
  }
  const after = await api.readModels({ study })
  expect(after.slice(5).map(({ role, id: one }) => [role, one])).toEqual([
    ['merge', 'export:both'],
    ['export', `export:${basename(written.folder)}`]
  ])
  // Parents and what they started from are known of the merge.
  const { lineage } = (await api.inspectModels({ study, models: ['export:both', id('seed')] }))!
  const nodeOf = (one: string) => lineage.graph.nodes.find((node) => node.id === one)!
  const nameOf = (one: string) => nodeOf(one).model ?? nodeOf(one).name
  expect(
    lineage.graph.edges.map(({ from, to }) => `${nameOf(from)} > ${nameOf(to)}`).sort()
  ).toEqual([
    'code#1 > both',
    'law#1 > both',
    'seed > code#1',
    'seed > law#1',
    'weights drawn at random (seed 1) > seed'
  ])

  // What cannot be is said, and no path with it.
  const again = await api.planMerge(asked)
  expect(again.problem).toMatch(/^exports\/small\/both is there already/)
  const lone = await api.planMerge(
    linear([{ id: id('law#1'), settings: {} }], { method: 'slerp', name: 'lone' })
  )
  expect(lone.problem).toMatch(/slerp wants a base/)
  await expect(api.mergeModels(asked)).rejects.toMatchObject({ code: 'storage/exists' })
})

test('dropped folders become a study that needs them no more, its seed with it', async () => {
  const first = await trained()
  const folder = await elsewhere(first)
  const session = await engine.createProject(join(await temporaryFolder(), 'second'))
  onTestFinished(() => session.close())
  const { api, events, host } = await overContract(session)
  const id = await drop(api, folder)
  const found = await api.findModels({ drop: id })
  expect(
    found.map(({ source, role, partition, mixture }) => [source, role, partition, mixture])
  ).toEqual([
    ['checkpoints/seed', 'seed', null, null],
    ['checkpoints/branches/code/unit-1', 'branch', 'code', null],
    ['checkpoints/branches/law/unit-1', 'branch', 'law', null],
    ['checkpoints/branches/law/unit-2', 'branch', 'law', null],
    ['checkpoints/sequential/code+law', 'sequential', null, 'code+law']
  ])
  expect(found[1]).toMatchObject({ className: 'LlamaForCausalLM', problem: null })
  const models: PlacedModel[] = found.map(
    ({ className: _class, parameters: _parameters, bytes: _bytes, problem: _problem, ...one }) =>
      one
  )

  // What makes no study is refused before anything is copied.
  const wrong = models.map((one) =>
    one.role === 'sequential' ? { ...one, mixture: 'code+prose' } : one
  )
  await expect(api.importModels({ drop: id, name: 'taken', models: wrong })).rejects.toMatchObject({
    code: 'study/missing-partition',
    message: expect.stringContaining('"prose"') as string
  })
  await expect(
    api.importModels({ drop: id, name: session.study().name, models })
  ).rejects.toMatchObject({ code: 'study/invalid' })
  expect(await readdir(session.folder)).not.toContain('runs')

  events.length = 0
  const made = await api.importModels({ drop: id, name: 'taken', window: 8, models })
  expect(made).toMatchObject({ branches: 3, sequential: 1 })
  expect(events.some((one) => one.kind === 'progress' && one.key === 'take')).toBe(true)
  expect(await readdir(projectPaths.drops(session.folder)).catch(() => [])).toEqual([])
  await rm(folder, { recursive: true })
  const listed = await api.readModels({ study: 'taken' })
  expect(listed.map(({ role, name, state, source }) => [role, name, state, source])).toEqual([
    ['seed', 'seed', 'done', 'seed'],
    ['branch', 'code#1', 'done', 'checkpoints/branches/code/unit-1'],
    ['branch', 'law#1', 'done', 'checkpoints/branches/law/unit-1'],
    ['branch', 'law#2', 'done', 'checkpoints/branches/law/unit-2'],
    ['sequential', 'code+law (sum)', 'done', 'checkpoints/sequential/code+law']
  ])
  const { lineage, distances } = (await api.inspectModels({
    study: 'taken',
    models: listed.slice(0, 3).map((one) => one.id)
  }))!
  expect(lineage).toMatchObject({ isMergeable: true, ancestry: 'same' })
  expect(distances!.models).toEqual(['seed', 'code#1', 'law#1'])

  // The project stands on its own wherever it is moved to.
  const { folder: place } = session
  await host.close()
  const moved = join(await temporaryFolder(), 'moved')
  await cp(place, moved, { recursive: true })
  await rm(place, { recursive: true })
  const again = await engine.openProject(moved)
  onTestFinished(() => again.close())
  const there = (await overContract(again)).api
  const after = await there.readModels({ study: 'taken' })
  expect(after.map(({ state }) => state)).toEqual(Array(5).fill('done'))
  const { lineage: kept } = (await there.inspectModels({
    study: 'taken',
    models: after.slice(0, 3).map((one) => one.id)
  }))!
  expect(kept).toEqual(lineage)
})

test('a streamed table cannot name what was not dropped, and an adopted one can', async () => {
  const first = await trained()
  const folder = await elsewhere(first)
  const session = await engine.createProject(join(await temporaryFolder(), 'second'))
  onTestFinished(() => session.close())
  const { api, host } = await overContract(session)
  const tables = await temporaryFolder()
  const table = join(tables, 'models.csv')
  await writeFile(table, `path,partition\n${folder}/branches/code/unit-1,code\n`)
  const id = await drop(api, tables)
  await expect(api.findModels({ drop: id })).rejects.toMatchObject({ code: 'table/invalid' })
  const single = await drop(api, join(folder, 'sequential/code+law'))
  expect(await api.findModels({ drop: single })).toHaveLength(1)
  const text = Buffer.from(await readFile(table))
  const { drop: one } = await api.beginDrop({ files: [{ path: 'models.csv', bytes: text.length }] })
  await api.addToDrop({ drop: one, file: 0, base64: text.toString('base64') })
  await expect(api.findModels({ drop: one })).rejects.toMatchObject({
    message: expect.stringMatching(/not among what was dropped/) as string
  })
  const adopted = await api.findModels({ drop: host.adoptDrop([table]) })
  expect(adopted).toMatchObject([{ role: 'branch', partition: 'code', problem: null }])

  // Loose folders are branches by their names; what cannot be read says why.
  await rm(join(folder, 'branches/law/unit-1/model.safetensors'))
  const loose = await api.findModels({
    drop: host.adoptDrop([
      join(folder, 'seed'),
      join(folder, 'branches/law'),
      join(folder, 'sequential/code+law')
    ])
  })
  expect(
    loose.map(({ role, partition, mixture, problem }) => [role, partition ?? mixture, !!problem])
  ).toEqual([
    ['seed', null, false],
    ['branch', 'law', true],
    ['branch', 'law', false],
    ['sequential', 'code+law', false]
  ])
})

test('models whose folders do not say whose they are have the seed that the importer names', async () => {
  const first = await trained()
  const folder = await elsewhere(first)
  for (const place of ['seed', 'branches/code/unit-1', 'branches/law/unit-1']) {
    await rm(join(folder, place, 'lineage.json'))
  }
  const session = await engine.createProject(join(await temporaryFolder(), 'second'))
  onTestFinished(() => session.close())
  const { api, host } = await overContract(session)
  const drop = host.adoptDrop(
    ['seed', 'branches/code/unit-1', 'branches/law/unit-1'].map((place) => join(folder, place))
  )
  const models = (await api.findModels({ drop })).map(
    ({ className: _c, parameters: _p, bytes: _b, problem: _q, ...one }, i) => ({
      ...one,
      ...(one.role === 'branch' ? { partition: ['', 'code', 'law'][i]! } : {})
    })
  )
  expect(await api.importModels({ drop, name: 'taken', models })).toMatchObject({ warnings: [] })
  const listed = await api.readModels({ study: 'taken' })
  expect(listed.map(({ name }) => name)).toEqual(['seed', 'code#1', 'law#1'])
  const ids = listed.map((one) => one.id)
  const { lineage } = (await api.inspectModels({ study: 'taken', models: ids }))!
  expect(lineage.ancestry).toBe('same')
  expect(lineage.warnings).toEqual([])
  const modelOf = (id: string) => lineage.graph.nodes.find((node) => node.id === id)!.model
  expect(lineage.graph.nodes).toHaveLength(3)
  expect(lineage.graph.edges.map(({ from, to }) => [modelOf(from), modelOf(to)])).toEqual([
    ['seed', 'code#1'],
    ['seed', 'law#1']
  ])
})

test('what goes on is stopped when asked, and leaves nothing', async () => {
  const first = await trained()
  const folder = await elsewhere(first)
  const { api } = await overContract(first)
  const models = await api.readModels({ study })
  const ids = models.map((one) => one.id)
  const looking = api.inspectModels({ study, models: ids })
  await expect(api.inspectModels({ study, models: ids })).rejects.toMatchObject({
    code: 'study/running'
  })
  await api.stopModels({ what: 'inspect' })
  expect(await looking).toBeNull()

  const two = ids.slice(1, 3).map((id) => ({ id, settings: { weight: 1 } }))
  const merging = api.mergeModels(linear(two))
  await api.stopModels({ what: 'merge' })
  expect(await merging).toBeNull()
  const writing = api.exportRun({ study, model: ids[1]! })
  await api.stopModels({ what: 'write' })
  expect(await writing).toBeNull()
  expect(await readdir(join(first.folder, 'exports/small')).catch(() => [])).toEqual([])

  const second = await engine.createProject(join(await temporaryFolder(), 'second'))
  onTestFinished(() => second.close())
  const other = (await overContract(second)).api
  const id = await drop(other, folder)
  const placed = (await other.findModels({ drop: id })).map(
    ({ className: _c, parameters: _p, bytes: _b, problem: _q, ...one }) => one
  )
  const taking = other.importModels({ drop: id, name: 'taken', models: placed })
  await other.stopModels({ what: 'take' })
  expect(await taking).toBeNull()
  expect(second.studies).toHaveLength(1)
  expect(await readdir(join(second.folder, 'runs')).catch(() => [])).toEqual([])
  // What was handed over is still there to be tried again.
  expect(await other.importModels({ drop: id, name: 'taken', models: placed })).toMatchObject({
    branches: 3
  })
})

test('a project opened for reading shows its models and writes none', async () => {
  const session = await trained()
  const again = await engine.openProject(session.folder, { readOnly: true })
  onTestFinished(() => again.close())
  const { api } = await overContract(again)
  const models = await api.readModels({ study })
  const ids = models.map((one) => one.id)
  expect((await api.inspectModels({ study, models: ids.slice(0, 2) }))!.models).toHaveLength(2)
  const two = ids.slice(1, 3).map((id) => ({ id, settings: { weight: 1 } }))
  for (const refused of [
    () => api.exportRun({ study, model: ids[1]! }),
    () => api.mergeModels(linear(two)),
    () => api.beginDrop({ files: [{ path: 'a', bytes: 1 }] })
  ]) {
    await expect(refused()).rejects.toMatchObject({ code: 'storage/locked' })
  }
})
