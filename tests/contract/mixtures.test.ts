import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ProjectHost } from '#engine/desk/projectHost'
import type { Engine, ProjectSession } from '#engine'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import type { EngineApi, EngineEvent, ProjectApi } from '#shared/contract'
import type { Matrix } from '#shared/evidenceView'
import { connect, serve } from '#shared/port'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { pipePair } from '../support/pipePair'
import { temporaryFolder } from '../support/temporaryFolder'
import { unpackMatrix } from '../../src/renderer/state/unpackMatrix'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

const ONE = { law: 3, code: 1 }
const NAME = 'code*0.25+law*0.75'

/** The commands of an open project, over a pipe. */
async function overContract(session: ProjectSession): Promise<EngineApi> {
  const { near, far } = pipePair()
  serve((await ProjectHost.over(session)) as ProjectApi as EngineApi, near)
  return connect(far)
}

async function reopened(session: ProjectSession, readOnly = false): Promise<ProjectSession> {
  const again = await engine.openProject(session.folder, { readOnly })
  onTestFinished(() => again.close())
  return again
}

async function ended(api: EngineApi, begin: () => Promise<unknown>): Promise<EngineEvent> {
  const event = new Promise<EngineEvent>((resolve) => {
    const forget = api.onEvent((one) => {
      if (one.kind !== 'study' || one.state === 'running') return
      forget()
      resolve(one)
    })
  })
  await begin()
  return event
}

/** Values of a mixture by proxy. */
function valuesOf(matrix: Matrix, mixture: string) {
  const row = matrix.rows.findIndex((one) => one.mixture === mixture)
  return Object.fromEntries(matrix.proxies.map(({ name, values }) => [name, values[row]]))
}

test('a mixture built by hand is measured as a study that lists it measures it', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    mixtures: { choose: { kind: 'list', list: [{ code: 1 }, ONE] } },
    sequential: { choose: { kind: 'none' } }
  })
  const unprepared = await overContract(session)
  const ask = { study: 'small', weights: ONE }
  await expect(unprepared.evaluateMixture(ask)).rejects.toMatchObject({
    code: 'study/not-prepared'
  })
  await session.prepare(session.study())
  await expect(unprepared.evaluateMixture(ask)).rejects.toMatchObject({
    code: 'run/missing',
    message: expect.stringContaining('code#1, law#1, law#2')
  })
  await session.run(session.study())
  const listed = valuesOf(unpackMatrix((await unprepared.readMatrix({ study: 'small' }))!), NAME)
  const trained = session.runs.length

  // The same branches, nothing measured, and a study that does not list it.
  await session.saveStudy({
    ...session.study(),
    mixtures: { choose: { kind: 'list', list: [{ code: 1 }] } }
  })
  await session.close()
  await rm(join(session.folder, 'measurements.jsonl'))
  const again = await reopened(session)
  const api = await overContract(again)
  const events: EngineEvent[] = []
  api.onEvent((event) => events.push(event))
  const built = await api.evaluateMixture(ask)
  expect(valuesOf(built, NAME)).toEqual(listed)
  expect(listed['merge-micro']!.every((value) => value !== null && value > 0)).toBe(true)
  expect(built.rows).toHaveLength(1)
  expect(built.seed.every((value) => value !== null)).toBe(true)
  const progress = events.filter((event) => event.kind === 'progress')
  expect(progress.at(-1)).toMatchObject({ key: 'evaluate', progress: { unit: 'models' } })
  expect(events.at(-1)).toEqual({ kind: 'ended', key: 'evaluate' })
  expect(again.runs).toHaveLength(trained)
  expect((await api.readMatrix({ study: 'small' }))!.rows.map((row) => row.mixture)).toEqual([
    'code'
  ])

  expect(await api.addMixture(ask)).toEqual({ mixture: NAME })
  expect(await api.addMixture(ask)).toEqual({ mixture: NAME })
  expect(again.study().mixtures.added).toEqual([ONE])
  expect(valuesOf(unpackMatrix((await api.readMatrix({ study: 'small' }))!), NAME)).toEqual(listed)
  await expect(api.evaluateMixture({ study: 'small', weights: { rust: 1 } })).rejects.toMatchObject(
    { code: 'study/missing-partition' }
  )
})

test('mixtures picked by hand are trained for real, those built by hand too', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'none' } }
  })
  const api = await overContract(session)
  const study = 'small'
  await ended(api, () => api.runStudy({ study }))
  const before = session.runs.map(({ fingerprint }) => fingerprint)
  const wanted = { study, mixtures: ['law+code', ONE] }
  await expect(api.trainSequentially({ study, mixtures: ['rust'] })).rejects.toMatchObject({
    code: 'study/invalid'
  })
  const outcome = await ended(api, async () => {
    await api.trainSequentially(wanted)
    await expect(api.trainSequentially({ study, mixtures: ['law'] })).rejects.toMatchObject({
      code: 'study/running'
    })
  })
  expect(outcome).toMatchObject({ state: 'done' })
  const fresh = session.runs.filter(({ fingerprint }) => !before.includes(fingerprint))
  expect(fresh.map(({ mixture, chosenBy }) => [mixture, chosenBy]).sort()).toEqual([
    [NAME, 'user'],
    ['code+law', 'user']
  ])
  const { sequential, mixtures } = session.study()
  expect(sequential.added).toEqual(['code+law', NAME])
  expect(mixtures.added).toEqual([ONE])
  expect(sequential.top).toEqual([])
  const matrix = unpackMatrix((await api.readMatrix({ study }))!)
  const trained = matrix.rows.filter((_, row) => matrix.sequential[0]!.values[row]![0] !== null)
  expect(trained.map(({ mixture }) => mixture)).toEqual([NAME, 'code+law'])
})

test('a merge is exported as a model whose weights are the average of its branches', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'none' } }
  })
  await session.run(session.study())
  const api = await overContract(session)
  const asked = { study: 'small', mixture: 'code+law', merge: 'macro' } as const
  const { folder } = await api.exportMerge(asked)
  expect(folder).toBe('exports/small/code+law-macro')
  const read = async (path: string) => {
    const { config, parameters } = await openCheckpoint(path)
    return { config, parameters: await readParameters(parameters) }
  }
  const { plan } = await session.plan(session.study())
  const branch = (name: string) => {
    const { fingerprint } = plan.branches.find((run) => run.name === name)!
    return read(join(session.folder, 'runs', fingerprint, 'checkpoint'))
  }
  const merge = await read(join(session.folder, folder!))
  const [code, law1, law2] = await Promise.all(['code#1', 'law#1', 'law#2'].map(branch))
  expect(merge.config).toEqual(code!.config)
  expect([...merge.parameters.keys()]).toEqual([...code!.parameters.keys()])
  for (const [name, { data }] of merge.parameters) {
    const value = (one: typeof code, i: number) => one!.parameters.get(name)!.data[i]!
    const byHand = data.map((_, i) => {
      const pair = 0.25 * value(law1, i) + 0.25 * value(law2, i)
      return Math.fround(0.5 * value(code, i) + pair)
    })
    const furthest = data.reduce((most, one, i) => Math.max(most, Math.abs(one - byHand[i]!)), 0)
    expect(furthest).toBeLessThan(1e-7)
  }
  const beside = JSON.parse(await readFile(join(session.folder, folder!, 'tokenizer.json'), 'utf8'))
  expect(beside).toHaveProperty('model')
  const half = await api.exportMerge({ ...asked, dtype: 'BF16', shardBytes: 20_000 })
  expect(half.folder).toBe(folder)
  const files = await readdir(join(session.folder, half.folder!))
  expect(files.filter((name) => name.endsWith('.safetensors')).length).toBeGreaterThan(1)
  const built = await api.exportMerge({ study: 'small', mixture: ONE, merge: 'micro' })
  expect(built.folder).toMatch(/^exports\/small\/code_0\.25\+law_0\.75-[0-9a-f]{6}-micro$/)
})

test('a project opened for reading answers what is measured and refuses the rest', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'none' } }
  })
  await session.run(session.study())
  const api = await overContract(await reopened(session, true))
  const study = 'small'
  const both = await api.evaluateMixture({ study, weights: { law: 2, code: 2 } })
  expect(both.rows[0]!.mixture).toBe('code+law')
  expect(await api.evaluateMixtures({ study, mixtures: ['law', 'code'] })).toEqual({
    wasStopped: false
  })
  for (const refused of [
    () => api.evaluateMixture({ study, weights: ONE }),
    () => api.addMixture({ study, weights: ONE }),
    () => api.trainSequentially({ study, mixtures: ['law'] }),
    () => api.exportMerge({ study, mixture: 'law', merge: 'micro' })
  ]) {
    await expect(refused()).rejects.toMatchObject({ code: 'storage/locked' })
  }
})
