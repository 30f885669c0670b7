/** The window's imports, with a real engine: whose sheet is closed leaves nothing on the disk. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Engine } from '#engine'
import { ProjectHost } from '#engine/desk/projectHost'
import { projectPaths } from '#engine/storage/paths'
import type { EngineApi, ProjectApi } from '#shared/contract'
import { connect, serve } from '#shared/port'
import { ImportState } from '../../src/renderer/state/importState.svelte'
import { ModelImport } from '../../src/renderer/state/modelImport.svelte'
import { builtEngine, tinyStudy } from '../support/builtEngine'
import { pipePair } from '../support/pipePair'
import { soon } from '../support/soon'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

/** A project, and how many drops lie in it. */
async function emptyProject() {
  const session = await engine.createProject(join(await temporaryFolder(), 'project'), tinyStudy())
  const host = await ProjectHost.over(session)
  onTestFinished(() => host.close())
  const { near, far } = pipePair()
  serve(host as ProjectApi as EngineApi, near)
  const drops = projectPaths.drops(session.folder)
  const staged = async () => (existsSync(drops) ? (await readdir(drops)).length : 0)
  return { api: connect(far), staged }
}

/** Hands a text over, as a browser does. */
async function handOver(api: EngineApi, path: string, text: string): Promise<string> {
  const data = Buffer.from(text)
  const { drop } = await api.beginDrop({ files: [{ path, bytes: data.length }] })
  await api.addToDrop({ drop, file: 0, base64: data.toString('base64') })
  return drop
}

const LINES = '{"text":"a law","part":"law"}\n'.repeat(3)

test('text whose sheet is closed while it is looked at is not kept', async () => {
  const { api, staged } = await emptyProject()
  const importing = new ImportState({
    ...api,
    previewDrop: (input) => {
      const seen = api.previewDrop(input)
      importing.sender.leave()
      return seen
    }
  })
  const drop = await handOver(api, 'law.jsonl', LINES)
  expect(await staged()).toBe(1)
  await importing.adopt(drop, ['law.jsonl'])
  expect(importing.problem).toBe(null)
  await soon(async () => expect(await staged()).toBe(0))
})

test('checkpoints whose sheet is closed while they are looked at are not kept', async () => {
  const { api, staged } = await emptyProject()
  const importing = new ModelImport(
    {
      ...api,
      findModels: (input) => {
        const found = api.findModels(input)
        importing.sender.leave()
        return found
      }
    },
    'imported'
  )
  const drop = await handOver(api, 'law/config.json', '{}')
  expect(await staged()).toBe(1)
  await importing.adopt(drop)
  expect(importing.problem).toBe(null)
  await soon(async () => expect(await staged()).toBe(0))
})

test('files whose sheet is closed before the engine has a place for them are not kept', async () => {
  const { api, staged } = await emptyProject()
  const importing = new ModelImport(api, 'imported')
  const sending = importing.send([{ path: 'law/config.json', file: new File([], 'config.json') }])
  importing.sender.leave()
  await sending
  expect(importing.problem).toBe(null)
  await soon(async () => expect(await staged()).toBe(0))
})

test('an import that fails keeps its files for another try, and lets go of them without its sheet', async () => {
  const { api, staged } = await emptyProject()
  const importing = new ImportState(api)
  const drop = await handOver(api, 'law.jsonl', `${LINES}no JSON\n`)
  await importing.adopt(drop, ['law.jsonl'])
  await importing.import()
  expect(importing).toMatchObject({ stage: 'choosing', problem: expect.any(String) as string })
  expect(await staged()).toBe(1)
  const trying = importing.import()
  importing.sender.leave()
  expect(importing.sender.drop).toBe(drop)
  await trying
  await soon(async () => expect(await staged()).toBe(0))
})

test('what no checkpoint is found in is not kept', async () => {
  const { api, staged } = await emptyProject()
  const importing = new ModelImport(api, 'imported')
  await importing.adopt(await handOver(api, 'law.txt', 'a law'))
  expect(importing.stage).toBe('sending')
  expect(importing.problem).not.toBe(null)
  await soon(async () => expect(await staged()).toBe(0))
})
