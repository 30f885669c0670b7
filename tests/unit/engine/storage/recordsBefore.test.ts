import { existsSync } from 'node:fs'
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { verifyProject } from '#engine'
import { copyProject } from '#engine/storage/copyProject'
import { Project } from '#engine/storage/project'
import { parseProject } from '#engine/storage/projectFormat'
import { writeManifest } from '#engine/storage/runs'
import { defaultStudy } from '#engine/studies/study'
import type { Run } from '#shared/records'
import { RESULT, RUN } from '../../../support/runHead'
import { temporaryFolder } from '../../../support/temporaryFolder'

const study = (name: string) => ({ ...defaultStudy(name), name })

const result = RESULT
const run: Run = { ...RUN, state: 'running' }

/** A project of two studies, the second added last. */
async function made(): Promise<{ folder: string; file: string; before: string }> {
  const folder = join(await temporaryFolder(), 'p')
  const project = await Project.create(folder)
  await project.saveStudy(study('first'))
  await project.saveStudy(study('second'))
  await project.close()
  const file = join(folder, 'project.assay')
  return { folder, file, before: `${file}-before` }
}

const names = async (path: string) =>
  parseProject(await readFile(path, 'utf8'), path).data.studies.map(({ name }) => name)

async function flipMiddle(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
}

test('every change leaves the records before it beside the newest, both sound', async () => {
  const { folder, file, before } = await made()
  expect([await names(file), await names(before)]).toEqual([['first', 'second'], ['first']])
  const again = await Project.open(folder)
  await again.removeStudy('first')
  await again.close()
  expect([await names(file), await names(before)]).toEqual([['second'], ['first', 'second']])
  expect(await verifyProject(folder)).toMatchObject({ damaged: [], unsealed: 0 })
})

describe('damaged records', () => {
  const damages: [string, (path: string) => Promise<void>, RegExp][] = [
    ['with a flipped bit', flipMiddle, /the last change/],
    ['cut short', (path) => truncate(path, 300), /that change was cannot be read/],
    ['emptied', (path) => truncate(path, 0), /that change was cannot be read/]
  ]
  test.each(damages)(
    '%s are refused with what to do, and put back by a repair',
    async (_, hit, words) => {
      const { folder, file } = await made()
      await hit(file)
      const found = await readFile(file)
      await expect(Project.open(folder)).rejects.toThrow(
        /Verify the project with repair.*take its place/
      )
      const told = await verifyProject(folder)
      expect(told.damaged).toMatchObject([{ file: 'project.assay', aside: 'project.assay' }])
      expect(told.damaged[0]!.redoing).toMatch(words)
      expect(await readFile(file)).toEqual(found)
      const { movedTo } = await verifyProject(folder, { repair: true })
      expect(await readFile(join(folder, movedTo!, 'project.assay'))).toEqual(found)
      const project = await Project.open(folder)
      expect(project.studies.map(({ name }) => name)).toEqual(['first'])
      await project.close()
      expect((await verifyProject(folder)).damaged).toEqual([])
    }
  )

  test('of which a study is lost: it is named', async () => {
    const { folder, file } = await made()
    const edited = (await readFile(file, 'utf8')).replace('"second"', '"sacond"')
    await writeFile(file, edited)
    const { damaged } = await verifyProject(folder, { repair: true })
    expect(damaged).toMatchObject([
      { isRedone: false, redoing: expect.stringContaining('the study "sacond"') as string }
    ])
  })

  test('lose no run that was finished: its head is found by its manifest', async () => {
    const folder = join(await temporaryFolder(), 'p')
    const project = await Project.create(folder)
    await project.saveRun(run)
    const checkpoint = join(folder, 'runs', 'f1', 'checkpoint')
    await mkdir(checkpoint, { recursive: true })
    await writeFile(join(checkpoint, 'model.safetensors'), 'weights')
    await writeManifest(folder, 'f1', { ...result, finalLoss: 1.25 })
    await project.saveRun({ ...run, state: 'done', finalLoss: 1.25 })
    await project.close()
    await flipMiddle(join(folder, 'project.assay'))
    const { damaged } = await verifyProject(folder, { repair: true })
    expect(damaged.map(({ file }) => file)).toEqual(['project.assay'])
    const again = await Project.open(folder)
    expect(again.runs).toMatchObject([{ name: 'law#1', state: 'done', finalLoss: 1.25 }])
    await again.close()
  })

  test('whose predecessor is damaged too want a copy from elsewhere', async () => {
    const { folder, file, before } = await made()
    await truncate(file, 10)
    await flipMiddle(before)
    const { damaged, movedTo } = await verifyProject(folder, { repair: true })
    expect(damaged).toMatchObject([
      { file: 'project.assay', aside: null, isRedone: false },
      { file: 'project.assay-before', isRedone: true }
    ])
    expect(existsSync(join(folder, movedTo!, 'project.assay'))).toBe(false)
    expect((await readFile(file)).length).toBe(10)
  })
})

test('a damaged predecessor alone is set aside, and written again by the next change', async () => {
  const { folder, file, before } = await made()
  await flipMiddle(before)
  const { damaged } = await verifyProject(folder, { repair: true })
  expect(damaged).toMatchObject([{ file: 'project.assay-before', isRedone: true }])
  const project = await Project.open(folder)
  await project.saveStudy(study('third'))
  await project.close()
  expect([await names(before), await names(file)]).toEqual([
    ['first', 'second'],
    ['first', 'second', 'third']
  ])
})

test('a copy has it; a bundle, whose records are others, does not', async () => {
  const { folder } = await made()
  const project = await Project.open(folder)
  for (const [copy, kind, isThere] of [
    ['whole', 'whole', true],
    ['bundle', 'bundle', false]
  ] as const) {
    const to = join(folder, '..', copy)
    await copyProject(folder, to, { records: project.recordsFor(kind), kind })
    expect(existsSync(join(to, 'project.assay-before'))).toBe(isThere)
    expect((await verifyProject(to)).damaged).toEqual([])
  }
  await project.close()
})
