/** Projects of every format there ever was: they open for ever, and nothing in them is lost. */
import { existsSync, readFileSync } from 'node:fs'
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ProjectSession, verifyProject } from '#engine'
import { readDomainDocuments } from '#engine/data/domainDocuments'
import { openPartition, readTexts } from '#engine/data/corpusReader'
import { openBatches } from '#engine/data/batches'
import { Measurements } from '#engine/storage/measurements'
import { readPredictions } from '#engine/storage/predictions'
import { Project } from '#engine/storage/project'
import { verifyRun } from '#engine/storage/runs'
import { sealedText } from '#engine/storage/seals'
import { readTrace } from '#engine/storage/traces'
import { inThreadPool } from '../../../support/inThreadPool'
import { filesOf } from '../../../support/studyLife'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** Made by `tests/golden/projects/make.mjs` with the programs of their time. */
const MUSEUM = 'tests/golden/projects'
const VERSIONS = ['version-2', 'version-3', 'version-4']

async function visited(version: string): Promise<string> {
  const folder = join(await temporaryFolder(), 'project')
  await cp(join(MUSEUM, version), folder, { recursive: true })
  return folder
}

const lines = (path: string) => readFileSync(path, 'utf8').trim().split('\n').length

describe.each(VERSIONS)('a project of %s', (version) => {
  test('has all that was found in it, and is done', async () => {
    const folder = await visited(version)
    const session = await ProjectSession.over(await Project.open(folder), inThreadPool())
    try {
      const study = session.study()
      expect(session.runs.map(({ name, state }) => [name, state])).toEqual([
        ['seed', 'done'],
        ['code#1', 'done'],
        ['law#1', 'done'],
        ['code+law (sum)', 'done']
      ])
      const summary = await session.run(study)
      expect(summary).toMatchObject({ trained: 0, failed: [] })
      const measured = await Measurements.open(folder, { readOnly: true })
      expect(measured.size).toBe(lines(join(MUSEUM, version, 'measurements.jsonl')))
      const prepared = (await session.findPrepared(study))!
      for (const { name, documents } of prepared.domains) {
        const domain = await readDomainDocuments(folder, prepared, name)
        expect(domain.documents.length).toBe(documents)
      }
    } finally {
      await session.close()
    }
    for (const { fingerprint, steps } of session.runs) {
      await verifyRun(folder, fingerprint)
      expect((await readTrace(folder, fingerprint)).length).toBe(steps)
    }
    expect((await readPredictions(folder)).size).toBe(1)
    for (const corpus of session.corpora) {
      for (const { name, documents } of corpus.partitions) {
        const stored = await openPartition(join(folder, 'corpora'), corpus, name)
        let read = 0
        for await (const { text } of readTexts(stored, Array(documents).keys())) {
          read += text === '' ? 0 : 1
        }
        expect(read).toBe(documents)
      }
    }
    expect((await verifyProject(folder)).damaged).toEqual([])
  })

  test('is not changed by who only looks, and its records are kept by who writes', async () => {
    const folder = await visited(version)
    const before = filesOf(folder).map((name) => [name, readFileSync(join(folder, name), 'hex')])
    await Project.open(folder, { readOnly: true })
    expect(filesOf(folder).map((name) => [name, readFileSync(join(folder, name), 'hex')])).toEqual(
      before
    )
    await (await Project.open(folder)).close()
    const backup = join(folder, `project.${version}.assay-backup`)
    expect(existsSync(backup)).toBe(version !== 'version-4')
    if (existsSync(backup)) {
      expect(await readFile(backup, 'utf8')).toBe(
        await readFile(join(MUSEUM, version, 'project.assay'), 'utf8')
      )
    }
    await (await Project.open(folder)).close()
  })

  test('takes lines of this version behind its own', async () => {
    const folder = await visited(version)
    const first = await Measurements.open(folder)
    const { size } = first
    await first.add([{ model: 'm', domain: 'd', definition: 'x', nats: [1 / 3] }])
    await first.close()
    const again = await Measurements.open(folder, { readOnly: true })
    expect([again.size, again.find('m', 'd', 'x')?.nats]).toEqual([size + 1, [1 / 3]])
  })
})

test('a damaged line of a file without checksums is found where it is no record any more', async () => {
  const folder = await visited('version-2')
  const path = join(folder, 'measurements.jsonl')
  await writeFile(path, (await readFile(path, 'utf8')).replace('"nats":[', '"nats":{'))
  await expect(Measurements.open(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
})

describe('files of a version that is not there yet are refused by name', () => {
  const refused = (path: string) => ({
    code: 'storage/newer-version',
    details: expect.objectContaining({ path, found: 9 }) as unknown
  })

  test('a manifest', async () => {
    const folder = await visited('version-4')
    const { fingerprint } = (await Project.open(folder, { readOnly: true })).runs[0]!
    const path = join(folder, 'runs', fingerprint, 'manifest.json')
    await writeFile(path, sealedText({ format: 'assay-run', version: 9, weather: 'fair' }))
    await expect(verifyRun(folder, fingerprint)).rejects.toMatchObject(refused(path))
    await expect(verifyProject(folder)).rejects.toMatchObject({ code: 'storage/newer-version' })
  })

  test.each(['stream.json', 'sums.json'])('tokens: %s', async (file) => {
    const folder = await visited(file === 'sums.json' ? 'version-4' : 'version-2')
    const session = await ProjectSession.over(
      await Project.open(folder, { readOnly: true }),
      inThreadPool(),
      { readOnly: true }
    )
    const prepared = (await session.findPrepared(session.study()))!
    const unit = prepared.partitions[0]!.baseUnits[0]!
    const path = join(folder, 'tokens', unit.tokens, file)
    const newer = { format: 'assay-sums', version: 9, width: 2, documents: 1, tokens: 900 }
    await writeFile(path, sealedText(newer))
    const opening = openBatches({
      projectFolder: folder,
      draws: [{ unit, sequences: 8 }],
      contextLength: 16,
      batchSize: 4,
      randomSeed: 1
    })
    await expect(opening).rejects.toMatchObject(refused(path))
  })

  test('a held-out domain', async () => {
    const folder = await visited('version-2')
    const project = await Project.open(folder, { readOnly: true })
    const session = await ProjectSession.over(project, inThreadPool(), { readOnly: true })
    const prepared = (await session.findPrepared(session.study()))!
    const { name, fingerprint } = prepared.domains[0]!
    const path = join(folder, 'tokens', fingerprint, 'documents.json')
    await writeFile(path, JSON.stringify({ version: 9 }))
    await expect(readDomainDocuments(folder, prepared, name)).rejects.toMatchObject(refused(path))
  })
})

test('records changed by hand are refused with what to do, and taken after a repair that keeps edits', async () => {
  const folder = await visited('version-4')
  const path = join(folder, 'project.assay')
  const edited = (await readFile(path, 'utf8')).replace('"museum"', '"gallery"')
  await writeFile(path, edited)
  await expect(Project.open(folder)).rejects.toThrow('have the repair keep the edits')
  const { damaged, movedTo } = await verifyProject(folder, { repair: true, keepEdits: true })
  expect(damaged.map(({ file }) => file)).toEqual(['project.assay'])
  expect(await readFile(join(folder, movedTo!, 'project.assay'), 'utf8')).toBe(edited)
  expect((await Project.open(folder, { readOnly: true })).studies[0]!.name).toBe('gallery')
})

test('what is torn at the end of the measurements is named, set aside, and the rest stays', async () => {
  const folder = await visited('version-3')
  const path = join(folder, 'measurements.jsonl')
  const before = await readFile(path, 'utf8')
  await appendFile(path, '{"model":"m","dom')
  const { damaged } = await verifyProject(folder, { repair: true })
  expect(damaged).toMatchObject([{ file: 'measurements.jsonl', isRedone: true }])
  expect(await readFile(path, 'utf8')).toBe(before)
})
