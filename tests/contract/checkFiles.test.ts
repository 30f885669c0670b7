/** Files are checked over the contract, of an open project and of a listed one. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import type { EngineEvent } from '#shared/contract'
import { builtEngine } from '../support/builtEngine'
import { deskBench } from '../support/deskBench'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

/** A project of two edits on a shelf, open on one desk; `sit` gives one more. */
async function bench() {
  const { folder, sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'languages' })
  const [study] = (await api.readProject({})).studies
  await api.saveStudy({ study: { ...study!, name: 'another' } })
  return { project: join(folder, 'languages'), api, sit }
}

const ask = { id: 'languages', repair: false, keepEdits: false }

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
}

test('sound files of an open project are counted; the project stays open and writable', async () => {
  const { api } = await bench()
  const told: EngineEvent[] = []
  api.onEvent((event) => told.push(event))
  const { check } = await api.checkFiles(ask)
  expect(check).toMatchObject({ files: 4, unsealed: 0, damaged: [], movedTo: null })
  expect(check!.bytes).toBeGreaterThan(1000)
  expect(told).toContainEqual({ kind: 'ended', key: 'check' })
  expect(await api.readProject({})).toMatchObject({ title: 'languages', isReadOnly: false })
})

test('a repair closes the open project, sets aside, and opens it again', async () => {
  const { api, project } = await bench()
  await mkdir(join(project, 'cache'))
  await writeFile(join(project, 'cache', 'rate-x.json'), '{"a":1')
  const { check } = await api.checkFiles(ask)
  expect(check!.damaged).toMatchObject([{ file: 'cache/rate-x.json', isRedone: true }])
  expect(await readdir(project)).not.toContain('damaged')
  const repaired = await api.checkFiles({ ...ask, repair: true })
  expect(repaired.check!.movedTo).toBe('damaged/1')
  expect(await readdir(join(project, 'cache'))).toEqual([])
  expect(await api.readProject({})).toMatchObject({ title: 'languages', isReadOnly: false })
  expect((await api.checkFiles(ask)).check!.damaged).toEqual([])
})

test('what another screen looks at is not repaired under it', async () => {
  const { api, sit } = await bench()
  const other = sit()
  await other.openProject({ id: 'languages', readOnly: false })
  await expect(api.checkFiles({ ...ask, repair: true })).rejects.toMatchObject({
    code: 'study/running',
    message: expect.stringContaining('another window') as string
  })
  expect(await api.readProject({})).toMatchObject({ title: 'languages' })
  expect((await other.checkFiles(ask)).check!.damaged).toEqual([])
})

test('a project that does not open is checked and repaired from the list', async () => {
  const { api, project } = await bench()
  await api.closeProject({})
  // The engine holds it a while longer; a check lets go of it.
  expect((await api.checkFiles(ask)).check!.damaged).toEqual([])
  await damage(join(project, 'project.assay'))
  await expect(api.openProject({ id: 'languages', readOnly: false })).rejects.toMatchObject({
    code: 'storage/corrupt'
  })
  const { check } = await api.checkFiles({ ...ask, repair: true })
  expect(check!.damaged).toMatchObject([{ file: 'project.assay' }])
  await api.openProject({ id: 'languages', readOnly: false })
  expect((await api.readProject({})).studies).toHaveLength(1)
})

test('cancelled it answers nothing; an unknown project is refused', async () => {
  const { api } = await bench()
  const checking = api.checkFiles(ask)
  await api.cancelCheck({})
  const { check } = await checking
  expect(check === null || check.damaged.length === 0).toBe(true)
  await expect(api.checkFiles({ ...ask, id: '../elsewhere' })).rejects.toMatchObject({
    code: 'project/unknown'
  })
})
