import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { distinctModels } from '#engine/studies/measureModels'
import { projectPaths } from '#engine/storage/paths'
import { runsOf } from '#engine/studies/plan'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { untilListening } from '../support/listening'
import { untimedTables } from '../support/untimedTables'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine

beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

const change = { sequential: { choose: { kind: 'list' as const, mixtures: ['code+law'] } } }

test('jobs done one by one, beside the open project, are taken in and give the study that a run gives', async () => {
  const undisturbed = await tinyProject(engine, join(await temporaryFolder(), 'a'), change)
  await undisturbed.run(undisturbed.study())

  const session = await tinyProject(engine, join(await temporaryFolder(), 'b'), change)
  const study = session.study()
  const { plan } = await session.plan(study)
  const runs = runsOf(plan).map(({ fingerprint }) => fingerprint)
  const distinct = [...new Set(runs)]
  const ran = await assayDone(['run-one', session.folder, ...distinct, '--threads', '1', '--json'])
  const told = JSON.parse(ran) as { jobs: { key: string; state: string }[] }
  expect(told.jobs.map(({ key, state }) => [key, state])).toEqual(
    distinct.map((key) => [key, 'done'])
  )
  await session.run(study, { signal: AbortSignal.abort(new Error('only to take them in')) })
  expect(session.runs.map(({ state }) => state)).toEqual(distinct.map(() => 'done'))

  const models = distinctModels(plan)
  await assayDone(['run-one', session.folder, ...models, '--threads', '1'])
  expect(await readdir(join(session.folder, 'outcomes'))).toHaveLength(models.length)
  const summary = await session.run(study)
  expect(summary).toMatchObject({ trained: 0, measured: 0, failed: [] })
  expect(await readdir(join(session.folder, 'outcomes'))).toEqual([])
  // Of a model that was trained before anything was measured nothing could be said in advance.
  const expected = { ...(await untimedTables(undisturbed)), 'predictions.csv': [] }
  expect(await untimedTables(session)).toEqual(expected)
})

test('which GPUs were chosen on the machine of the head is nothing to a node', async () => {
  const executor = { kind: 'slurm' as const, local: { devices: [7] } }
  const session = await tinyProject(engine, join(await temporaryFolder(), 'a'), {
    ...change,
    executor
  })
  const { plan } = await session.plan(session.study())
  const ran = await assayDone(['run-one', session.folder, plan.seed!.fingerprint, '--threads', '1'])
  expect(ran).toBe('done seed\n')
})

test('a job that nobody planned, and one of another version, are refused in words', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'a'), change)
  await session.plan(session.study())
  const unknown = await assayError(['run-one', session.folder, 'f'.repeat(64)])
  expect(unknown).toMatchObject({ status: 1, code: 'run/unknown', details: { study: 'small' } })
  const other = await assayError(['run-one', session.folder, 'f'.repeat(64), '--assay', '0.0.1'])
  expect(other).toMatchObject({
    status: 1,
    code: 'executor/version',
    details: { expected: '0.0.1' }
  })
})

test('what fails leaves its reason for the host, and the exit status says so', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'a'), change)
  const { plan } = await session.plan(session.study())
  // A branch whose seed is not there yet.
  const [branch] = plan.branches
  const { status, stdout } = await assay(['run-one', session.folder, branch!.fingerprint])
  expect(status).toBe(1)
  expect(stdout).toContain(`failed branch ${branch!.name}`)
  const summary = await session.run(session.study())
  expect(summary.failed).toEqual([])
})

test('a run that another process trains is left to it: it has not failed', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'a'), change)
  const { plan } = await session.plan(session.study())
  const seed = plan.seed!.fingerprint
  // A claim that cannot be read is somebody's.
  await mkdir(projectPaths.claim(session.folder, seed), { recursive: true })
  const { status, stdout } = await assay(['run-one', session.folder, seed])
  expect(status).toBe(69)
  expect(stdout).toContain('stopped seed: run/claimed: ')
  expect(existsSync(join(session.folder, 'outcomes', `${seed}.json`))).toBe(false)
})

test('an element whose time is over again and again before a step is done is not put back for ever', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'a'), change)
  const { plan } = await session.plan(session.study())
  const args = [resolve('out/main/cli.cjs'), 'run-one', session.folder, plan.seed!.fingerprint]
  const env = { ...process.env, SLURM_ARRAY_JOB_ID: '7', SLURM_ARRAY_TASK_ID: '0' }
  const element = spawn(process.execPath, args, { env: { ...env, SLURM_RESTART_COUNT: '2' } })
  const said = text(element.stderr)
  const ended = once(element, 'exit')
  await untilListening(element.pid!, 'SIGUSR2')
  element.kill('SIGUSR2')
  expect(await ended).toEqual([1, null])
  expect(await said).toContain('its time was over 3 times before anything was done')
})
