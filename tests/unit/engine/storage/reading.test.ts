/** Pipes, devices and names that lead elsewhere in a project of somebody else's: nothing waits, nothing is read. */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { checkProject } from '#engine/storage/checkProject'
import { glanceAt } from '#engine/storage/glance'
import { Measurements } from '#engine/storage/measurements'
import { readOutcome } from '#engine/storage/outcomes'
import { Project, readProjectFile } from '#engine/storage/project'
import { readBytesSync, readText, readTextSync } from '#engine/storage/reading'
import { finishedResult, verifyRun } from '#engine/storage/runs'
import { assertSound, readCache, readCachedBytes, readOriginal } from '#engine/storage/sealedFiles'
import { sealedText } from '#engine/storage/seals'
import { lastPoint, readTrace } from '#engine/storage/traces'
import { temporaryFolder } from '../../../support/temporaryFolder'

const RUN = 'a'.repeat(64)

/** More than the threads that read files: were one of them to wait, soon nothing could be read. */
const MANY = 8

async function pipeAt(project: string, name: string): Promise<string> {
  const path = join(project, name)
  await mkdir(join(path, '..'), { recursive: true })
  await rm(path, { force: true })
  execFileSync('mkfifo', [path])
  return path
}

async function made(): Promise<string> {
  const folder = join(await temporaryFolder(), 'project')
  await (await Project.create(folder)).close()
  return folder
}

describe('a pipe in a project', () => {
  it.each<[string, (project: string) => Promise<unknown>]>([
    ['project.assay', (project) => readProjectFile(project)],
    ['project.assay', (project) => Project.open(project, { readOnly: true })],
    ['heads.jsonl', (project) => Project.open(project, { readOnly: true })],
    ['measurements.jsonl', (project) => Measurements.open(project, { readOnly: true })],
    [`runs/${RUN}/manifest.json`, (project) => finishedResult(project, RUN)],
    [`runs/${RUN}/trace.jsonl`, (project) => readTrace(project, RUN)],
    [`runs/${RUN}/trace.jsonl`, (project) => lastPoint(project, RUN)],
    ['tokens/b/sums.json', (project) => assertSound(join(project, 'tokens/b'))],
    ['tokens/b/stream.json', (project) => readOriginal(join(project, 'tokens/b/stream.json'))],
    ['c', (project) => Promise.resolve().then(() => readTextSync(join(project, 'c')))],
    ['d', (project) => Promise.resolve().then(() => readBytesSync(join(project, 'd')))]
  ])('at %s is refused at once, however often it is asked for', async (name, read) => {
    const project = await made()
    await pipeAt(project, name)
    const asked = await Promise.allSettled(Array.from({ length: MANY }, () => read(project)))
    for (const one of asked) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'storage/corrupt', details: { expected: 'a file', found: 'a pipe' } }
      })
    }
    expect(await readFile('/proc/self/comm', 'utf8')).not.toBe('')
  })

  it('under the name of what can be made again is taken for nothing', async () => {
    const project = await made()
    const path = await pipeAt(project, 'cache/one.json')
    expect(await readCache(path)).toBe(null)
    expect(await readCachedBytes(path, 8)).toBe(null)
    await pipeAt(project, `outcomes/${RUN}.json`)
    expect(await readOutcome(project, RUN)).toBe(null)
  })

  it('is found by a check of its files, whichever of them it stands for', async () => {
    const project = await made()
    await pipeAt(project, 'project.assay')
    await pipeAt(project, 'exports/other')
    const { damaged } = await checkProject(project)
    expect(damaged.map(({ file, found }) => [file, found]).sort()).toEqual([
      ['exports/other', 'a pipe'],
      ['project.assay', 'a pipe']
    ])
  })

  it('has its reason on the list of projects', async () => {
    const project = await made()
    await pipeAt(project, 'project.assay')
    expect((await glanceAt(project)).problem).toContain('found a pipe')
  })
})

test('neither a device nor a folder is read, nor a text that is too large', async () => {
  const folder = await temporaryFolder()
  await symlink('/dev/zero', join(folder, 'endless'))
  await expect(readText(join(folder, 'endless'))).rejects.toThrow('found a device')
  await expect(readText(folder)).rejects.toThrow('found a folder')
  await writeFile(join(folder, 'a'), 'text')
  expect(await readText(join(folder, 'a'), 4)).toBe('text')
  await expect(readText(join(folder, 'a'), 3)).rejects.toThrow('expected at most 3 bytes')
  await expect(readText(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
})

describe.each([
  '../../../../etc/hostname',
  '/etc/hostname',
  'checkpoint/../../../secret',
  'a//b',
  './a',
  'a\\..\\b',
  'a\0',
  ''
])('the name %j', (name) => {
  const files = [{ name, bytes: 1, sha256: 'f'.repeat(64) }]

  it('of a manifest is refused, and nothing is read for it', async () => {
    const project = await made()
    await mkdir(join(project, 'runs', RUN), { recursive: true })
    const manifest = { format: 'assay-run', version: 2, fingerprint: RUN, files }
    await writeFile(join(project, 'runs', RUN, 'manifest.json'), sealedText(manifest, 1))
    const expected = 'the manifest of this run'
    for (const read of [verifyRun, finishedResult]) {
      await expect(read(project, RUN)).rejects.toMatchObject({
        code: 'storage/corrupt',
        details: { expected }
      })
    }
  })

  it('of sums is refused, and nothing is read for it', async () => {
    const folder = await temporaryFolder()
    const sums = { format: 'assay-sums', version: 1, files }
    await writeFile(join(folder, 'sums.json'), sealedText(sums, 1))
    await expect(assertSound(folder)).rejects.toMatchObject({
      code: 'storage/corrupt',
      details: { expected: 'sums' }
    })
  })
})
