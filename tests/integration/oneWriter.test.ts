/** Two processes and one project: one writes, whatever the other tries, and nothing is lost by it. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tinyStudy } from '../support/builtEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

/** A project whose study takes a while. */
async function newProject(): Promise<string> {
  const folder = await temporaryFolder()
  const project = join(folder, 'project')
  const study = join(folder, 'study.json')
  const seed = { source: 'none' as const }
  await writeFile(study, JSON.stringify(tinyStudy({ seed })))
  const parts = await writeCorpus(join(folder, 'parts.jsonl'), { law: 150, code: 120 })
  await assayDone(['new', project, '--from', study])
  await assayDone(['import', project, parts, '--partition', 'part'])
  return project
}

/** Runs the study in a process of its own, and comes back once it has the project and trains. */
async function runAside(project: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [resolve('out/main/cli.cjs'), 'run', project, '--threads', '1'],
    { stdio: 'ignore' }
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await expect.poll(() => heldBy(project), { timeout: 60_000 }).toBe(child.pid)
  return child
}

async function heldBy(project: string): Promise<number | null> {
  const text = await readFile(join(project, 'lock.json'), 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as { pid: number }).pid
}

const ended = (child: ChildProcess) =>
  new Promise<void>((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done()
    else child.once('exit', () => done())
  })

test('the second to write is refused and told who is first; it may look; who is killed is succeeded', async () => {
  const project = await newProject()
  const first = await runAside(project)
  // It must not be done before all others have been refused.
  first.kill('SIGSTOP')
  const since = (
    JSON.parse(await readFile(join(project, 'lock.json'), 'utf8')) as { since: string }
  ).since
  for (const command of [
    ['run', project],
    ['verify', project],
    ['verify', project, '--repair'],
    ['import', project, join(project, 'nothing.jsonl')]
  ]) {
    const error = await assayError(command)
    expect([error.code, error.status]).toEqual(['storage/locked', 1])
    expect(error.details).toMatchObject({ pid: first.pid, host: hostname(), since })
    for (const told of [String(first.pid), hostname(), since]) expect(error.message).toContain(told)
  }
  expect((await assay(['status', project])).status).toBe(0)
  expect(await heldBy(project)).toBe(first.pid)

  first.kill('SIGKILL')
  await ended(first)
  // What the dead process left is no hindrance, and all it had finished counts.
  const done = JSON.parse(await assayDone(['run', project, '--json', '--threads', '2'])) as {
    failed: unknown[]
  }
  expect(done.failed).toEqual([])
  expect(await heldBy(project)).toBe(null)
  const { damaged } = JSON.parse(await assayDone(['verify', project, '--json'])) as {
    damaged: unknown[]
  }
  expect(damaged).toEqual([])
})

test('of two that begin at one moment one works, and the other is refused', async () => {
  const project = await newProject()
  const outcomes = await Promise.all(
    [1, 2, 3].map(() => assay(['run', project, '--json', '--threads', '1']))
  )
  const refused = outcomes.filter(({ status }) => status !== 0)
  expect(outcomes.length - refused.length).toBeGreaterThanOrEqual(1)
  for (const { stdout } of refused) expect(stdout).toContain('storage/locked')
  const { damaged } = JSON.parse(await assayDone(['verify', project, '--json'])) as {
    damaged: unknown[]
  }
  expect(damaged).toEqual([])
})

test('a damaged project is told of with status 1, repaired, and run to the same end', async () => {
  const project = await newProject()
  await assayDone(['run', project, '--threads', '2'])
  const report = await assayDone(['report', project])
  const { runs } = JSON.parse(await readFile(join(project, 'project.assay'), 'utf8')) as {
    runs: { fingerprint: string; role: string; name: string }[]
  }
  const branch = runs.find(({ role }) => role === 'branch')!
  const name = join('runs', branch.fingerprint, 'checkpoint', 'model.safetensors')
  const weights = await readFile(join(project, name))
  weights[weights.length >> 1]! ^= 4
  await writeFile(join(project, name), weights)

  const found = await assay(['verify', project])
  expect(found.status).toBe(1)
  expect(found.stdout).toContain(name)
  expect(found.stdout).toContain(`the run ${branch.name} is trained again`)
  const repaired = await assay(['verify', project, '--repair', '--json'])
  expect(repaired.status).toBe(1)
  const { movedTo } = JSON.parse(repaired.stdout) as { movedTo: string }
  expect((await readFile(join(project, movedTo, name))).equals(weights)).toBe(true)

  await assayDone(['run', project, '--threads', '2'])
  expect((await assay(['verify', project])).status).toBe(0)
  expect(await assayDone(['report', project])).toBe(report)
})
