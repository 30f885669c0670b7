import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { FolderShelf, Workbench } from '#engine'
import type { Engine } from '#engine'
import { describeReport } from '#engine/studies/report'
import { readAdditions, readMatrix } from '#engine/workers/reportJob'
import type { EngineApi, EngineEvent } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import { connect, serve } from '#shared/port'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { holdWorkers } from '../support/heldWorkers'
import { pipePair } from '../support/pipePair'
import { temporaryFolder } from '../support/temporaryFolder'
import { unpackMatrix } from '../../src/renderer/state/unpackMatrix'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

/** A real project behind the contract, and the far end of its pipe. */
async function connected() {
  const folder = await temporaryFolder()
  const session = await tinyProject(engine, join(folder, 'project'))
  await session.close()
  const workbench = new Workbench(engine, new FolderShelf(folder))
  onTestFinished(() => workbench.close())
  const { near, far, close } = pipePair()
  const desk = workbench.desk()
  serve(desk.api(), near, (command, error) => workbench.log.addRefusal(desk.title, command, error))
  const api = connect(far)
  await api.openProject({ id: 'project', readOnly: false })
  return { folder, workbench, api, far, close }
}

/** Resolves with the first event that is wanted. */
function heard(api: EngineApi, isWanted: (event: EngineEvent) => boolean): Promise<EngineEvent> {
  return new Promise((resolve) => {
    const forget = api.onEvent((event) => {
      if (!isWanted(event)) return
      forget()
      resolve(event)
    })
  })
}

test('a study is run and read through the contract as it is without it', async () => {
  const { folder, api } = await connected()
  expect(await api.readProject({})).toMatchObject({ title: 'project', running: null })
  expect(await api.readMatrix({ study: 'small' })).toBe(null)
  const nothing = { study: null, runs: null, picture: null, leftOut: null }
  expect(await api.readGlimpse({ id: 'project' })).toEqual(nothing)
  expect(await api.readQueue({ study: 'small' })).toMatchObject({ isPrepared: false, runs: [] })

  const events: EngineEvent[] = []
  api.onEvent((event) => events.push(event))
  const ended = heard(api, (event) => event.kind === 'study' && event.state !== 'running')
  await api.runStudy({ study: 'small' })
  await expect(api.runStudy({ study: 'small' })).rejects.toMatchObject({ code: 'study/running' })
  expect((await api.readProject({})).running).toBe('small')
  expect(await ended).toMatchObject({ state: 'done', message: null })
  expect(new Set(events.map(({ kind }) => kind))).toEqual(
    new Set(['study', 'progress', 'ended', 'run', 'measured'])
  )

  const queue = await api.readQueue({ study: 'small' })
  expect(queue.runs.every((run) => run.isDone && run.head?.state === 'done')).toBe(true)
  const { fingerprint: run, head } = queue.runs[0]!
  const [curve] = await api.readCurves({ curves: [{ run, after: null }], points: 20 })
  expect(curve!.steps.length).toBeLessThanOrEqual(21)
  expect(curve!.steps.at(-1)).toBe(head!.steps)
  const [rest] = await api.readCurves({ curves: [{ run, after: head!.steps - 3 }], points: 20 })
  expect([rest!.isWhole, rest!.steps.length]).toEqual([false, 3])
  expect(rest!.losses.at(-1)).toBe(curve!.losses.at(-1))
  const unknown = [{ run: '../../etc', after: null }]
  expect(await api.readCurves({ curves: unknown, points: 20 })).toEqual([])

  const cost = (await api.readCost({ study: 'small', estimate: false }))!
  const { modular, evidence: checks, left } = cost
  expect(left).toEqual({ runs: 0, tokens: 0 })
  expect(modular.runs + checks.runs).toBe(queue.runs.length)
  const tokens = queue.runs.reduce((sum, one) => sum + one.tokens, 0)
  expect(modular.tokens + checks.tokens).toBe(tokens)
  const trained = queue.runs.filter(({ role }) => role === 'sequential')
  expect(checks.runs).toBe(trained.length)
  expect(queue.runs.every((one) => one.trained === one.tokens)).toBe(true)

  const packed = (await api.readMatrix({ study: 'small' }))!
  const matrix = unpackMatrix(packed)
  const csv = (await api.readTable({ study: 'small', table: 'pairs' }))!
  const both = matrix.rows.findIndex(({ mixture }) => mixture === 'code+law')
  const law = matrix.domains.findIndex(({ name }) => name === 'law')
  const merge = matrix.proxies.find(({ name }) => name === 'merge-micro')!.values[both]![law]!
  const truth = matrix.sequential[0]!.values[both]![law]!
  expect(csv).toContain(`code+law,2,sum,law,in,merge-micro,${merge},${truth},all,yes`)
  expect(matrix.rows.map(({ mixture, isMerge }) => [mixture, isMerge])).toEqual([
    ['code', true],
    ['law', false],
    ['code+law', false]
  ])
  expect(matrix.seed[law]).toBeGreaterThan(merge)

  const { picture, runs } = await api.readGlimpse({ id: 'project' })
  expect(runs).toEqual({ done: queue.runs.length, planned: queue.runs.length })
  expect(picture).toMatchObject({ proxy: 'merge-micro', mixtures: 3 })
  expect(picture!.cells[both]![law]).toBeCloseTo(Math.log(merge / matrix.seed[law]!), 12)
  // A million measurements are not read for a small picture.
  const measurements = join(folder, 'project', 'measurements.jsonl')
  await appendFile(measurements, '\n'.repeat(8_000_000))
  expect(await api.readGlimpse({ id: 'project' })).toMatchObject({
    picture: null,
    leftOut: 'more is measured than a small picture is made of'
  })

  const belief = (await api.readBelief({ study: 'small' }))!
  const session = await engine.openProject(join(folder, 'project'), { readOnly: true })
  const evidence = await session.evidence(session.study())
  expect(belief.headline).toEqual(evidence.headline)
  // Of a large study a worker makes it: the same job, here in this thread.
  const study = session.study()
  const parts = { folder: session.folder, runs: session.runs }
  const described = describeReport({ project: parts, study, ...(await session.plan(study)) })
  expect(await readMatrix(described)).toEqual(packed)
  const latest = session.corpora.toReversed().flatMap((one) => one.partitions.map((of) => of.name))
  const asked = { added: null, documents: 'all' as const, latest }
  const additions = await readAdditions({ report: described, asked })
  expect(additions).toEqual(await api.readAdditions({ study: 'small', added: null }))
  expect(belief.agreement).toEqual(evidence.agreement)
  const told = belief.rankings.filter(({ proxy, size }) => proxy === 'merge-micro' && size === null)
  expect(told).toEqual([{ ...evidence.acrossSizes, left: 0 }])
  expect(told[0]!.regret!.value).toBeGreaterThanOrEqual(0)
  // Nothing was measured since: a worker's answer is kept.
  const { reports } = session
  expect(await reports.belief(session.study())).toBe(await reports.belief(session.study()))
  await session.close()
  expect(await api.readTable({ study: 'small', table: 'secrets' })).toBe(null)
})

test('a draft is planned before it is saved: with all there is, and by what is known', async () => {
  const { api } = await connected()
  const [stored] = (await api.readProject({})).studies
  const ofDraft = (change: object) => api.previewStudy({ study: { ...stored, ...change } })
  // Two partitions: their mixtures are known before their units are.
  const before = await ofDraft({})
  expect(before).toMatchObject({ problem: null, isExact: false, cost: { mixtures: 3 } })
  expect(before.cost!.modular.runs).toBe(3)

  const ended = heard(api, (event) => event.kind === 'study' && event.state !== 'running')
  await api.runStudy({ study: 'small' })
  await ended
  const after = await ofDraft({})
  const cost = (await api.readCost({ study: 'small', estimate: false }))!
  // What is free changes while one asks.
  const { freeBytes } = after.cost!.disk
  const disk = { ...cost.disk, freeBytes }
  expect(after).toEqual({ problem: null, isExact: true, cost: { ...cost, disk } })
  expect(after.cost!.modular.runs).toBe(4)
  // Another unit size was never prepared: the tokens are counted, and so are its units.
  const unit = { ...stored!.unit, sequences: 100, maximum: null }
  const smaller = await ofDraft({ unit })
  expect(smaller).toMatchObject({ problem: null, isExact: true })
  await api.saveStudy({ study: { ...stored, name: 'smaller', unit } })
  const planned = heard(api, (event) => event.kind === 'ended' && event.key === 'prepare')
  await api.runStudy({ study: 'smaller' })
  await planned
  const { runs } = await api.readQueue({ study: 'smaller' })
  expect(runs.length).toBe(smaller.cost!.modular.runs + smaller.cost!.evidence.runs)
  await api.stopStudy({})

  expect((await ofDraft({ partitions: ['law', 'mail'] })).problem).toMatch(/mail.*There: .*law/)
  expect((await ofDraft({ unit: { ...unit, sequences: 1e6 } })).problem).toMatch(/one base unit/)
  expect((await ofDraft({ holdOut: { share: 7 } })).problem).toContain('holdOut.share')
  expect(await api.previewStudy({ study: 'none' })).toMatchObject({ cost: null })
})

test('stopping stops cleanly, and running again goes on', async () => {
  const { api } = await connected()
  const training = heard(api, ({ kind }) => kind === 'run')
  const stopped = heard(api, (event) => event.kind === 'study' && event.state !== 'running')
  await api.runStudy({ study: 'small' })
  await training
  await api.stopStudy({})
  expect(await stopped).toMatchObject({ state: 'stopped' })
  // What it was trained on is known from its curve: it goes on from there.
  const [first] = (await api.readQueue({ study: 'small' })).runs
  const curves = [{ run: first!.fingerprint, after: null }]
  const [curve] = await api.readCurves({ curves, points: 1000 })
  expect(first!.trained).toBe(first!.isDone ? first!.tokens : (curve?.tokens.at(-1) ?? 0))
  const ended = heard(api, (event) => event.kind === 'study' && event.state !== 'running')
  await api.runStudy({ study: 'small' })
  expect(await ended).toMatchObject({ state: 'done' })
})

test('what is not in the contract is refused at the door, with a code', async () => {
  const { api, far } = await connected()
  const answers: string[] = []
  far.onText((text) => answers.push(text))
  const ask = async (call: unknown) => {
    const before = answers.length
    far.send(typeof call === 'string' ? call : JSON.stringify(call))
    await expect.poll(() => answers.length).toBeGreaterThan(before)
    return answers.at(-1)
  }
  // It is answered by nothing: what comes first belongs to what is asked next.
  far.send('not json')
  expect(await ask({ id: 900, command: 'constructor', input: {} })).toContain('contract/invalid')
  expect(await ask({ id: 901, command: 'runStudy', input: { study: 7 } })).toContain(
    'runStudy was given something else'
  )
  await expect(api.readQueue({ study: 'other' })).rejects.toMatchObject({
    code: 'study/missing',
    details: { found: ['small'] }
  })
})

test('the machine is read cheaply; devices as doctor has them, not beside a study', async () => {
  const { api } = await connected()
  const machine = await api.readMachine({})
  expect(machine.memory.usedBytes).toBeLessThan(machine.memory.totalBytes)
  expect(machine.cpu).toMatchObject({ load: null, threadsUsed: 2 })
  const training = heard(api, ({ kind }) => kind === 'run')
  await api.runStudy({ study: 'small' })
  await training
  const goOn = await holdWorkers(process.pid)
  const { projectBytes } = (await api.readMachine({})).disk
  expect(projectBytes).toBeGreaterThan(1000)
  await expect(api.readDevices({ again: false })).rejects.toMatchObject({ code: 'study/running' })
  await expect(api.readCost({ study: 'small', estimate: true })).rejects.toMatchObject({
    code: 'study/running'
  })
  const stopped = heard(api, (event) => event.kind === 'study' && event.state !== 'running')
  const stopping = api.stopStudy({})
  goOn()
  await stopping
  await stopped
  const devices = await api.readDevices({ again: false })
  expect(devices.canTrain).toBe(true)
  expect(devices.backends.some(({ gflops }) => (gflops ?? 0) > 0)).toBe(true)
  expect(await api.readDevices({ again: false })).toEqual(devices)
  const lines = await api.readLog({})
  expect(new Set(lines.map(({ project }) => project))).toEqual(new Set(['project']))
  const texts = lines.map(({ text }) => text)
  expect(texts.slice(0, 2)).toEqual(['Opened', 'The study small runs'])
  expect(texts.some((text) => text.startsWith('readDevices: Devices are measured'))).toBe(true)
})

test('a closed pipe fails what waits, and what is asked afterwards', async () => {
  const { api, close } = await connected()
  const waiting = api.readProject({})
  close()
  await expect(waiting).rejects.toMatchObject({ code: 'contract/lost' })
  await expect(api.readProject({})).rejects.toMatchObject({ code: 'contract/lost' })
})

test('an error crosses without saying where in the program it happened, its causes neither', async () => {
  const { near, far } = pipePair()
  const cause = new Error('the inner one', { cause: new Error('the innermost') })
  const engine = {
    readDesk: () => Promise.reject(new WorkbenchError('project/none', 'outer', {}, { cause })),
    onEvent: () => () => undefined
  } as unknown as EngineApi
  serve(engine, near)
  const said = new Promise<string>((done) => far.onText(done))
  far.send('{"id":1,"command":"readDesk","input":{}}')
  const answer = await said
  expect(answer).toContain('the innermost')
  expect(answer).not.toMatch(/\.[cm]?[jt]s:\d/)
})
