import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { confirmCommands } from '#engine'
import type { PlanSummary } from '#engine'
import { openBatches } from '#engine/data/batches'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { claimRun } from '#engine/storage/claims'
import { projectPaths } from '#engine/storage/paths'
import { identityOf } from '#engine/storage/processIdentity'
import { isRunFinished } from '#engine/storage/runs'
import { readTrace } from '#engine/storage/traces'
import { trainByCommand } from '#engine/workers/commandTrainJob'
import { trainRun } from '#engine/workers/trainJob'
import type { TrainJob } from '#engine/workers/jobs'
import type { Progress } from '#shared/records'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { useOwnConfig } from '../support/ownConfig'
import { temporaryFolder } from '../support/temporaryFolder'
import { SMALL, projectOf, seedJob } from '../support/trainedByCommand'

useOwnConfig()

function train(job: TrainJob, signal = new AbortController().signal) {
  const progress: Progress[] = []
  const trained = trainRun(job, { signal, onProgress: (one) => progress.push(one) })
  return trained.then((result) => ({ ...result, progress }))
}

const left = ({ project, fingerprint }: TrainJob) =>
  readdirSync(projectPaths.command(project, fingerprint)).sort()

test('what a trainer gives back is the run’s checkpoint, and what it says is its curve', async () => {
  const job = await seedJob(`${SMALL} train`)
  const { outcome, result } = await train(job)
  expect(outcome).toBe('finished')
  expect(result).toMatchObject({ backend: 'command', device: 'a small machine' })
  expect(result.finalLoss).toBeCloseTo(4.9, 9)
  const trace = await readTrace(job.project, job.fingerprint)
  expect(
    trace.map(({ step, loss, learningRate, gradientNorm }) => [
      step,
      loss,
      learningRate,
      gradientNorm
    ])
  ).toEqual(Array.from({ length: 10 }, (_, index) => [index + 1, 5 - (index + 1) / 100, 3e-3, 0.5]))
  expect(isRunFinished(job.project, job.fingerprint)).toBe(true)
  expect(left(job)).toEqual(['log.txt'])
  const { parameters } = await openCheckpoint(projectPaths.checkpoint(job.project, job.fingerprint))
  const norm = (await readParameters(parameters)).get('model.norm.weight')!
  expect(norm.data.every((value) => Math.abs(value - 1.01) < 1e-6)).toBe(true)
})

test('one that says nothing trains too', async () => {
  const job = await seedJob(`${SMALL} silent`)
  const { outcome, result } = await train(job)
  expect([outcome, result.finalLoss, result.device]).toEqual(['finished', null, null])
  expect(await readTrace(job.project, job.fingerprint)).toEqual([])
})

test('it gets the sequences in the order of our own loop, and values as single arguments', async () => {
  const told = join(await temporaryFolder(), 'it is "told" here')
  const folder = join(await temporaryFolder(), 'a $(folder)')
  await mkdir(folder)
  const keep = join(await temporaryFolder(), 'kept')
  const command = `${SMALL} tell '${told}' {run}/{steps} '{{steps} $HOME' {batch} {context} {seed} {tokens}`
  const trainer = {
    command,
    folder,
    setup: ['kept="$TOLD_BEFORE"', `cp -r "$ASSAY_TOKENS" "$ASSAY_ORDER" "$ASSAY_RECIPE" ${keep}`]
  }
  await mkdir(keep)
  const job = await seedJob(command, { trainer })
  vi.stubEnv('TF_NUM_INTRAOP_THREADS', '3')
  await train(job)
  const said = JSON.parse(readFileSync(told, 'utf8')) as Record<string, unknown>
  const inputs = join(projectPaths.command(job.project, job.fingerprint), 'inputs')
  expect(said['rest']).toEqual([
    told,
    'seed/10',
    '{steps} $HOME',
    '4',
    '16',
    '1',
    join(inputs, 'tokens')
  ])
  expect(said).toMatchObject({ folder, ASSAY_RUN: 'seed', ASSAY_STEPS: '10', ASSAY_THREADS: '3' })
  expect(Object.keys(said).filter((name) => /^(TF_NUM|ELECTRON)_/.test(name))).toEqual([])

  const batches = await openBatches({
    projectFolder: job.project,
    draws: job.draws,
    contextLength: 16,
    batchSize: 4,
    randomSeed: job.randomSeed
  })
  const shard = readFileSync(join(keep, 'tokens', 'tokens-00000.npy'))
  const start = 10 + shard.readUInt16LE(8)
  expect(shard.subarray(10, start).toString()).toContain("'descr': '<u2'")
  expect(shard.subarray(10, start).toString()).toContain("'shape': (40, 17)")
  const ids = Array.from({ length: (shard.length - start) / 2 }, (_, at) =>
    shard.readUInt16LE(start + 2 * at)
  )
  const expected = Array.from({ length: 10 }, (_, step) => [...batches.batch(step)]).flat()
  expect(ids).toEqual(expected)
  const order = JSON.parse(readFileSync(join(keep, 'order.json'), 'utf8')) as { rows: number[][] }
  expect(order.rows).toEqual(
    Array.from({ length: 10 }, (_, step) =>
      batches.rows(step).map(({ sequence }) => [0, sequence])
    ).flat()
  )
  await batches.close()
  const recipe = JSON.parse(readFileSync(join(keep, 'recipe.json'), 'utf8')) as Record<
    string,
    unknown
  >
  expect(recipe).toMatchObject({
    steps: 10,
    batchSize: 4,
    tokens: { dtype: 'uint16', shards: [{ file: 'tokens-00000.npy', sequences: 40 }] },
    start: { weights: 'random', moments: false },
    optimizer: { kind: 'adamw', weightDecay: 0.1, decayed: 'all', gradientClip: 1 }
  })
})

const WRONG: [mode: string, code: string, words: RegExp][] = [
  ['fail', 'trainer/failed', /exit status 3[^]*the third disk is on fire/],
  ['nothing', 'trainer/no-model', /left no model/],
  ['pickled', 'trainer/no-model', /Python pickle/],
  ['unchanged', 'trainer/unchanged', /exactly the weights that it was given/],
  ['nan', 'trainer/not-finite', /NaN or infinity/],
  ['transposed', 'trainer/mismatch', /model\.layers\.0\.mlp\.down_proj\.weight is \[32, 16\]/],
  ['configured', 'trainer/mismatch', /rms_norm_eps is 0\.5 in what the trainer left, 0\.00001 in/],
  ['retokenized', 'trainer/mismatch', /tokenizer "!" is missing/]
]
test.each(WRONG)(
  'a trainer that does wrong (%s) is refused, and nothing of it stays',
  async (mode, code, words) => {
    const job = await seedJob(`${SMALL} ${mode}`)
    await expect(train(job)).rejects.toMatchObject({ code, message: expect.stringMatching(words) })
    expect(existsSync(projectPaths.checkpoint(job.project, job.fingerprint))).toBe(false)
    expect(isRunFinished(job.project, job.fingerprint)).toBe(false)
    expect(left(job)).not.toContain('ended.json')
    // The next try begins anew.
    job.trainer = { ...job.trainer!, command: `${SMALL} silent` }
    expect((await train(job)).outcome).toBe('finished')
  }
)

test('a run that another process finished meanwhile is not trained again, and keeps its curve', async () => {
  const job = await seedJob(`${SMALL} train`)
  const first = await train(job)
  const curve = await readTrace(job.project, job.fingerprint)
  const again = await train({ ...job, trainer: { ...job.trainer!, command: 'no-such-trainer' } })
  expect(again).toEqual(first)
  expect(curve.length).toBeGreaterThan(0)
  expect(await readTrace(job.project, job.fingerprint)).toEqual(curve)
  // Where nobody can tell whether it is finished, nothing is begun.
  const manifest = projectPaths.manifest(job.project, job.fingerprint)
  rmSync(manifest)
  symlinkSync(manifest, manifest)
  await expect(train(job)).rejects.toMatchObject({ code: 'storage/not-readable' })
  expect(await readTrace(job.project, job.fingerprint)).toEqual(curve)
})

test('a program or a folder that is not there is named', async () => {
  const job = await seedJob('no-such-trainer --out {out}')
  const missing = { code: 'trainer/not-found', message: expect.stringContaining('no-such-trainer') }
  await expect(train(job)).rejects.toMatchObject(missing)
  job.trainer = { ...job.trainer!, folder: '/no/such/folder' }
  const noFolder = {
    code: 'trainer/not-found',
    message: expect.stringContaining('/no/such/folder')
  }
  await expect(train(job)).rejects.toMatchObject(noFolder)
})

async function until(isSo: () => boolean): Promise<void> {
  const patience = performance.now() + 60_000
  while (!isSo() && performance.now() < patience) await sleep(20)
  expect(isSo()).toBe(true)
}

const isAlive = (pid: number) => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test.each([
  ['hears no word to stop is killed when its time is up', `${SMALL} stubborn MARK`],
  ['ends when it is asked to takes its kin along', `/bin/sh -c '${SMALL} stubborn MARK & wait'`]
])('a trainer that %s', async (_, command) => {
  const mark = join(await temporaryFolder(), 'pid')
  const job = await seedJob(command.replace('MARK', mark))
  const controller = new AbortController()
  const training = train(job, controller.signal)
  await until(() => existsSync(mark) && readFileSync(mark, 'utf8') !== '')
  controller.abort(new Error('asked to stop'))
  expect((await training).outcome).toBe('stopped')
  expect(isAlive(Number(readFileSync(mark, 'utf8')))).toBe(false)
})

test('stopped and called again it goes on from its own state; what it had by then is not taken', async () => {
  const mark = join(await temporaryFolder(), 'mark')
  const job = await seedJob(`${SMALL} patient ${mark}`)
  const controller = new AbortController()
  const training = train(job, controller.signal)
  await until(() => existsSync(mark))
  controller.abort(new Error('asked to stop'))
  expect((await training).outcome).toBe('stopped')
  expect(isRunFinished(job.project, job.fingerprint)).toBe(false)
  expect((await train(job)).outcome).toBe('finished')
  const trace = await readTrace(job.project, job.fingerprint)
  expect(trace.map(({ step }) => step)).toEqual(Array.from({ length: 10 }, (_, at) => at + 1))
})

test('a trainer whose run another takes over is ended, and nothing of it is taken', async () => {
  const mark = join(await temporaryFolder(), 'mark')
  const job = await seedJob(`${SMALL} patient ${mark}`)
  const { project, fingerprint } = job
  const claim = await claimRun(project, fingerprint, { beatMs: 50 })
  const { signal } = new AbortController()
  const hooks = { signal, onProgress: () => undefined }
  const training = trainByCommand(job, job.trainer!, hooks, claim)
  await until(() => existsSync(mark))
  const process = join(projectPaths.command(project, fingerprint), 'process.json')
  const { pid } = JSON.parse(readFileSync(process, 'utf8')) as { pid: number }
  // Slurm took the node for lost, and began the element again on another.
  const other = { ...identityOf(), host: 'node9', nonce: 'b', since: 'now', job: '7_0' }
  const taken = JSON.stringify({ ...other, beat: 0, patienceMs: 300 })
  writeFileSync(projectPaths.claim(project, fingerprint), taken)
  writeFileSync(process, 'the mark of the other')
  await expect(training).rejects.toMatchObject({
    code: 'run/claimed',
    message: expect.stringContaining('on node9 (job 7_0 of the cluster)') as string
  })
  await claim.release()
  expect(isAlive(pid)).toBe(false)
  expect(existsSync(projectPaths.checkpoint(project, fingerprint))).toBe(false)
  expect(readFileSync(process, 'utf8')).toBe('the mark of the other')
  expect(readFileSync(projectPaths.claim(project, fingerprint), 'utf8')).toBe(taken)
  expect(left(job)).not.toContain('ended.json')
})

test.each([
  ['and keeps something gets further', 'echo x >> "$ASSAY_STATE/kept"', true],
  ['and keeps nothing does not', 'true', false]
])('one that says nothing %s', async (_, keep, isFurther) => {
  const mark = join(await temporaryFolder(), 'mark')
  const session = await projectOf(`/bin/sh -c '${keep}; touch ${mark}; sleep 600'`)
  await confirmCommands(session.folder, session.study())
  const { plan } = await session.plan(session.study())
  const controller = new AbortController()
  const going = session.runOne(session.study(), plan.seed!.fingerprint, '1', {
    signal: controller.signal
  })
  await until(() => existsSync(mark))
  controller.abort(new Error('asked to stop'))
  expect(await going).toMatchObject({ state: 'stopped', steps: 0, isFurther })
})

test('a trainer whose worker is killed ends too, and is called again', async () => {
  const engine = builtEngine()
  onTestFinished(() => engine.close())
  const mark = join(await temporaryFolder(), 'pid')
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    unit: { sequences: 40, maximum: 1 },
    partitions: ['law'],
    trainer: { command: `${SMALL} orphan ${mark}`, graceSeconds: 1 }
  })
  await confirmCommands(session.folder, session.study())
  const running = session.run(session.study())
  await until(() => existsSync(mark) && readFileSync(mark, 'utf8') !== '')
  const trainer = Number(readFileSync(mark, 'utf8'))
  // Above the trainer is the shell that watches, and above that the worker.
  process.kill(parentOf(parentOf(trainer)), 'SIGKILL')
  const summary = await running
  expect([summary.failed, summary.trained]).toEqual([[], 2])
  expect(isAlive(trainer)).toBe(false)
})

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

test('a command that nobody confirmed here is not run, and confirming it is for this project alone', async () => {
  const session = await projectOf(`${SMALL} train`)
  const study = session.study()
  const commands = [`trainer, command: ${study.trainer!.command}`]
  const told = { commands, project: session.folder }
  const refused = { code: 'study/unconfirmed', details: expect.objectContaining(told) as object }
  await expect(session.run(study)).rejects.toMatchObject(refused)
  const { plan } = await session.plan(study)
  await expect(session.runOne(study, plan.seed!.fingerprint, '1')).rejects.toMatchObject(refused)
  expect(existsSync(join(session.folder, 'runs'))).toBe(false)
  await confirmCommands(session.folder, study)
  const changed = await session.saveStudy({
    ...study,
    trainer: { ...study.trainer!, setup: ['true'] }
  })
  await expect(session.run(changed)).rejects.toMatchObject({ code: 'study/unconfirmed' })
  const elsewhere = await projectOf(`${SMALL} train`)
  const there = {
    ...refused,
    details: expect.objectContaining({ project: elsewhere.folder }) as object
  }
  await expect(elsewhere.run(elsewhere.study())).rejects.toMatchObject(there)
  await session.saveStudy(study)
  expect(await session.run(study)).toMatchObject({ failed: [], trained: 4 })
})

test('the command line refuses, names its flag, and plans without a rate', async () => {
  const session = await projectOf(`${SMALL} train`)
  const { folder } = session
  await session.close()
  const refused = await assayError(['run', folder])
  expect(refused).toMatchObject({ status: 1, code: 'study/unconfirmed' })
  const { stderr } = await assay(['run', folder])
  expect(stderr).toContain(`assay run ${folder} --trust-commands`)
  const before = JSON.parse(await assayDone(['plan', folder, '--json'])) as PlanSummary
  expect(before).toMatchObject({ trainingSeconds: null, memoryBytes: null })
  expect(before.rate.trainTokensPerSecond).toBe(null)
  expect(await assayDone(['plan', folder])).toContain('unknown tokens/s training')
  await assayDone(['run', folder, '--trust-commands'])
  const after = JSON.parse(await assayDone(['plan', folder, '--json'])) as PlanSummary
  expect(after.trainingSeconds).toBe(0)
  expect(after.rate.trainTokensPerSecond).toBeGreaterThan(0)
  expect(await assayDone(['commands', folder])).toMatch(/trainer +command +yes +.* train$/m)
  const withdrawn = JSON.parse(
    await assayDone(['commands', folder, '--withdraw', '--json'])
  ) as object
  expect(withdrawn).toMatchObject({ parts: [{ whose: 'trainer', isConfirmed: false }] })
  expect(await assayError(['run', folder])).toMatchObject({ code: 'study/unconfirmed' })
})
