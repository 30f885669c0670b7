import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProjectHost } from '#engine/desk/projectHost'
import type { Engine } from '#engine'
import type { EngineEvent } from '#shared/contract'
import type { QueuedRun } from '#shared/trainingView'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { holdWorkers } from '../support/heldWorkers'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine(1)
})
afterAll(() => engine.close())

const study = 'small'

/** A project whose text is prepared and whose queue is known; one run trains at a time. */
async function prepared() {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'))
  await session.prepare(session.study(study))
  const host = await ProjectHost.over(session)
  const begun: string[] = []
  const listeners = new Set<(event: EngineEvent) => void>()
  host.onEvent((event) => {
    if (event.kind === 'run' && event.record.state === 'running') begun.push(event.record.name)
    for (const listener of listeners) listener(event)
  })
  const queue = async () => (await host.readQueue({ study })).runs
  const named = async (name: string): Promise<QueuedRun> =>
    (await queue()).find((run) => run.name === name)!
  /** Resolves when an event is what was waited for. */
  const heard = (isWanted: (event: EngineEvent) => boolean) =>
    new Promise<EngineEvent>((resolve) => {
      const listener = (event: EngineEvent) => {
        if (!isWanted(event)) return
        listeners.delete(listener)
        resolve(event)
      }
      listeners.add(listener)
    })
  const ended = () => heard((event) => event.kind === 'study' && event.state !== 'running')
  return { session, host, begun, queue, named, heard, ended, listeners }
}

test('runs are begun in the order asked for, within their roles; results do not change', async () => {
  const usual = await prepared()
  let ended = usual.ended()
  await usual.host.runStudy({ study })
  expect(await ended).toMatchObject({ state: 'done' })
  expect(usual.begun).toEqual((await usual.queue()).map((run) => run.name))

  const moved = await prepared()
  const runs = await moved.queue()
  expect(runs.map((run) => run.name)).toEqual(usual.begun)
  const branches = runs.filter((run) => run.role === 'branch')
  const [first, last] = [branches[0]!, branches.at(-1)!]
  await moved.host.moveRun({ study, run: last.fingerprint, before: first.fingerprint })
  await moved.host.moveRun({ study, run: first.fingerprint, before: null })
  const seed = runs[0]!.fingerprint
  await expect(
    moved.host.moveRun({ study, run: first.fingerprint, before: seed })
  ).rejects.toMatchObject({ code: 'run/not-movable' })
  await expect(moved.host.moveRun({ study, run: 'none', before: null })).rejects.toMatchObject({
    code: 'run/unknown'
  })
  const order = (await moved.queue()).map((run) => run.name)
  expect(order).toEqual([
    'seed',
    last.name,
    ...branches.slice(1, -1).map((run) => run.name),
    first.name,
    ...runs.filter((run) => run.role === 'sequential').map((run) => run.name)
  ])
  ended = moved.ended()
  await moved.host.runStudy({ study })
  await ended
  expect(moved.begun).toEqual(order)
  const measured = (host: ProjectHost) => host.readTable({ study, table: 'measurements' })
  expect(await measured(moved.host)).toBe(await measured(usual.host))
})

test('a run that trains is set aside and goes on when it is released, bit for bit', async () => {
  const { host, named, heard, ended, begun } = await prepared()
  const law = await named('law#1')
  const training = heard(
    (event) => event.kind === 'progress' && event.key === law.fingerprint && event.progress.done > 0
  )
  let end = ended()
  await host.runStudy({ study })
  await training
  const goOn = await holdWorkers(process.pid)
  expect((await named('law#1')).isTraining).toBe(true)
  await host.holdRun({ run: law.fingerprint })
  goOn()
  const outcome = await end
  expect(outcome).toMatchObject({ state: 'stopped' })
  expect((outcome as { message: string }).message).toMatch(/^1 run is held: law#1\./)
  expect(await named('law#1')).toMatchObject({ isHeld: true, isDone: false, isTraining: false })
  // All that does not build on it was trained; what does was left out.
  expect(begun).toContain('law#2')
  const before = (
    await host.readCurves({ curves: [{ run: law.fingerprint, after: null }], points: 999 })
  )[0]!
  expect(before.steps.length).toBeLessThan(50)

  await host.releaseRun({ run: law.fingerprint })
  end = ended()
  await host.runStudy({ study })
  expect(await end).toMatchObject({ state: 'done', message: null })
  const after = (
    await host.readCurves({ curves: [{ run: law.fingerprint, after: null }], points: 999 })
  )[0]!
  expect(after.steps).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  expect(after.losses.slice(0, before.losses.length)).toEqual(before.losses)
  expect(begun.filter((name) => name === 'law#1')).toHaveLength(2)
})

test('a run that is released while others train is trained in the same study', async () => {
  const { host, named, heard, ended } = await prepared()
  const law = await named('law#1')
  await host.holdRun({ run: law.fingerprint })
  const later = heard((event) => event.kind === 'run' && event.record.role === 'sequential')
  const end = ended()
  await host.runStudy({ study })
  await later
  expect((await named('law#1')).isDone).toBe(false)
  await host.releaseRun({ run: law.fingerprint })
  expect(await end).toMatchObject({ state: 'done', message: null })
  const csv = await host.readTable({ study, table: 'pairs' })
  expect(csv).toContain('code+law')
})

test('a failed run is tried again while the study runs', async () => {
  const { session, host, named, ended, listeners, begun } = await prepared()
  const { partitions } = (await session.findPrepared(session.study(study)))!
  const { tokens } = partitions.find(({ name }) => name === 'code')!.baseUnits[0]!
  const folder = join(session.folder, 'tokens', tokens)
  const failures: string[] = []
  listeners.add((event) => {
    if (event.kind === 'run' && event.record.role === 'seed' && event.record.state === 'running') {
      renameSync(folder, `${folder}-away`)
    }
    if (event.kind !== 'run' || event.record.state !== 'failed') return
    failures.push(event.record.name)
    if (event.record.name !== 'code#1') return
    renameSync(`${folder}-away`, folder)
    void host.retryRun({ study, run: event.record.fingerprint })
  })
  const end = ended()
  await host.runStudy({ study })
  expect(await end).toMatchObject({ state: 'done', message: null })
  expect(failures).toEqual(['code#1'])
  expect(begun.filter((name) => name === 'code#1')).toHaveLength(2)
  expect((await named('code#1')).isDone).toBe(true)
})
