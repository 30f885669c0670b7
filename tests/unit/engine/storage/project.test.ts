import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyProject } from '#engine'
import { Measurements } from '#engine/storage/measurements'
import { identityOf } from '#engine/storage/processIdentity'
import { Project } from '#engine/storage/project'
import { emptyProject, projectText } from '#engine/storage/projectFormat'
import { writeManifest } from '#engine/storage/runs'
import { RUN } from '../../../support/runHead'
import { temporaryFolder } from '../../../support/temporaryFolder'

const run = RUN

test('records are there after closing and opening again', async () => {
  const folder = join(await temporaryFolder(), 'p')
  const first = await Project.create(folder)
  await first.saveRun(run)
  await first.saveRun({ ...run, finalLoss: 2 })
  await first.freezeTokenizer('choice', 'made')
  await first.close()
  const second = await Project.open(join(folder, 'project.assay'))
  expect([second.runs, second.frozenTokenizer('choice')]).toEqual([
    [{ ...run, finalLoss: 2 }],
    'made'
  ])
  await second.close()
})

test('many writes at once all arrive', async () => {
  const folder = join(await temporaryFolder(), 'p')
  const project = await Project.create(folder)
  await Promise.all(
    Array.from({ length: 50 }, (_, i) => project.saveRun({ ...run, fingerprint: `f${i}` }))
  )
  await project.close()
  const again = await Project.open(folder, { readOnly: true })
  expect(again.runs.length).toBe(50)
})

test('a project in use is refused, naming who holds it', async () => {
  const folder = join(await temporaryFolder(), 'p')
  const project = await Project.create(folder)
  await expect(Project.open(folder)).rejects.toMatchObject({
    code: 'storage/locked',
    details: { pid: process.pid, host: hostname() }
  })
  await Project.open(folder, { readOnly: true })
  await project.close()
  await (await Project.open(folder)).close()
})

test('the lock of a process that is gone is taken over', async () => {
  const folder = join(await temporaryFolder(), 'p')
  await (await Project.create(folder)).close()
  await writeFile(
    join(folder, 'lock.json'),
    JSON.stringify({
      host: hostname(),
      bootId: 'another boot',
      pid: process.pid,
      processStart: '1',
      nonce: 'x',
      since: '2026-01-01T00:00:00Z'
    })
  )
  await (await Project.open(folder)).close()
})

test('a lock that cannot be read, or whose process hides its start, is held; one that says nothing is not', async () => {
  const folder = join(await temporaryFolder(), 'p')
  await (await Project.create(folder)).close()
  const path = join(folder, 'lock.json')
  const hidden = { ...identityOf(), pid: process.ppid, processStart: 'alive' }
  await writeFile(path, JSON.stringify({ ...hidden, nonce: 'x', since: '2026-01-01' }))
  await expect(Project.open(folder)).rejects.toMatchObject({
    code: 'storage/locked',
    details: { pid: process.ppid }
  })
  // Of a container's processes nothing can be known from outside.
  await writeFile(path, JSON.stringify({ ...hidden, pid: 2 ** 22, pids: 'pid:[1]', nonce: 'x' }))
  await expect(Project.open(folder)).rejects.toMatchObject({ code: 'storage/locked' })
  await rm(path)
  await mkdir(path)
  await expect(Project.open(folder)).rejects.toMatchObject({
    code: 'storage/locked',
    message: expect.stringContaining('another process, whose lock cannot be read') as string
  })
  await rm(path, { recursive: true })
  await writeFile(path, 'null')
  await (await Project.open(folder)).close()
  // One of this very process that nobody holds: an opening that failed left it.
  await writeFile(path, JSON.stringify({ ...identityOf(), nonce: 'x', since: '2026-01-01' }))
  await (await Project.open(folder)).close()
})

test('of many processes at once one takes an abandoned project, and holds it', async () => {
  const folder = join(await temporaryFolder(), 'p')
  await (await Project.create(folder)).close()
  const abandoned = { host: hostname(), bootId: 'another boot', pid: 1, nonce: 'x', since: '' }
  await writeFile(join(folder, 'lock.json'), JSON.stringify(abandoned))
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => Project.open(folder)))
  const opened = outcomes.filter((one) => one.status === 'fulfilled')
  expect(opened).toHaveLength(1)
  for (const one of outcomes.filter((outcome) => outcome.status === 'rejected')) {
    expect(one.reason).toMatchObject({ code: 'storage/locked' })
  }
  await opened[0]!.value.close()
  expect((await readdir(folder)).sort()).toEqual(['project.assay'])
})

test('what cannot be stored is not there either, and what can be is stored afterwards', async () => {
  const folder = join(await temporaryFolder(), 'p')
  const project = await Project.create(folder)
  await project.saveRun(run)
  // A folder in the place of the file: nothing can be renamed to it.
  await rename(join(folder, 'project.assay'), join(folder, 'kept'))
  await mkdir(join(folder, 'project.assay', 'inside'), { recursive: true })
  const outcomes = await Promise.allSettled([
    project.saveRun({ ...run, finalLoss: 1 }),
    project.saveRun({ ...run, fingerprint: 'f2' }),
    project.saveDraw('choice', ['a']),
    project.freezeTokenizer('choice', 'made')
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(new Array(4).fill('rejected'))
  expect([project.runs, project.drawnFrom('choice'), project.frozenTokenizer('choice')]).toEqual([
    [run],
    [],
    null
  ])
  await rm(join(folder, 'project.assay'), { recursive: true })
  await project.saveDraw('choice', ['b'])
  await project.close()
  const again = await Project.open(folder, { readOnly: true })
  expect([again.runs, again.drawnFrom('choice')]).toEqual([[run], [['b']]])
})

test('a take-over that a dead process left is no hindrance', async () => {
  const folder = join(await temporaryFolder(), 'p')
  await (await Project.create(folder)).close()
  const dead = { host: hostname(), bootId: 'another boot', pid: 1, nonce: 'x', since: '' }
  for (const name of ['lock.json', 'lock.json.takeover']) {
    await writeFile(join(folder, name), JSON.stringify(dead))
  }
  await (await Project.open(folder)).close()
  expect(await readdir(folder)).toEqual(['project.assay'])
})

test('a run that finished before its head was stored has its loss and its time', async () => {
  const folder = join(await temporaryFolder(), 'p')
  const project = await Project.create(folder)
  const unknown = { finalLoss: null, elapsedMs: 0, tokensPerSecond: 0, backend: null, device: null }
  await project.saveRun({ ...run, ...unknown, threads: null, state: 'running' })
  await project.close()
  const { finalLoss, elapsedMs, tokensPerSecond, backend, device, threads, host } = run
  const result = { finalLoss, elapsedMs, tokensPerSecond, backend, device, threads, host }
  await mkdir(join(folder, 'runs/f1/checkpoint'), { recursive: true })
  await writeManifest(folder, 'f1', result)
  expect((await Project.open(folder, { readOnly: true })).runs).toEqual([run])
})

test('a folder that holds something is no place for a new project', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'thesis.txt'), 'do not touch')
  await expect(Project.create(folder)).rejects.toMatchObject({ code: 'storage/exists' })
  expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('do not touch')
})

test('a project of a newer version is refused and not changed', async () => {
  const folder = join(await temporaryFolder(), 'p')
  await (await Project.create(folder)).close()
  const path = join(folder, 'project.assay')
  const newer = (await readFile(path, 'utf8'))
    .replace('"version": 4', '"version": 99')
    .replace('"readableFrom": 4', '"readableFrom": 99')
  await writeFile(path, newer)
  await expect(Project.open(folder)).rejects.toMatchObject({
    code: 'storage/newer-version',
    details: { found: 99, expected: 4 }
  })
  expect(await readFile(path, 'utf8')).toBe(newer)
})

test.each([
  ['not JSON', '{"format":'],
  ['another file', '{"format":"assay-project","version":2,"runs":"none"}']
])('a damaged project file is called so: %s', async (_, text) => {
  const folder = join(await temporaryFolder(), 'p')
  await (await Project.create(folder)).close()
  await writeFile(join(folder, 'project.assay'), text)
  await expect(Project.open(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
})

test('a folder without a project says how to make one', async () => {
  await expect(Project.open(await temporaryFolder())).rejects.toThrow('Make one there')
})

test('measurements outlive the process, the torn last one left out', async () => {
  const folder = await temporaryFolder()
  const first = await Measurements.open(folder)
  await first.add([{ model: 'm', domain: 'd', definition: 'x', nats: [0.1, 1 / 3] }])
  await first.close()
  const path = join(folder, 'measurements.jsonl')
  await writeFile(path, (await readFile(path, 'utf8')) + '{"model":"n","dom')
  const second = await Measurements.open(folder)
  expect(second.find('m', 'd', 'x')?.nats).toEqual([0.1, 1 / 3])
  expect(second.find('n', 'd', 'x')).toBe(null)
  await second.close()
})

// The kernel lets nobody make folders there, not even root.
test('a place that cannot be written is said to be so', async () => {
  await expect(Project.create('/sys/assay-project')).rejects.toMatchObject({
    code: 'storage/not-writable'
  })
})

test('a creation that died leaves no project, and is done again; other files are in the way', async () => {
  const folder = join(await temporaryFolder(), 'p')
  await mkdir(folder)
  await writeFile(join(folder, 'lock.json'), 'half a lo')
  await writeFile(join(folder, 'lock.json.draft-0123456789ab'), '{')
  await writeFile(join(folder, 'project.assay.draft-0123456789ab'), '{"form')
  const project = await Project.create(folder)
  expect((await readdir(folder)).sort()).toEqual(['lock.json', 'project.assay'])
  await project.close()

  const other = join(await temporaryFolder(), 'other')
  await mkdir(other)
  await writeFile(join(other, 'notes.draft-0123456789ab'), 'mine')
  await expect(Project.create(other)).rejects.toMatchObject({ code: 'storage/exists' })
  expect(await readdir(other)).toEqual(['notes.draft-0123456789ab'])
})

/** A project with so many runs that their heads go into a log, and a copy of it as if its process had died. */
async function manyRuns(): Promise<{ project: Project; died: () => Promise<string> }> {
  const folder = join(await temporaryFolder(), 'many')
  await mkdir(folder)
  const runs = Array.from({ length: 1001 }, (_, i) => ({ ...run, fingerprint: `f${i}` }))
  await writeFile(join(folder, 'project.assay'), projectText({ ...emptyProject(), runs }))
  const project = await Project.open(folder)
  let copies = 0
  const died = async () => {
    const copy = `${folder}-${copies++}`
    await cp(folder, copy, { recursive: true })
    await rm(join(copy, 'lock.json'), { force: true })
    return copy
  }
  return { project, died }
}

test('with many runs a head is a line, which outlives the process and goes into the records', async () => {
  const { project, died } = await manyRuns()
  const records = await readFile(join(project.folder, 'project.assay'), 'utf8')
  const failed = { ...run, fingerprint: 'f7', state: 'failed' as const }
  await Promise.all([project.saveRun({ ...failed, state: 'running' }), project.saveRun(failed)])
  await project.saveRun({ ...run, fingerprint: 'new' })
  expect(await readFile(join(project.folder, 'project.assay'), 'utf8')).toBe(records)
  const folder = await died()
  await appendFile(join(folder, 'heads.jsonl'), '{"fingerprint":"torn')
  expect((await verifyProject(folder)).damaged).toEqual([])
  const looking = await Project.open(folder, { readOnly: true })
  expect([looking.runs.length, looking.runs[7]]).toEqual([1002, failed])
  const again = await Project.open(folder)
  expect([again.runs.length, again.runs[7]]).toEqual([1002, failed])
  expect(existsSync(join(folder, 'heads.jsonl'))).toBe(false)
  await again.close()
  await project.close()
  expect(existsSync(join(project.folder, 'heads.jsonl'))).toBe(false)
  expect((await Project.open(project.folder, { readOnly: true })).runs[7]).toEqual(failed)
})

test('a whole write takes the lines in, and a line of before does not outlive it', async () => {
  const { project, died } = await manyRuns()
  await project.saveRun({ ...run, fingerprint: 'f7', state: 'running' })
  await Promise.all([
    project.saveRun({ ...run, fingerprint: 'f7', finalLoss: 1 }),
    project.saveDraw('choice', ['a'])
  ])
  expect(existsSync(join(project.folder, 'heads.jsonl'))).toBe(false)
  const folder = await died()
  expect((await Project.open(folder, { readOnly: true })).runs[7]!.finalLoss).toBe(1)
  await project.close()
})

test('a damaged line of heads is refused by name, and left out after a repair', async () => {
  const { project, died } = await manyRuns()
  await project.saveRun({ ...run, fingerprint: 'f7', finalLoss: 1 })
  await project.saveRun({ ...run, fingerprint: 'f8', finalLoss: 1 })
  const folder = await died()
  await project.close()
  const path = join(folder, 'heads.jsonl')
  await writeFile(path, (await readFile(path, 'utf8')).replace('"f7"', '"f6"'))
  await expect(Project.open(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
  const { damaged } = await verifyProject(folder, { repair: true })
  expect(damaged.map(({ file }) => file)).toEqual(['heads.jsonl'])
  const again = await Project.open(folder)
  expect([again.runs[7]!.finalLoss, again.runs[8]!.finalLoss]).toEqual([2.5, 1])
  await again.close()
})
