/** Files of a project checked while others work in it, on disks that fail, after power cuts. */
import { existsSync, writeFileSync } from 'node:fs'
import type * as nodePromises from 'node:fs/promises'
import { mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { UNTRAINED } from '#shared/records'
import { checkProject } from '#engine/storage/checkProject'
import type { CheckOptions } from '#engine/storage/checkProject'
import { claimRun } from '#engine/storage/claims'
import { LineLog, writeFolder } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { Project } from '#engine/storage/project'
import { manifestSums, writeManifest } from '#engine/storage/runs'
import { sealedText } from '#engine/storage/seals'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** Ends of paths of which a read fails, as of a bad sector. */
const bad = vi.hoisted(() => ({ ends: [] as string[] }))
afterEach(() => void (bad.ends = []))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof nodePromises>()
  const open = ((path: string, flags: number | string) => {
    if (!bad.ends.some((end) => path.endsWith(end))) return real.open(path, flags)
    const code = path.endsWith('.safetensors') ? 'EIO' : 'EACCES'
    return Promise.reject(Object.assign(new Error(code), { code, syscall: 'open' }))
  }) as typeof real.open
  return { ...real, open, default: { ...real, open } }
})

const point = (step: number) => ({
  step,
  tokens: step,
  loss: 2,
  learningRate: 1,
  tokensPerSecond: 1
})

/** A project of finished runs, each with weights and a curve of three steps. */
async function projectOf(...runs: string[]): Promise<string> {
  const folder = join(await temporaryFolder(), 'project')
  await (await Project.create(folder)).close()
  for (const run of runs) {
    await writeFolder(projectPaths.checkpoint(folder, run), async (draft) => {
      await draft.writeFile('model.safetensors', `weights of ${run}`)
    })
    const trace = await LineLog.open(projectPaths.trace(folder, run))
    await trace.append([point(1), point(2), point(3)])
    await trace.close()
    await writeManifest(folder, run, UNTRAINED)
  }
  return folder
}

const weightsOf = (run: string) => `runs/${run}/checkpoint/model.safetensors`
const spoil = (folder: string, run: string) => writeFile(join(folder, weightsOf(run)), 'spoiled')

async function check(folder: string, options: CheckOptions = {}) {
  const { damaged, inUse, movedTo } = await checkProject(folder, options)
  return { names: damaged.map(({ file }) => file), damaged, inUse, movedTo }
}

test('a run that somebody trains is told, and neither checked nor moved', async () => {
  const folder = await projectOf('a', 'b')
  await writeFolder(projectPaths.resume(folder, 'a'), async (draft) => {
    await draft.writeFile('progress.json', '{}')
    await draft.seal()
  })
  for (const run of ['a', 'b']) await spoil(folder, run)
  await writeFile(join(projectPaths.resume(folder, 'a'), 'progress.json'), '{"other":1}')
  const claim = await claimRun(folder, 'a')
  const found = await check(folder, { repair: true })
  expect(found).toMatchObject({ names: [weightsOf('b')], inUse: ['runs/a'], movedTo: 'damaged/1' })
  expect((await readdir(join(folder, 'runs'))).sort()).toEqual(['a'])
  await claim.release()
  const after = await check(folder)
  expect(after).toMatchObject({ inUse: [] })
  expect(after.names).toEqual([weightsOf('a'), 'runs/a/resume/progress.json'])
})

test('what became sound, or somebody’s, while the rest was checked is not moved', async () => {
  const folder = await projectOf('a', 'b', 'c')
  for (const run of ['a', 'b', 'c']) await spoil(folder, run)
  let left = 0
  const found = await check(folder, {
    repair: true,
    onTotal: (bytes) => (left = bytes),
    onBytes: (bytes) => {
      left -= bytes
      if (left > 0) return
      writeFileSync(join(folder, weightsOf('a')), 'weights of a')
      const claim = { host: 'node7', machine: 'other', bootId: 'b', pid: 7, processStart: '1' }
      const beat = { nonce: 'n', since: '2026', job: '12_3', beat: 1, patienceMs: 45_000 }
      writeFileSync(projectPaths.claim(folder, 'b'), JSON.stringify({ ...claim, ...beat }))
    }
  })
  expect(found).toMatchObject({ names: ['a', 'b', 'c'].map(weightsOf), movedTo: 'damaged/1' })
  expect(await readdir(join(folder, 'damaged/1/runs'))).toEqual(['c'])
  expect((await readdir(join(folder, 'runs'))).sort()).toEqual(['a', 'b'])
})

test('what cannot be read is told and stays; the rest is checked, and repaired', async () => {
  const folder = await projectOf('a', 'b', 'c')
  await spoil(folder, 'b')
  bad.ends = [weightsOf('a'), 'runs/c/manifest.json']
  const found = await check(folder, { repair: true })
  expect(found.damaged).toMatchObject([
    { file: weightsOf('a'), found: 'unreadable (EIO)', aside: null, isRedone: false },
    { file: weightsOf('b'), aside: 'runs/b' },
    { file: 'runs/c/manifest.json', found: 'unreadable (EACCES)', aside: null }
  ])
  expect((await readdir(join(folder, 'runs'))).sort()).toEqual(['a', 'c'])
  bad.ends = []
  expect((await check(folder)).names).toEqual([])
})

test('records that cannot be read are told, and put back by nothing', async () => {
  const folder = await projectOf('a')
  bad.ends = ['project.assay']
  const found = await check(folder, { repair: true })
  expect(found).toMatchObject({ names: ['project.assay'], movedTo: null })
  expect(found.damaged).toMatchObject([{ found: 'unreadable (EACCES)' }])
})

test.each([
  ['missing', (path: string) => rm(path)],
  ['empty', (path: string) => truncate(path, 0)],
  [
    'shorter by a whole line',
    async (path: string) => {
      const lines = (await readFile(path, 'utf8')).split('\n')
      await truncate(path, Buffer.byteLength(lines.slice(0, 2).join('\n') + '\n'))
    }
  ]
])('a curve that is %s is lost, and the model of its run is not', async (_, lose) => {
  const folder = await projectOf('a')
  const name = 'runs/a/trace.jsonl'
  await lose(join(folder, name))
  const found = await check(folder, { repair: true })
  expect(found).toMatchObject({ names: [name], movedTo: null })
  expect(found.damaged).toMatchObject([{ isRedone: false }])
  expect(found.damaged[0]!.redoing).toMatch(/its model is as it was/)
  expect(existsSync(join(folder, weightsOf('a')))).toBe(true)
  // Asked for, the run is trained again.
  const asked = await check(folder, { repair: true, redoCurves: true })
  expect(asked.movedTo).toBe('damaged/1')
  expect(existsSync(projectPaths.run(folder, 'a'))).toBe(false)
})

test('of a curve with a damaged line those that are sound stay', async () => {
  const folder = await projectOf('a')
  const path = projectPaths.trace(folder, 'a')
  const lines = (await readFile(path, 'utf8')).split('\n')
  await writeFile(path, [lines[0], lines[1]!.replace('2', '3'), lines[2], ''].join('\n'))
  expect(await check(folder, { repair: true })).toMatchObject({ movedTo: 'damaged/1' })
  expect(await readFile(path, 'utf8')).toBe(`${lines[0]}\n${lines[2]}\n`)
  expect(await readdir(join(folder, 'damaged/1/runs/a'))).toEqual(['trace.jsonl'])
  expect(await check(folder, { repair: true })).toMatchObject({ movedTo: null })
})

test('a manifest of before says nothing of a curve; one of a run without says so', async () => {
  const folder = await projectOf('a')
  const path = projectPaths.manifest(folder, 'a')
  const {
    checksum: _,
    trace,
    ...manifest
  } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  const curve = { path: projectPaths.trace(folder, 'a'), ...(trace as object) }
  expect((await manifestSums(folder, 'a')).trace).toEqual(curve)
  await writeFile(path, sealedText({ ...manifest, version: 2 }, 1))
  await rm(projectPaths.trace(folder, 'a'))
  expect((await check(folder)).names).toEqual([])
  await writeManifest(folder, 'a', UNTRAINED)
  expect(await readFile(path, 'utf8')).toContain('"trace": null')
  expect((await check(folder)).names).toEqual([])
})

test('what was submitted to a cluster is looked at, and never moved', async () => {
  const folder = await projectOf()
  const name = 'cluster/assay-0123456789ab/submission.json'
  await mkdir(join(folder, name, '..'), { recursive: true })
  await writeFile(join(folder, name, '../1_0.log'), 'a log')
  await writeFile(join(folder, name), sealedText({ format: 'assay-submission' }, 1))
  expect((await check(folder)).names).toEqual([])
  for (const text of ['{"format": "assay-submission"}', '']) {
    await writeFile(join(folder, name), text)
    const found = await check(folder, { repair: true })
    expect(found).toMatchObject({ names: [name], movedTo: null })
    expect(found.damaged[0]!.redoing).toContain('assay-0123456789ab')
  }
})
