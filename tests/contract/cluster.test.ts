import { readdir, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { FolderShelf, Workbench } from '#engine'
import { assertCommandsConfirmed } from '#engine/confirmedCommands'
import type { Engine, ProjectSession } from '#engine'
import { ProjectHost } from '#engine/desk/projectHost'
import type { EngineApi, EngineEvent, ProjectApi } from '#shared/contract'
import { connect, serve } from '#shared/port'
import { LOCAL } from '#shared/executors'
import type { LocalSettings, SlurmSettings } from '#shared/executors'
import type { StudyDraft } from '#shared/records'
import { builtEngine, tinyProject, tinyStudy } from '../support/builtEngine'
import { useOwnConfig } from '../support/ownConfig'
import { pipePair } from '../support/pipePair'
import { isSlurmMissing, startSlurm, until } from '../support/slurmCluster'
import type { SlurmCluster } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

// What is confirmed is kept for these tests alone.
useOwnConfig()

const study = 'small'
const slurm = (change: object = {}) => ({ executor: { kind: 'slurm' as const, ...change } })

/** A project on two desks: of a browser somewhere, and of this machine's own application. */
async function desks(change: Partial<StudyDraft> = {}) {
  const folder = await temporaryFolder()
  await (await tinyProject(engine, join(folder, 'project'), change)).close()
  const workbench = new Workbench(engine, new FolderShelf(folder))
  onTestFinished(() => workbench.close())
  const over = async (asker?: { setsCommands: boolean }) => {
    const { near, far } = pipePair()
    serve(workbench.desk(asker).api(), near)
    const api = connect(far)
    await api.openProject({ id: 'project', readOnly: false })
    return api
  }
  return {
    far: await over(),
    near: await over({ setsCommands: true }),
    project: join(folder, 'project')
  }
}

const COMMANDS = [
  { setup: ['touch /tmp/was-here'] },
  { options: ['--output=/tmp/was-here'] },
  { container: 'sh -c "touch /tmp/was-here"' },
  { command: '/tmp/evil' },
  { host: 'elsewhere' },
  { host: 'elsewhere', folder: '/there' }
]

test('a window that may be anywhere sets no command of a cluster, and submits none unsaved', async () => {
  const { far } = await desks()
  expect((await far.readDesk({})).setsCommands).toBe(false)
  for (const change of COMMANDS) {
    const draft = { study: tinyStudy(slurm(change)) }
    const refused = { code: 'study/invalid', message: expect.stringContaining('executor.') }
    await expect(far.saveStudy(draft)).rejects.toMatchObject(refused)
    await expect(far.checkCluster(draft)).rejects.toMatchObject(refused)
    await expect(far.previewScript(draft)).rejects.toMatchObject(refused)
    expect((await far.previewStudy(draft)).problem).toContain('no study of the project has these')
  }
  await far.saveStudy({ study: tinyStudy(slurm({ partition: 'main', timeMinutes: 5 })) })
  const { studies } = await far.readProject({})
  expect(studies[0]!.executor).toMatchObject({ partition: 'main', setup: [], options: [] })
})

test('what was set at the machine may be kept from anywhere, all of it or nothing', async () => {
  const { far, near } = await desks()
  expect((await near.readDesk({})).setsCommands).toBe(true)
  const set = { setup: ['module load cuda'], command: '/opt/assay' }
  await near.saveStudy({ study: tinyStudy(slurm(set)) })
  await far.saveStudy({ study: tinyStudy(slurm({ ...set, partition: 'gpu' })) })
  const half = far.saveStudy({ study: tinyStudy(slurm({ command: '/opt/assay' })) })
  await expect(half).rejects.toMatchObject({ code: 'study/invalid' })
  const { script, isExact } = await far.previewScript({
    study: tinyStudy(slurm({ ...set, gres: 'gpu:1' }))
  })
  expect(isExact).toBe(false)
  expect(script!.call).toContain('--gres=gpu:1')
  expect(script!.script).toMatch(/\nmodule load cuda\n(.*\n)*exec \/opt\/assay run-one /)
})

test('a study that goes to this machine and back has its commands again, whoever sends it there', async () => {
  const { far, near, project } = await desks()
  const set = { setup: ['module load cuda'], command: '/opt/assay', host: 'login' }
  const read = async () => (await far.readProject({})).studies[0]!
  for (const api of [far, near]) {
    await near.saveStudy({ study: tinyStudy(slurm(set)) })
    const { local: _, ...there } = (await read()).executor as SlurmSettings
    // Not a word of the cluster is said: it is the engine that keeps it.
    const saved = await api.saveStudy({
      study: tinyStudy({ executor: { kind: 'local', devices: [1] } })
    })
    expect(saved.executor).toEqual({ ...LOCAL, devices: [1], cluster: there })
    expect(await read()).toEqual(saved)
    // Changed here again, it stays.
    await api.saveStudy({ study: { ...saved, executor: { ...saved.executor, runsPerDevice: 2 } } })
    const { cluster } = (await read()).executor as LocalSettings
    await far.saveStudy({ study: { ...saved, executor: { ...cluster, partition: 'gpu' } } })
    // Nor is one said of this machine's GPUs.
    const local = { devices: [1], runsPerDevice: 2 }
    expect((await read()).executor).toEqual({ ...there, partition: 'gpu', local })
    await expect(assertCommandsConfirmed(project, await read())).resolves.toBeUndefined()
  }
})

test('what is kept of a cluster is held to the rules of one that is used', async () => {
  const evil = { setup: ['touch /tmp/was-here'] }
  const cluster = { kind: 'slurm' as const, ...evil }
  const keeping = { study: tinyStudy({ executor: { kind: 'local', cluster } }) }
  const { far } = await desks()
  for (const change of COMMANDS) {
    const executor = { kind: 'local' as const, cluster: { kind: 'slurm' as const, ...change } }
    await expect(far.saveStudy({ study: tinyStudy({ executor }) })).rejects.toMatchObject({
      code: 'study/invalid'
    })
  }
  // A project that came with it runs nothing of it here, and asks before it does there.
  const came = await desks(keeping.study)
  const unconfirmed = { code: 'study/unconfirmed' }
  for (const api of [came.far, came.near]) {
    await api.saveStudy(keeping)
    const saved = await api.saveStudy({ study: tinyStudy({ executor: cluster }) })
    await expect(assertCommandsConfirmed(came.project, saved)).rejects.toMatchObject(unconfirmed)
    await api.saveStudy(keeping)
  }
  // Typed at the machine and put aside before it was ever used, it is confirmed as well.
  const typed = { kind: 'slurm' as const, setup: ['module load cuda'] }
  await came.near.saveStudy({ study: tinyStudy({ executor: { kind: 'local', cluster: typed } }) })
  const saved = await came.far.saveStudy({ study: tinyStudy({ executor: typed }) })
  await expect(assertCommandsConfirmed(came.project, saved)).resolves.toBeUndefined()
})

test('commands that a project came with are not run before they are confirmed; what is typed here is', async () => {
  const { far, near, project } = await desks(slurm({ command: '/opt/assay' }))
  const refused = { code: 'study/unconfirmed', message: expect.stringContaining('/opt/assay') }
  const came = { study: tinyStudy(slurm({ command: '/opt/assay', partition: 'gpu' })) }
  for (const api of [far, near]) {
    await expect(api.runStudy({ study })).rejects.toMatchObject(refused)
    await expect(api.checkCluster(came)).rejects.toMatchObject(refused)
    await api.saveStudy(came)
    await expect(api.runStudy({ study })).rejects.toMatchObject(refused)
  }
  const executor = { kind: 'slurm' as const, command: '/opt/other', host: 'login' }
  await near.saveStudy({ study: tinyStudy({ executor }) })
  const [saved] = (await near.readProject({})).studies
  await expect(assertCommandsConfirmed(project, saved!)).resolves.toBeUndefined()
})

test('a host that ssh would take for an option is none, whoever names it', async () => {
  const { near } = await desks()
  const draft = { study: tinyStudy(slurm({ host: '-oProxyCommand=touch /tmp/was-here' })) }
  await expect(near.saveStudy(draft)).rejects.toMatchObject({ code: 'study/invalid' })
  const { problem } = await near.previewStudy(draft)
  expect(problem).toContain('begins with no dash')
})

test('a trainer that nobody confirmed is told where the study is asked to run', async () => {
  const { far } = await desks({ trainer: { command: '/bin/true {out}' } } as Partial<StudyDraft>)
  await expect(far.runStudy({ study })).rejects.toMatchObject({ code: 'study/unconfirmed' })
  await expect(far.runStudies({ studies: [study] })).rejects.toMatchObject({
    code: 'study/unconfirmed'
  })
  expect((await far.readProject({})).running).toBe(null)
})

test('commands are confirmed by who sits at the machine, as they were shown, and by nobody else', async () => {
  const trainer = { command: '/bin/true {out}' }
  const { far, near, project } = await desks({
    ...slurm({ setup: ['module load cuda'] }),
    trainer
  } as Partial<StudyDraft>)
  const refused = { code: 'study/unconfirmed' }
  const parts = await far.readCommands({ study })
  expect(parts).toMatchObject([
    {
      whose: 'trainer',
      isConfirmed: false,
      lines: [{ field: 'command', text: '/bin/true {out}' }]
    },
    { whose: 'cluster', isConfirmed: false, lines: [{ field: 'setup', text: 'module load cuda' }] }
  ])
  const keys = parts.map(({ key }) => key)
  const wanted = far.confirmCommands({ study, keys })
  await expect(wanted).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining('who sits there') as string
  })
  const isRunnable = async () => {
    const [saved] = (await near.readProject({})).studies
    return assertCommandsConfirmed(project, saved!)
  }
  await expect(isRunnable()).rejects.toMatchObject(refused)

  // Somebody far away puts others in their place while they are read: those were not shown.
  await near.saveStudy({ study: { ...(await near.readProject({})).studies[0], name: 'other' } })
  await far.saveStudy({
    study: tinyStudy({ ...slurm(), trainer } as Partial<StudyDraft>)
  })
  await expect(near.confirmCommands({ study, keys })).rejects.toMatchObject(refused)
  await expect(isRunnable()).rejects.toMatchObject(refused)
  const now = (await near.readCommands({ study })).map(({ key }) => key)
  expect(now).toEqual([keys[0]])
  await near.confirmCommands({ study, keys: now })
  await expect(isRunnable()).resolves.toBeUndefined()
  expect(await far.readCommands({ study })).toMatchObject([{ isConfirmed: true }])
  // Of another study the same trainer is known, its cluster is not.
  const others = await far.readCommands({ study: 'other' })
  expect(others.map(({ isConfirmed }) => isConfirmed)).toEqual([true, false])
  await expect(near.confirmCommands({ study: 'none', keys })).rejects.toMatchObject({
    code: 'study/missing'
  })
  // To take it back is for everybody.
  await far.withdrawCommands({ study })
  await expect(isRunnable()).rejects.toMatchObject(refused)
  expect(await near.readCommands({ study })).toMatchObject([{ isConfirmed: false }])
})

test('a study of this machine has no cluster to be asked', async () => {
  const { far } = await desks()
  const refused = { code: 'executor/invalid' }
  await expect(far.readCluster({ study, again: false })).rejects.toMatchObject(refused)
  expect((await far.previewScript({ study: tinyStudy() })).problem).toContain(
    'runs on this machine'
  )
})

describe.skipIf(isSlurmMissing)('with a cluster', () => {
  let cluster: SlurmCluster
  beforeAll(async () => {
    process.env['ASSAY_CLUSTER_POLL_SECONDS'] = '0.5'
    cluster = await startSlurm()
  })
  afterAll(async () => {
    await cluster?.stop()
    delete process.env['ASSAY_CLUSTER_POLL_SECONDS']
  })

  async function overContract(session: ProjectSession) {
    const { near, far } = pipePair()
    const host = await ProjectHost.over(session)
    onTestFinished(() => host.close())
    serve(host as ProjectApi as EngineApi, near)
    const api = connect(far)
    const events: EngineEvent[] = []
    api.onEvent((event) => events.push(event))
    return { api, events }
  }

  const progressOf = (events: readonly EngineEvent[], key: string) =>
    events.flatMap((one) => (one.kind === 'progress' && one.key === key ? [one.progress] : []))

  test('an element is listed, read and cancelled; a run that waits there is told as queued', async () => {
    const folder = join(await temporaryFolder(), 'project')
    const session = await tinyProject(engine, folder, slurm())
    const { api, events } = await overContract(session)
    cluster.call('scontrol', 'update', 'nodename=lab[1-2]', 'state=drain', 'reason=dusting')
    onTestFinished(() => {
      cluster.call('scontrol', 'update', 'nodename=lab[1-2]', 'state=resume')
    })
    await api.runStudy({ study })
    const queued = async () => (await api.readQueue({ study })).runs.filter((run) => run.isQueued)
    await until('a queued run', async () => (await queued()).length > 0)
    const [seed] = await queued()
    expect(seed).toMatchObject({ role: 'seed', isTraining: true })
    const [told] = progressOf(events, seed!.fingerprint)
    expect(told).toMatchObject({ activity: 'queue', done: 0, rate: null })
    expect(told!.place).toMatch(/^job \d+_0 waits in the queue \(/)

    const reading = await api.readCluster({ study, again: true })
    expect(reading).toMatchObject({ unreachable: null, unreachableSince: null, pollSeconds: 0.5 })
    expect(reading.nodes[0]).toMatchObject({ name: 'lab1', reason: 'dusting', gres: 'gpu:2' })
    expect(reading.nodes[0]!.use).toEqual({
      memoryAllocatedMegabytes: 0,
      memoryFreeMegabytes: expect.any(Number) as number,
      gresUsed: 'gpu:0'
    })
    const [element] = reading.elements
    expect(element).toMatchObject({ labels: ['seed'], state: 'waiting', node: null })
    // Where the project lies is nobody's business.
    expect(element!.log).toMatch(/^cluster\/assay-[0-9a-f]{12}\/\d+_0\.log$/)
    const { call, script } = await api.readElementScript({ study, element: element!.id })
    expect(call).toContain(`--job-name=${element!.submission}`)
    expect(script).toContain('run-one')
    // As it was stored, not as this program would write it.
    const stored = join(folder, 'cluster', element!.submission, 'script.sh')
    await writeFile(stored, `${script}# of then\n`)
    const again = await api.readElementScript({ study, element: element!.id })
    expect(again).toEqual({ call, script: `${script}# of then\n` })
    const log = await api.readElementLog({ study, element: element!.id })
    expect(log).toMatchObject({ text: '', isWhole: true })
    for (const id of ['../../x.0', `${element!.submission}.7`, '.']) {
      await expect(api.readElementLog({ study, element: id })).rejects.toMatchObject({
        code: 'executor/invalid'
      })
    }

    expect(await api.cancelElements({ study, elements: [element!.id] })).toEqual({ cancelled: 1 })
    await until('its end', () =>
      events.some((one) => one.kind === 'study' && one.state === 'failed')
    )
    const { runs } = await api.readQueue({ study })
    expect(runs.find(({ role }) => role === 'seed')).toMatchObject({
      isQueued: false,
      head: { state: 'failed' }
    })
  }, 120_000)

  test('who looks often asks the cluster at its own pace', async () => {
    const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), slurm())
    const { api } = await overContract(session)
    process.env['ASSAY_CLUSTER_POLL_SECONDS'] = '100'
    onTestFinished(() => void (process.env['ASSAY_CLUSTER_POLL_SECONDS'] = '0.5'))
    const asked = await Promise.all([1, 2, 3].map(() => api.readCluster({ study, again: false })))
    asked.push(await api.readCluster({ study, again: false }))
    expect(new Set(asked.map(({ askedAt }) => askedAt)).size).toBe(1)
  })

  test('a check finds its way and is told; a stopped one leaves nothing', async () => {
    const folder = join(await temporaryFolder(), 'project')
    const session = await tinyProject(engine, folder)
    const { api, events } = await overContract(session)
    const draft = { study: tinyStudy(slurm({ timeMinutes: 5 })) }
    const { check } = await api.checkCluster(draft)
    expect(check).toMatchObject({ isGood: true })
    expect(progressOf(events, 'cluster')[0]).toMatchObject({
      unit: 'seconds',
      done: expect.any(Number)
    })
    expect((await api.readProject({})).studies[0]!.executor).toBeUndefined()

    cluster.call('scontrol', 'update', 'nodename=lab[1-2]', 'state=drain', 'reason=dusting')
    const going = api.checkCluster(draft)
    await until('the element', () => cluster.queue().length > 0)
    await expect(api.checkCluster(draft)).rejects.toMatchObject({ code: 'study/running' })
    await api.stopClusterCheck({})
    expect(await going).toEqual({ check: null })
    cluster.call('scontrol', 'update', 'nodename=lab[1-2]', 'state=resume')
    await until('an empty queue', () => cluster.queue().length === 0)
    const left = join(folder, 'cluster')
    expect(existsSync(left) ? await readdir(left) : []).toEqual([])
  }, 120_000)
})
