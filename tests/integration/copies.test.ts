import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { FolderShelf, Workbench } from '#engine'
import type { Engine, ProjectSession } from '#engine'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(async () => {
  await engine.close()
  if (ran) await rm((await ran).folder, { recursive: true })
})

/** A project that was run once; each test has a copy of it. */
let ran: Promise<{ folder: string; tables: string[] }> | null = null

async function runOnce(): Promise<{ folder: string; tables: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-test-ran-'))
  const session = await tinyProject(engine, join(folder, 'project'))
  await session.run(session.study())
  const tables = await tablesOf(session)
  await session.close()
  return { folder, tables }
}

async function tablesOf(session: ProjectSession): Promise<string[]> {
  const folder = await temporaryFolder()
  const files = await session.exportTables(session.study(), { folder })
  return Promise.all(files.map((file) => readFile(file, 'utf8')))
}

/** A folder with a project that was run, open on a desk. */
async function ranProject() {
  const folder = await temporaryFolder()
  ran ??= runOnce()
  const { folder: original, tables } = await ran
  await cp(join(original, 'project'), join(folder, 'first'), { recursive: true })
  const workbench = new Workbench(engine, new FolderShelf(folder))
  onTestFinished(() => workbench.close())
  const api = workbench.desk().api()
  await api.openProject({ id: 'first', readOnly: false })
  return { folder, tables, workbench, api }
}

test('a bundle has every result and neither text nor checkpoints, and is only read', async () => {
  const { folder, tables, workbench, api } = await ranProject()
  const told: string[] = []
  api.onEvent((event) => event.kind === 'progress' && told.push(event.key))
  const made = await api.copyProject({ name: 'bundle', kind: 'bundle' })
  expect(made.id).toBe('bundle')
  const names = await readdir(join(folder, 'bundle'), { recursive: true })
  expect(names.filter((name) => /corpora|checkpoint|resume|lock/.test(name))).toEqual([])

  // Nothing of the project it came from is needed.
  await workbench.close()
  await rm(join(folder, 'first'), { recursive: true })
  await expect(engine.openProject(join(folder, 'bundle'))).rejects.toMatchObject({
    code: 'storage/read-only'
  })
  const bundle = await engine.openProject(join(folder, 'bundle'), { readOnly: true })
  expect(await tablesOf(bundle)).toEqual(tables)
  await bundle.close()

  const desk = new Workbench(engine, new FolderShelf(folder)).desk().api()
  await desk.openProject({ id: 'bundle', readOnly: false })
  expect(await desk.readProject({})).toMatchObject({
    isReadOnly: true,
    readOnlyBecause: expect.stringContaining('bundle') as string
  })
  expect((await desk.readMatrix({ study: 'small' }))?.rows.length).toBe(3)
  await expect(desk.runStudy({ study: 'small' })).rejects.toMatchObject({ code: 'storage/locked' })
})

test('a copy is a project of its own that goes on where the first was', async () => {
  const { folder, tables, api } = await ranProject()
  await api.copyProject({ name: 'second', kind: 'whole' })
  await expect(api.copyProject({ name: 'second', kind: 'whole' })).rejects.toMatchObject({
    code: 'storage/exists'
  })
  const second = await engine.openProject(join(folder, 'second'))
  expect(await second.run(second.study())).toMatchObject({ trained: 0, measured: 0 })
  expect(await tablesOf(second)).toEqual(tables)
  await second.close()
})

test('nothing is copied whole while something runs in it', async () => {
  const { folder, api } = await ranProject()
  const { studies } = await api.readProject({})
  await api.saveStudy({ study: { ...studies[0]!, randomSeed: 99 } })
  await api.runStudy({ study: 'small' })
  await expect(api.copyProject({ name: 'third', kind: 'whole' })).rejects.toMatchObject({
    code: 'study/running'
  })
  await api.copyProject({ name: 'bundle', kind: 'bundle' })
  expect(await readdir(folder)).toEqual(['bundle', 'first'])
})
