import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { RecentShelf, SingleShelf, Workbench } from '#engine'
import type { Engine } from '#engine'
import type { EngineApi, EngineEvent } from '#shared/contract'
import type { Study } from '#shared/records'
import { builtEngine, tinyStudy } from '../support/builtEngine'
import { deskBench } from '../support/deskBench'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

/** Streams files as a window does, in pieces. */
async function drop(api: EngineApi, files: Record<string, Buffer>, piece = 1000): Promise<string> {
  const entries = Object.entries(files)
  const { drop: id } = await api.beginDrop({
    files: entries.map(([path, data]) => ({ path, bytes: data.length }))
  })
  for (const [index, [, data]] of entries.entries()) {
    for (let at = 0; at < data.length; at += piece) {
      const base64 = data.subarray(at, at + piece).toString('base64')
      await api.addToDrop({ drop: id, file: index, base64 })
    }
  }
  return id
}

const importing = {
  role: 'training' as const,
  textField: 'text',
  partition: { kind: 'field' as const, field: 'part' },
  skipBadLines: false,
  keepFields: []
}

test('a project is made, listed, left and opened again, by name', async () => {
  const { folder, sit } = await deskBench(engine)
  const api = sit()
  expect(await api.readDesk({})).toMatchObject({ open: null, shelf: 'folder', projects: [] })
  await expect(api.readProject({})).rejects.toMatchObject({ code: 'project/none' })
  await api.createProject({ name: 'languages' })
  expect(await api.readProject({})).toMatchObject({ title: 'languages', isReadOnly: false })
  expect(await readdir(folder)).toEqual(['languages'])
  await api.closeProject({})
  const { open, projects } = await api.readDesk({})
  expect([open, projects.map(({ id, studies, problem }) => [id, studies, problem])]).toEqual([
    null,
    [['languages', 1, null]]
  ])
  await api.openProject({ id: 'languages', readOnly: false })
  expect((await api.readDesk({})).open).toBe('languages')
})

test('a name is no path: nothing outside the folder is made or opened', async () => {
  const { sit } = await deskBench(engine)
  const api = sit()
  for (const name of ['../elsewhere', 'a/b', '..', '', '.hidden']) {
    await expect(api.createProject({ name })).rejects.toMatchObject({ code: 'usage/invalid' })
    await expect(api.openProject({ id: name, readOnly: true })).rejects.toMatchObject({
      code: 'project/unknown'
    })
  }
})

test('two screens of one project share it; a change on one is told on the other', async () => {
  const { sit } = await deskBench(engine)
  const [first, second] = [sit(), sit()]
  await first.createProject({ name: 'shared' })
  await second.openProject({ id: 'shared', readOnly: false })
  const told: EngineEvent[] = []
  second.onEvent((event) => told.push(event))
  const { studies } = await first.readProject({})
  await first.saveStudy({ study: { ...studies[0], randomSeed: 7 } })
  expect(told).toEqual([{ kind: 'desk' }])
  expect((await second.readProject({})).studies[0]!.randomSeed).toBe(7)
})

test('edits of studies are undone and done again', async () => {
  const { sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'edited' })
  const studies = async () => (await api.readProject({})).studies
  const [study] = (await studies()) as [Study]
  await expect(api.saveStudy({ study: { ...study, randomSeed: -1 } })).rejects.toMatchObject({
    code: 'study/invalid'
  })
  await api.saveStudy({ study: { ...study, randomSeed: 2 } })
  await api.removeStudy({ study: study.name })
  expect(await studies()).toEqual([])
  expect(await api.readProject({})).toMatchObject({
    undo: `removing the study ${study.name}`,
    redo: null
  })
  await api.undoEdit({})
  expect(await studies()).toMatchObject([{ randomSeed: 2 }])
  await api.undoEdit({})
  expect(await studies()).toEqual([study])
  await api.redoEdit({})
  expect(await studies()).toMatchObject([{ randomSeed: 2 }])
  await api.saveStudy({ study: { ...study, randomSeed: 9 } })
  expect((await api.readProject({})).redo).toBe(null)
})

test('dropped files are looked at and imported; nothing of them is left over', async () => {
  const { folder, sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'dropped' })
  const texts = await temporaryFolder()
  const path = await writeCorpus(join(texts, 'parts.jsonl'), { law: 30, code: 20 })
  const file = await readFile(path)
  const id = await drop(api, { 'parts.jsonl': file })
  const seen = await api.previewDrop({ drop: id, partition: importing.partition })
  expect(seen).toMatchObject({
    files: [{ path: 'parts.jsonl', format: 'jsonl', bytes: file.length }],
    likelyTextField: 'text',
    partitions: [
      { name: 'law', documents: 30 },
      { name: 'code', documents: 20 }
    ]
  })
  const progress: string[] = []
  api.onEvent((event) => event.kind === 'progress' && progress.push(event.key))
  const corpus = await api.importDrop({ drop: id, name: 'parts', ...importing })
  expect(corpus).toMatchObject({ name: 'parts', documents: 50, source: 'parts.jsonl' })
  expect(new Set(progress)).toEqual(new Set(['import']))
  expect(await readdir(join(folder, 'dropped', 'cache', 'drops'))).toEqual([])
  await expect(api.previewDrop({ drop: id })).rejects.toMatchObject({ code: 'project/unknown' })
})

test('a task is recognised, looked at by its fields, and imported as one', async () => {
  const { sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'tasks' })
  const items = [
    { context: 'two and two are', choices: ['four', 'five'], gold: 0 },
    { context: 'three and three are', choices: ['five', 'six'], gold: 'six' }
  ]
  const file = Buffer.from(items.map((item) => JSON.stringify(item) + '\n').join(''))
  const id = await drop(api, { 'sums.jsonl': file })
  const { likelyTask: task } = await api.previewDrop({ drop: id })
  expect(task).toEqual({ context: 'context', choices: 'choices', gold: 'gold', delimiter: ' ' })
  const seen = await api.previewDrop({ drop: id, task: task! })
  expect(seen.documents[1]!.text).toBe('three and three are six')
  const asked = {
    ...importing,
    drop: id,
    name: 'sums',
    partition: { kind: 'one' as const, name: 'sums' },
    task: task!
  }
  await expect(api.importDrop(asked)).rejects.toMatchObject({ code: 'usage/invalid' })
  const corpus = await api.importDrop({ ...asked, role: 'evaluation' })
  expect(corpus).toMatchObject({ name: 'sums', documents: 2, isTask: true })
})

test('what is wrong with a dropped file is said with its name as it was dropped', async () => {
  const { folder, sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'broken' })
  const id = await drop(api, { 'texts/a.jsonl': Buffer.from('{"text": oops}') })
  const refused = { code: 'corpus/invalid-line', details: { file: 'texts/a.jsonl', line: 1 } }
  const error = await api
    .importDrop({ drop: id, name: 'a', ...importing })
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject(refused)
  expect((error as Error).message).toMatch(/^texts\/a\.jsonl, line 1/)
  expect((error as Error).message).not.toContain(folder)
})

test('two projects are told apart in the log', async () => {
  const { workbench, sit } = await deskBench(engine)
  const [first, second] = [sit(), sit()]
  await first.createProject({ name: 'law' })
  await second.createProject({ name: 'mail' })
  workbench.log.add('info', null, 'Of none')
  expect((await first.readLog({})).map(({ project, text }) => [project, text])).toEqual([
    ['law', 'Opened'],
    ['mail', 'Opened'],
    [null, 'Of none']
  ])
})

test('a folder that is dropped keeps its folders', async () => {
  const { sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'folders' })
  const id = await drop(api, {
    'texts/law/a.txt': Buffer.from('The law is the law.'),
    'texts/mail/b.txt': Buffer.from('Dear all.'),
    'texts/mail/c.txt': Buffer.from('Regards.')
  })
  const { partitions } = await api.previewDrop({ drop: id, partition: { kind: 'folder' } })
  expect(partitions).toEqual([
    { name: 'law', documents: 1 },
    { name: 'mail', documents: 2 }
  ])
})

test('half of a file is not imported, a path that leads elsewhere is refused', async () => {
  const { sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'half' })
  const { drop: id } = await api.beginDrop({ files: [{ path: 'a.jsonl', bytes: 10 }] })
  await api.addToDrop({ drop: id, file: 0, base64: Buffer.from('{"te').toString('base64') })
  await expect(api.importDrop({ drop: id, name: 'a', ...importing })).rejects.toMatchObject({
    code: 'corpus/incomplete'
  })
  const more = Buffer.from('xt":"what more"}').toString('base64')
  await expect(api.addToDrop({ drop: id, file: 0, base64: more })).rejects.toMatchObject({
    code: 'corpus/incomplete'
  })
  for (const path of ['../../evil', '/etc/passwd', 'a//b', 'a\\b', '.']) {
    await expect(api.beginDrop({ files: [{ path, bytes: 1 }] })).rejects.toMatchObject({
      code: 'usage/invalid'
    })
  }
})

test('an import that is cancelled leaves nothing, and the text can be imported again', async () => {
  const { sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'cancelled' })
  const texts = await temporaryFolder()
  const file = await readFile(await writeCorpus(join(texts, 'a.jsonl'), { law: 12_000 }))
  const id = await drop(api, { 'a.jsonl': file }, 1 << 20)
  // How far it is is told after a while: there must be something left to read then.
  const begun = new Promise<void>((done) => {
    api.onEvent((event) => event.kind === 'progress' && done())
  })
  const running = api.importDrop({ drop: id, name: 'a', ...importing })
  const failed = expect(running).rejects.toThrow(/cancel/)
  await begun
  expect((await api.readProject({})).importing).toBe('a')
  await api.cancelImport({})
  await failed
  expect(await api.readProject({})).toMatchObject({ importing: null, corpora: [] })
  expect(await api.importDrop({ drop: id, name: 'a', ...importing })).toMatchObject({ name: 'a' })
})

test('recent projects are remembered in a file, gone ones say so, a broken list is an empty one', async () => {
  const folder = await temporaryFolder()
  const list = join(folder, 'state', 'recent.json')
  const shelf = () => new RecentShelf(list, join(folder, 'new'))
  const workbench = new Workbench(engine, shelf())
  onTestFinished(() => workbench.close())
  const desk = workbench.desk()
  const api = desk.api()
  await api.createProject({ name: 'first' })
  await desk.createIn(join(folder, 'elsewhere', 'second'))
  const titles = async () => (await api.readDesk({})).projects.map(({ title }) => title)
  expect(await titles()).toEqual(['second', 'first'])
  const { id } = (await api.readDesk({})).projects[1]!
  await api.openProject({ id, readOnly: false })
  expect(await titles()).toEqual(['first', 'second'])
  expect((await shelf().list()).map(({ title }) => title)).toEqual(['first', 'second'])
  await api.forgetProject({ id })
  expect(await titles()).toEqual(['second'])
  await shelf().note(join(folder, 'gone'))
  expect((await shelf().list())[0]).toMatchObject({ title: 'gone', problem: expect.any(String) })
  await import('node:fs/promises').then(({ writeFile }) => writeFile(list, '{"version":'))
  expect(await shelf().list()).toEqual([])
})

test('who serves one project makes no other', async () => {
  const folder = join(await temporaryFolder(), 'alone')
  await (await engine.createProject(folder, tinyStudy())).close()
  const workbench = new Workbench(engine, new SingleShelf(folder))
  onTestFinished(() => workbench.close())
  const api = workbench.desk().api()
  await expect(api.createProject({ name: 'other' })).rejects.toMatchObject({
    code: 'usage/invalid'
  })
  await api.openProject({ id: 'alone', readOnly: true })
  const { studies } = await api.readProject({})
  await expect(api.saveStudy({ study: studies[0] })).rejects.toMatchObject({
    code: 'storage/locked'
  })
})

test('what was not announced of a drop is not written, before or after it is whole', async () => {
  const { folder, sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'languages' })
  const { drop: id } = await api.beginDrop({ files: [{ path: 'a/b.txt', bytes: 3 }] })
  const add = (text: string) =>
    api.addToDrop({ drop: id, file: 0, base64: Buffer.from(text).toString('base64') })
  await expect(add('four')).rejects.toMatchObject({ code: 'corpus/incomplete' })
  await add('thr')
  await expect(add('more')).rejects.toMatchObject({ code: 'corpus/incomplete' })
  const drops = join(folder, 'languages', 'cache', 'drops')
  expect(await readFile(join(drops, id, 'a', 'b.txt'), 'utf8')).toBe('thr')
})

test('a screen names no file of the machine: a study may read only what one of the project reads', async () => {
  const { sit } = await deskBench(engine)
  const api = sit()
  await api.createProject({ name: 'languages' })
  const [study] = (await api.readProject({})).studies
  const outside = [
    { ...study, name: 'theirs', seed: { source: 'checkpoint', path: '/etc' } },
    { ...study, name: 'theirs', tokenizer: { kind: 'file', path: '/etc/passwd' } }
  ]
  for (const one of outside) {
    const branch = { ...study!.branch, start: 'weights', replay: 0 }
    const asked = { study: { ...one, branch } }
    await expect(api.saveStudy(asked)).rejects.toMatchObject({ code: 'study/invalid' })
    await expect(api.saveStudy(asked)).rejects.toThrow('lies outside of the project')
    expect((await api.previewStudy(asked)).problem).toContain('lies outside of the project')
  }
  expect((await api.readProject({})).studies).toHaveLength(1)
})
