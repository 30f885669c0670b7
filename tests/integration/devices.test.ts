import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ProjectSession, StudyEvent } from '#engine'
import { LOCAL } from '#shared/executors'
import type { Run, StudyDraft } from '#shared/records'
import { builtEngine, tinyProject, tinyStudy } from '../support/builtEngine'
import { assay, assayDone } from '../support/commandLine'
import { breakDevices, workersOn } from '../support/deviceWorkers'
import { temporaryFolder } from '../support/temporaryFolder'
import { untimedTables } from '../support/untimedTables'

/** A tiny study on so many pretended devices, with the engine it is open in. */
async function studyOn(devices: number, change: Partial<StudyDraft> = {}): Promise<ProjectSession> {
  vi.stubEnv('ASSAY_PRETENDED_DEVICES', String(devices))
  onTestFinished(() => void vi.unstubAllEnvs())
  const engine = builtEngine()
  onTestFinished(() => engine.close())
  return tinyProject(engine, join(await temporaryFolder(), 'project'), change)
}

/** All tables without the columns that say when and where. */
async function placelessTables(session: ProjectSession) {
  const tables = await untimedTables(session)
  for (const row of tables['runs.csv'] as Record<string, unknown>[]) delete row['device']
  return tables
}

function devicesOf({ runs }: ProjectSession): Set<string | null> {
  return new Set(runs.map(({ device }) => device))
}

test('tables are the same on one, two and three devices, and runs are spread', async () => {
  const one = await studyOn(1)
  expect(await one.run(one.study())).toMatchObject({ failed: [] })
  expect(devicesOf(one)).toEqual(new Set(['pretended 0']))
  const expected = await placelessTables(one)
  for (const count of [2, 3]) {
    const several = await studyOn(count)
    expect(await several.run(several.study())).toMatchObject({ failed: [] })
    expect(await placelessTables(several)).toEqual(expected)
    const names = Array.from({ length: count }, (_, index) => `pretended ${index}`)
    expect(devicesOf(several)).toEqual(new Set(names))
    expect(new Set(several.runs.map(({ threads }) => threads))).toEqual(new Set([1]))
  }
}, 240_000)

test('two runs train at once, each on a device of its own, which the list of devices says', async () => {
  const { branch } = tinyStudy()
  // Steps enough for both to be seen amid them.
  const session = await studyOn(2, {
    branch: { ...branch, batchSize: 1 },
    sequential: { choose: { kind: 'none' } }
  })
  const seen: { runs: string[]; heads: Run[] }[] = []
  const training = new Set<string>()
  const looks: Promise<void>[] = []
  const onEvent = (event: StudyEvent) => {
    if (event.kind === 'ended') training.delete(event.key)
    if (event.kind !== 'progress') return
    training.add(event.key)
    if (training.size < 2) return
    looks.push(
      session.devices().then((devices) => {
        const runs = devices.flatMap((device) => device.runs)
        seen.push({ runs, heads: session.runs.filter(({ state }) => state === 'running') })
      })
    )
  }
  await session.run(session.study(), { onEvent })
  await Promise.all(looks)
  const both = seen.filter(({ runs, heads }) => runs.length === 2 && heads.length === 2)
  expect(both.length).toBeGreaterThan(0)
  expect(new Set(both[0]!.runs).size).toBe(2)
  expect(new Set(both[0]!.heads.map(({ device }) => device))).toEqual(
    new Set(['pretended 0', 'pretended 1'])
  )
}, 120_000)

test('a study is kept to the devices that it names, and to those that are there', async () => {
  const session = await studyOn(3)
  const pinned = { ...LOCAL, devices: [2] }
  expect(await session.run(session.study(), { executor: pinned })).toMatchObject({ failed: [] })
  expect(devicesOf(session)).toEqual(new Set(['pretended 2']))

  const fresh = await studyOn(2)
  const missing = fresh.run(fresh.study(), { executor: { ...LOCAL, devices: [1, 5] } })
  await expect(missing).rejects.toMatchObject({
    code: 'executor/invalid',
    message: expect.stringContaining('5 is not among those') as string,
    details: { found: ['0', '1'] }
  })
}, 120_000)

test('several runs share a device where the study says so', async () => {
  const session = await studyOn(1)
  let most = 0
  const onEvent = (event: StudyEvent) => {
    if (event.kind === 'progress') most = Math.max(most, workersOn('pretended 0').length)
  }
  await session.run(session.study(), { onEvent, executor: { ...LOCAL, runsPerDevice: 2 } })
  expect(most).toBe(2)
}, 120_000)

test('a device whose workers die is set aside, and its runs go elsewhere', async () => {
  const session = await studyOn(2)
  breakDevices(['pretended 0'])
  const aside: Extract<StudyEvent, { kind: 'device' }>[] = []
  const summary = await session.run(session.study(), {
    onEvent: (event) => void (event.kind === 'device' && aside.push(event))
  })
  expect(summary).toMatchObject({ failed: [], wasStopped: false })
  expect(devicesOf(session)).toEqual(new Set(['pretended 1']))
  expect(aside).toHaveLength(1)
  expect(aside[0]!.device).toBe('pretended 0')
  expect(aside[0]!.reason).toContain('2 jobs in a row failed on it')
  const [first, second] = await session.devices()
  expect(first!.setAside).toBe(aside[0]!.reason)
  expect(second!.setAside).toBe(null)
}, 120_000)

test('with all devices set aside the study ends and names what was wrong with each', async () => {
  // Without a seed: of a run alone it is said that it failed three times, before all devices are tried twice.
  const session = await studyOn(2, { seed: { source: 'none' } })
  breakDevices(['pretended 0', 'pretended 1'])
  await expect(session.run(session.study())).rejects.toMatchObject({
    code: 'backend/unavailable',
    message: expect.stringMatching(/pretended 0: 2 jobs.*SIGKILL.*pretended 1: 2 jobs/) as string
  })
}, 120_000)

test('the command line is told where to run, and tells of devices', async () => {
  vi.stubEnv('ASSAY_PRETENDED_DEVICES', '2')
  onTestFinished(() => void vi.unstubAllEnvs())
  const engine = builtEngine()
  onTestFinished(() => engine.close())
  const project = join(await temporaryFolder(), 'project')
  const session = await tinyProject(engine, project)
  await session.close()

  const refused = await assay(['run', project, '--devices', '7', '--json'])
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: { code: 'executor/invalid', hint: 'assay run PROJECT --devices all' }
  })
  expect((await assay(['run', project, '--devices', 'first'])).status).toBe(2)
  expect(await assayDone(['plan', project])).toContain('Device: pretended 0, pretended 1')
  await assayDone(['run', project, '--devices', '1'])
  const status = JSON.parse(await assayDone(['status', project, '--json'])) as {
    heads: Run[]
    devices: unknown[]
  }
  expect(new Set(status.heads.map(({ device }) => device))).toEqual(new Set(['pretended 1']))
  expect(status.devices).toMatchObject([
    { index: 0, name: 'pretended 0', isPretended: true, runs: [], setAside: null },
    { index: 1, name: 'pretended 1' }
  ])
  expect(await assayDone(['doctor'])).toMatch(/Device +pretended 1: 0 B of .* used/)
}, 120_000)
