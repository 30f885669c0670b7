/** A project that somebody else made to do harm: opening it says what is wrong and touches nothing outside. */
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { glanceAt } from '#engine/storage/glance'
import { removeTree } from '#engine/storage/files'
import { Project } from '#engine/storage/project'
import { defaultStudy } from '#engine/studies/study'
import { temporaryFolder } from '../../../support/temporaryFolder'

type Raw = Record<string, unknown>

/** A sound project beside a folder that is nobody's business, and its records. */
async function made() {
  const around = await temporaryFolder()
  const folder = join(around, 'project')
  const victim = join(around, 'victim')
  await mkdir(join(victim, 'resume'), { recursive: true })
  await writeFile(join(victim, 'resume', 'kept.txt'), 'kept')
  const project = await Project.create(folder)
  await project.saveStudy(defaultStudy('small'))
  await project.close()
  const file = join(folder, 'project.assay')
  // As the last version without a checksum had it: else that alone would refuse whatever is bent.
  const { checksum: _checksum, ...sealed } = JSON.parse(await readFile(file, 'utf8')) as Raw
  const records: Raw = { ...sealed, version: 2 }
  await writeFile(file, JSON.stringify(records, null, 1))
  const kept = () => readFile(join(victim, 'resume', 'kept.txt'), 'utf8')
  return { around, folder, victim, file, records, kept }
}

const RUN = {
  role: 'branch',
  name: 'law#1',
  mixture: null,
  budget: null,
  baseUnits: 1,
  tokens: 1,
  steps: 1,
  // One that seems to train is tidied up after when the project is opened.
  state: 'running',
  finalLoss: null,
  elapsedMs: 0,
  tokensPerSecond: 0,
  backend: null,
  device: null,
  threads: null,
  host: null,
  error: null
}
const CORPUS = {
  name: 'law',
  role: 'training',
  source: 'x',
  partitions: [],
  documents: 0,
  bytes: 0,
  empty: 0,
  badLines: 0
}

describe.each(['../../victim', '/etc', 'a/b', '..', 'a\\b', 'a\u0000b', '', 'x'.repeat(200)])(
  'the fingerprint %j',
  (fingerprint) => {
    it.each([
      ['run', { runs: [{ ...RUN, fingerprint }] }],
      ['corpus', { corpora: [{ ...CORPUS, fingerprint }] }],
      ['tokenizer', { tokenizers: [{ choice: 'x', fingerprint }] }],
      ['table', { tables: { fingerprint } }]
    ])('of a %s leads nowhere', async (_, change) => {
      const { folder, file, records, kept } = await made()
      await writeFile(file, JSON.stringify({ ...records, ...change }))
      for (const readOnly of [true, false]) {
        await expect(Project.open(folder, { readOnly })).rejects.toMatchObject({
          code: 'storage/corrupt'
        })
      }
      expect(await kept()).toBe('kept')
    })
  }
)

describe('a project file', () => {
  const deep = (open: string, close: string) => open.repeat(100_000) + '1' + close.repeat(100_000)
  const bent: [string, (text: string) => string][] = [
    ['with a deep list', (text) => text.replace('"studies": [', `"studies": [${deep('[', ']')},`)],
    [
      'with a deep key of a newer Assay',
      (text) =>
        text
          .replace(/"version": \d+/, '"version": 99')
          .replace('"studies"', `"new": ${deep('{"a":', '}')}, "studies"`)
    ],
    ['with a number beyond all', (text) => text.replace('"randomSeed": 1', '"randomSeed": 1e999')],
    ['with a study of endless size', (text) => text.replace('"sequences": ', '"sequences": 1e300')],
    ['that is a list', () => '[]'],
    ['that is empty', () => ''],
    ['that is no text', () => '\u0000\uffff'],
    ['with keys nobody knows', (text) => text.replace('"studies"', '"more": 1, "studies"')]
  ]
  it.each(bent)('%s is refused in words', async (_, bend) => {
    const { folder, file } = await made()
    const text = await readFile(file, 'utf8')
    expect(bend(text)).not.toBe(text)
    await writeFile(file, bend(text))
    await expect(Project.open(folder)).rejects.toMatchObject({
      code: expect.stringMatching(/^storage\//) as string
    })
    // What a newer Assay wrote may be looked at; all else has its reason on the list of projects.
    const { problem } = await glanceAt(folder)
    expect(problem === null).toBe(bend(text).includes('"version": 99'))
    expect((await readdir(folder)).sort()).toEqual(['project.assay', 'project.assay-before'])
  })

  it('with keys of prototypes changes no prototype', async () => {
    const { folder, file } = await made()
    const text = await readFile(file, 'utf8')
    const poison = '"__proto__": {"isOurs": true}, "constructor": {"prototype": {"isOurs": true}},'
    await writeFile(file, text.replace('"studies"', `${poison} "studies"`))
    await expect(Project.open(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
    expect(({} as Raw)['isOurs']).toBe(undefined)
  })
})

describe('a link in a project', () => {
  it.each(['runs', 'cache', join('runs', 'a'.repeat(64)), join('corpora', 'b'.repeat(64), 'c')])(
    'at %s that leads out of it is not written through',
    async (place) => {
      const { folder, victim, kept } = await made()
      await mkdir(join(folder, place, '..'), { recursive: true })
      await symlink(victim, join(folder, place))
      await expect(Project.open(folder)).rejects.toMatchObject({
        code: 'storage/not-writable',
        message: expect.stringContaining('out of the project') as string
      })
      expect(await kept()).toBe('kept')
      const seen = await Project.open(folder, { readOnly: true })
      expect(seen.studies.map(({ name }) => name)).toEqual(['small'])
    }
  )

  it('to another place in it does no harm, nor does one that is the project', async () => {
    const { around, folder } = await made()
    await mkdir(join(folder, 'runs', 'a'), { recursive: true })
    await symlink(join(folder, 'runs', 'a'), join(folder, 'runs', 'b'))
    await symlink(folder, join(around, 'linked'))
    const project = await Project.open(join(around, 'linked'))
    await project.close()
  })

  it('below what its trainers write into does no harm: nothing is written there', async () => {
    const { folder, victim, kept } = await made()
    const state = join(folder, 'runs', 'a'.repeat(64), 'command', 'state')
    await mkdir(state, { recursive: true })
    await symlink(victim, join(state, 'latest'))
    const project = await Project.open(folder)
    await project.close()
    await removeTree(state)
    expect(await kept()).toBe('kept')
    await symlink(victim, state)
    await expect(Project.open(folder)).rejects.toMatchObject({ code: 'storage/not-writable' })
  })

  it('that leads nowhere is refused too', async () => {
    const { around, folder } = await made()
    await symlink(join(around, 'not-there'), join(folder, 'measurements.jsonl'))
    await expect(Project.open(folder)).rejects.toThrow('leads nowhere')
    expect(await readdir(around)).toEqual(['project', 'victim'])
  })
})
