import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { claimRun, isClaimed } from '#engine/storage/claims'
import { projectPaths } from '#engine/storage/paths'
import { identityOf } from '#engine/storage/processIdentity'
import { Project } from '#engine/storage/project'
import { temporaryFolder } from '../../../support/temporaryFolder'

const RUN = 'a'.repeat(64)

/** A claim as another process would have left it: in one stroke, for it may be watched. */
function leave(project: string, change: object): void {
  const path = projectPaths.claim(project, RUN)
  const rest = { nonce: 'b', since: '2026-01-01', job: null, beat: 3, patienceMs: 300 }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.aside`, JSON.stringify({ ...identityOf(), ...rest, ...change }))
  renameSync(`${path}.aside`, path)
}

/** Its start in clock ticks, as the system tells it. */
function startOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19]!
}

const pace = { beatMs: 50, patienceMs: 300 }

test('one process has a run at a time, and gives it free', async () => {
  const project = await temporaryFolder()
  const claim = await claimRun(project, RUN)
  await expect(claimRun(project, RUN)).rejects.toMatchObject({
    code: 'run/claimed',
    details: { host: hostname(), pid: process.pid }
  })
  expect(await isClaimed(project, RUN)).toBe(true)
  claim.assertHeld()
  await claim.release()
  expect(existsSync(projectPaths.claim(project, RUN))).toBe(false)
  await (await claimRun(project, RUN)).release()
})

test("a dead process's run is taken over at once; so is one of this process's that failed", async () => {
  const project = await temporaryFolder()
  const { pid } = spawnSync('true')
  leave(project, { pid })
  await (await claimRun(project, RUN)).release()
  leave(project, { pid: process.pid })
  await (await claimRun(project, RUN)).release()
})

test('a process of this machine that lives keeps its run; one that is about to end is waited for', async () => {
  const project = await temporaryFolder()
  const child = spawn('sleep', ['60'])
  leave(project, { pid: child.pid, processStart: startOf(child.pid!) })
  await expect(claimRun(project, RUN, { endingMs: 300 })).rejects.toMatchObject({
    code: 'run/claimed',
    details: { pid: child.pid }
  })
  const claiming = claimRun(project, RUN)
  child.kill('SIGKILL')
  await (await claiming).release()
})

test('an element that begins again has the run that it had, on whichever machine it was', async () => {
  const project = await temporaryFolder()
  leave(project, { host: 'node7', machine: 'm7', job: '12_3' })
  process.env['SLURM_ARRAY_JOB_ID'] = '12'
  process.env['SLURM_ARRAY_TASK_ID'] = '3'
  try {
    await (await claimRun(project, RUN)).release()
  } finally {
    delete process.env['SLURM_ARRAY_JOB_ID']
    delete process.env['SLURM_ARRAY_TASK_ID']
  }
})

test("another machine's run is taken over where its beat stands still, and refused where it goes on", async () => {
  const project = await temporaryFolder()
  leave(project, { host: 'node7', machine: 'm7', pid: 17 })
  const claim = await claimRun(project, RUN, pace)
  await claim.release()

  leave(project, { host: 'node7', machine: 'm7', pid: 17, job: '12_3' })
  const refused = expect(claimRun(project, RUN, pace)).rejects.toMatchObject({
    code: 'run/claimed',
    message: expect.stringContaining('process 17 on node7 (job 12_3 of the cluster)') as string
  })
  await sleep(60)
  // This process stands still for longer than its patience: it must not take that for the other's silence.
  const end = performance.now() + 2 * pace.patienceMs
  while (performance.now() < end);
  leave(project, { host: 'node7', machine: 'm7', pid: 17, job: '12_3', beat: 4 })
  await refused
})

test('a claim that says nothing is a crash; one that cannot be read is somebody', async () => {
  const project = await temporaryFolder()
  const path = projectPaths.claim(project, RUN)
  for (const text of ['', '{"pid":', 'null', '{"nonce":"b"}']) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    expect(await isClaimed(project, RUN)).toBe(false)
    await (await claimRun(project, RUN)).release()
    expect(existsSync(path)).toBe(false)
  }
  mkdirSync(path)
  expect(await isClaimed(project, RUN)).toBe(true)
  await expect(claimRun(project, RUN)).rejects.toMatchObject({
    code: 'run/claimed',
    message: expect.stringContaining('another process, whose claim cannot be read') as string
  })
})

test('a process whose start is hidden, as another user’s may be, counts as living', async () => {
  const project = await temporaryFolder()
  const child = spawn('sleep', ['60'])
  leave(project, { pid: child.pid, processStart: 'alive' })
  expect(await isClaimed(project, RUN)).toBe(true)
  child.kill('SIGKILL')
  await (await claimRun(project, RUN)).release()
})

test('who was taken over hears of it, and leaves the claim to its new holder', async () => {
  const project = await temporaryFolder()
  const claim = await claimRun(project, RUN, pace)
  leave(project, { host: 'node7', machine: 'm7', pid: 17 })
  await vi.waitFor(() => expect(() => claim.assertHeld()).toThrow('process 17 on node7'), 10_000)
  await claim.release()
  expect(readFileSync(projectPaths.claim(project, RUN), 'utf8')).toContain('node7')
})

test('a claim that is gone is lost: who took it over is done with the run, and nothing brings it back', async () => {
  const project = await temporaryFolder()
  const claim = await claimRun(project, RUN, pace)
  rmSync(projectPaths.claim(project, RUN))
  await vi.waitFor(() => expect(() => claim.assertHeld()).toThrow('another process'), 10_000)
  await sleep(3 * pace.beatMs)
  expect(existsSync(projectPaths.claim(project, RUN))).toBe(false)
  await claim.release()
})

test('a process that has its number in another container is watched, not taken for dead', async () => {
  const project = await temporaryFolder()
  const { pid } = spawnSync('true')
  leave(project, { pid, pids: 'pid:[1]', beat: 0, patienceMs: 1000 })
  expect(await isClaimed(project, RUN)).toBe(true)
  const refused = expect(claimRun(project, RUN, pace)).rejects.toMatchObject({
    code: 'run/claimed'
  })
  await sleep(50)
  leave(project, { pid, pids: 'pid:[1]', beat: 1, patienceMs: 1000 })
  await refused
  // Before the machine was started anew it was nobody's process.
  leave(project, { pid, pids: 'pid:[1]', bootId: 'before' })
  await (await claimRun(project, RUN)).release()
})

test('opening a project leaves drafts alone that another machine writes, and sweeps the others', async () => {
  const folder = await temporaryFolder()
  await (await Project.create(folder)).close()
  leave(folder, { host: 'node7', machine: 'm7', pid: 17 })
  const draft = (run: string) => `${projectPaths.run(folder, run)}/resume.draft-0123456789ab`
  const other = 'c'.repeat(64)
  await mkdir(draft(RUN), { recursive: true })
  await mkdir(draft(other), { recursive: true })
  await (await Project.open(folder)).close()
  expect(existsSync(draft(RUN))).toBe(true)
  expect(existsSync(draft(other))).toBe(false)
})
