import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clean, exportModel, planCleaning } from '#engine'
import type { Engine, ProjectSession } from '#engine'
import { readReportFile } from '#engine/reportFiles'
import { builtEngine, tinyProject, tinyStudy } from '../support/builtEngine'
import { assay } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine(2)
})
afterAll(() => engine.close())

/** Every file of a folder by its hash. */
function hashesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    files.map((path) => [
      relative(folder, path),
      createHash('sha256').update(readFileSync(path)).digest('hex')
    ])
  )
}

/** All that a study says: its tables, byte for byte, and its report. */
async function saidBy(session: ProjectSession): Promise<Record<string, string | null>> {
  const folder = await temporaryFolder()
  const files = await session.exportTables(session.study(), { folder })
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  const tables = Object.fromEntries(files.map((file, i) => [basename(file), texts[i]!]))
  const report = await readReportFile(session, session.study(), { version: 'test', form: 'html' })
  // The moment at which it is written is no part of what it says.
  return { ...tables, report: report.replace(/Assay test, [^<]*/, 'Assay test') }
}

const kindsOf = (items: readonly { kind: string }[]) => [...new Set(items.map(({ kind }) => kind))]

test('cleaning shows first; afterwards a study says the same to the byte, and nothing is trained', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    branch: { ...tinyStudy().branch, start: 'weights' }
  })
  const study = session.study()
  await session.run(study)
  await session.cost(study)
  await exportModel(
    session,
    study,
    { mixture: 'code+law', merge: 'micro' },
    { version: 'test', dtype: 'F32' }
  )
  // What no study asks any longer.
  const faster = { ...tinyStudy().branch, start: 'weights' as const, peakLearningRate: 1e-3 }
  const other = await session.saveStudy(
    tinyStudy({
      name: 'other',
      branch: faster,
      tokenizer: { kind: 'train', vocabularySize: 300 },
      sequential: { choose: { kind: 'none' } }
    })
  )
  await session.run(other)
  await session.removeStudy('other')
  // What a process left that died.
  const { plan } = await session.plan(study)
  const law = plan.branches.find(({ name }) => name === 'law#1')!.fingerprint
  const run = join(session.folder, 'runs', law)
  await cp(join(run, 'checkpoint'), join(run, 'resume'), { recursive: true })
  await mkdir(join(run, 'checkpoint.draft-0123456789ab'))
  await writeFile(join(run, 'checkpoint.draft-0123456789ab', 'model.safetensors'), 'half')

  const said = await saidBy(session)
  const before = hashesOf(session.folder)
  const planned = await planCleaning(session)
  expect(kindsOf(planned.items)).toEqual([
    'drafts',
    'caches',
    'resume points',
    'optimizer states',
    'runs',
    'tokens'
  ])
  expect(planned.items.every(({ bytes }) => bytes > 0)).toBe(true)
  expect(planned).toMatchObject({ kept: null })
  expect(hashesOf(session.folder)).toEqual(before)

  const freed = await clean(session)
  expect(freed).toEqual(planned)
  for (const { path } of freed.items) expect(existsSync(join(session.folder, path))).toBe(false)
  expect((await planCleaning(session)).items).toEqual([])
  await session.close()

  const again = await engine.openProject(session.folder)
  expect(await saidBy(again)).toEqual(said)
  expect(await again.run(again.study())).toMatchObject({ trained: 0, measured: 0, failed: [] })
  // What is there is as it was, but for the list of the run whose optimizer state went.
  const after = hashesOf(session.folder)
  const changed = Object.keys(after).filter((name) => after[name] !== before[name])
  const seed = `runs/${plan.seed!.fingerprint}/manifest.json`
  expect(changed.filter((name) => !/^(lock|cache\/)/.test(name))).toEqual([seed])
  expect(Object.keys(after).some((name) => name.startsWith('exports/'))).toBe(true)
  // The seed is sound without it: another branch starts from it.
  await again.saveStudy({ ...tinyStudy({ branch: faster }), name: 'third' })
  expect((await again.run(again.study('third'))).failed).toEqual([])
  await again.close()
})

test('a seed that branches start from with its moments keeps them', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'moments'), {
    branch: { ...tinyStudy().branch, start: 'weights-and-moments' },
    sequential: { choose: { kind: 'none' } }
  })
  await session.run(session.study())
  expect(kindsOf((await planCleaning(session)).items)).not.toContain('optimizer states')
})

test('while a study is not prepared nothing is guessed of what it needs', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'unknown'), {
    sequential: { choose: { kind: 'none' } }
  })
  await session.run(session.study())
  await session.saveStudy(tinyStudy({ name: 'other', unit: { sequences: 100, maximum: 1 } }))
  const { items, kept } = await planCleaning(session)
  expect(kept).toMatch(/what the study "other" needs: its text is not prepared/)
  for (const kind of ['runs', 'tokens', 'optimizer states']) {
    expect(kindsOf(items)).not.toContain(kind)
  }
})

test('the command shows, and frees with --yes; a project in use stays as it is', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'told'), {
    sequential: { choose: { kind: 'none' } }
  })
  await session.run(session.study())
  // The project is open here.
  const shown = await assay(['clean', session.folder])
  expect([shown.status, shown.stdout]).toEqual([
    0,
    expect.stringMatching(/caches +1 [^]*could be freed\. To free them: assay clean/)
  ])
  const refused = await assay(['clean', session.folder, '--yes', '--json'])
  expect([refused.status, JSON.parse(refused.stdout)]).toMatchObject([
    1,
    { error: { code: 'storage/locked' } }
  ])
  await session.close()
  const freed = await assay(['clean', session.folder, '--yes', '--json'])
  expect([freed.status, JSON.parse(freed.stdout)]).toMatchObject([0, { isFreed: true, kept: null }])
  const again = await assay(['clean', session.folder])
  expect(again.stdout).toContain('There is nothing to free.')
})
