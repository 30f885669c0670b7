import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import { sealedLine } from '#engine/storage/seals'
import { LineLog } from '#engine/storage/files'
import { assay, assayError } from '../support/commandLine'
import { tinyStudy } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments, writeCorpus } from '../support/tinyCorpus'

let folder: string
let project: string

beforeEach(async () => {
  folder = await temporaryFolder()
  project = join(folder, 'project')
})

/** A project with the tiny study, changed as the test needs. */
async function newProject(change: object = {}): Promise<void> {
  const study = join(folder, 'study.json')
  await writeFile(study, JSON.stringify({ ...tinyStudy(), ...change }))
  const made = await assay(['new', project, '--from', study])
  if (made.status !== 0) throw new Error(made.stderr)
}

async function importSeedAndParts(counts: Record<string, number> = { law: 150, code: 80 }) {
  const seed = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 120 })
  const parts = await writeCorpus(join(folder, 'parts.jsonl'), counts)
  for (const args of [
    [seed, '--as', 'seed', '--name', 'seed'],
    [parts, '--partition', 'part']
  ]) {
    const done = await assay(['import', project, ...args])
    if (done.status !== 0) throw new Error(done.stderr)
  }
}

async function corporaThere(): Promise<string[]> {
  return existsSync(join(project, 'corpora')) ? readdir(join(project, 'corpora')) : []
}

const file = async (name: string, data: string | Uint8Array) => {
  const path = join(folder, name)
  await writeFile(path, data)
  return path
}

const good = JSON.stringify({ text: 'a document', topic: 'law' }) + '\n'

test.each<[string, string, string | Uint8Array, string[], string, string]>([
  ['an empty file', 'x.jsonl', '', [], 'corpus/empty', 'x.jsonl'],
  ['a wrong field name', 'x.jsonl', good, ['--text', 'body'], 'corpus/missing-field', 'topic'],
  [
    'a wrong partition field',
    'x.jsonl',
    good,
    ['--partition', 'year'],
    'corpus/missing-field',
    'topic'
  ],
  [
    'invalid UTF-8',
    'x.jsonl',
    Buffer.concat([Buffer.from(good), Buffer.from('{"text":"\xff\xfe"}\n', 'latin1')]),
    [],
    'corpus/invalid-encoding',
    '2'
  ],
  [
    'a line that is not JSON',
    'x.jsonl',
    good + '{"text": oops}\n' + good,
    [],
    'corpus/invalid-line',
    '2'
  ],
  [
    'broken gzip',
    'x.jsonl.gz',
    gzipSync(good.repeat(5000)).subarray(0, 200),
    [],
    'corpus/unreadable',
    'x.jsonl.gz'
  ],
  ['something that is no gzip', 'x.jsonl.gz', good, [], 'corpus/unreadable', 'x.jsonl.gz'],
  [
    'broken zstd',
    'x.jsonl.zst',
    Buffer.from('28b52ffd00580100', 'hex'),
    [],
    'corpus/unreadable',
    'x.jsonl.zst'
  ],
  ['broken Parquet', 'x.parquet', 'PAR1 not really PAR1', [], 'corpus/unreadable', 'x.parquet']
])(
  'importing %s is refused with code, place and nothing left behind',
  async (_, name, data, flags, code, place) => {
    await newProject()
    const path = await file(name, data)
    const error = await assayError(['import', project, path, ...flags])
    expect([error.code, error.status]).toEqual([code, 1])
    expect(error.message).toContain(place)
    expect(await corporaThere()).toEqual([])
  }
)

test('bad lines are counted when the user says so, and the command line says how', async () => {
  await newProject()
  const path = await file('x.jsonl', good + '{"text": oops}\n' + good.replace('a d', 'another d'))
  const { stderr } = await assay(['import', project, path])
  expect(stderr).toContain('(assay import … --skip-bad-lines skips and counts them)')
  const { status, stdout } = await assay(['import', project, path, '--skip-bad-lines', '--json'])
  expect([status, JSON.parse(stdout)]).toMatchObject([0, { documents: 2, badLines: 1 }])
})

test('a single document of 50 MB is imported', async () => {
  await newProject()
  const text = tinyDocuments('law', 1, 1_000)[0]!
  const path = await file(
    'x.jsonl',
    JSON.stringify({ text: text.repeat(Math.ceil(5e7 / text.length)) }) + '\n'
  )
  const { status, stdout } = await assay(['import', project, path, '--json'])
  const corpus = JSON.parse(stdout) as { documents: number; bytes: number }
  expect([status, corpus.documents]).toEqual([0, 1])
  expect(corpus.bytes).toBeGreaterThanOrEqual(5e7)
})

test('a file that is not there is named', async () => {
  await newProject()
  const error = await assayError(['import', project, join(folder, 'none.jsonl')])
  expect([error.code, error.status]).toEqual(['corpus/missing-file', 1])
})

test('a partition smaller than a unit is named with both sizes', async () => {
  await newProject()
  await importSeedAndParts({ law: 150, code: 4 })
  const error = await assayError(['plan', project])
  expect([error.code, error.status]).toEqual(['partition/too-small', 1])
  expect(error.message).toContain('code')
})

test('a held-out domain without anything to predict is named', async () => {
  await newProject({ holdOut: { share: 0.0001 } })
  await importSeedAndParts()
  const error = await assayError(['plan', project])
  expect([error.code, error.status]).toEqual(['domain/empty', 1])
})

test('a study naming a partition that is not there lists those that are', async () => {
  await newProject({ partitions: ['law', 'medicine'] })
  await importSeedAndParts()
  const error = await assayError(['plan', project])
  expect([error.code, error.status]).toEqual(['study/missing-partition', 1])
  expect(error.message).toMatch(/medicine.*There: .*code/s)
})

test.each([
  ['negative', { law: 1, code: -1 }],
  ['all zero', { law: 0, code: 0 }]
])('weights that are %s are refused', async (_, weights) => {
  await newProject({ mixtures: { choose: { kind: 'list', list: [weights] } } })
  await importSeedAndParts()
  const error = await assayError(['plan', project])
  expect([error.code, error.status]).toEqual(['study/invalid-weights', 1])
})

test('a vocabulary above what the text gives is refused with what it gives', async () => {
  await newProject({ tokenizer: { kind: 'train', vocabularySize: 30000 } })
  await importSeedAndParts()
  const error = await assayError(['plan', project])
  expect([error.code, error.status]).toEqual(['tokenizer/vocabulary-too-large', 1])
})

test('a model that cannot fit in memory is refused before it starts, with the bytes', async () => {
  await newProject({
    model: {
      ...tinyStudy().model,
      hiddenSize: 65536,
      attentionHeads: 64,
      keyValueHeads: 64,
      intermediateSize: 262144,
      hiddenLayers: 100
    }
  })
  await importSeedAndParts()
  const error = await assayError(['run', project])
  expect([error.code, error.status]).toEqual(['model/out-of-memory', 1])
  expect(error.message).toMatch(/[TG]B/)
  expect(existsSync(join(project, 'runs'))).toBe(false)
})

test('a study with a wrong field says which', async () => {
  const path = await file('study.json', JSON.stringify({ ...tinyStudy(), unit: { sequences: -5 } }))
  const error = await assayError(['new', project, '--from', path])
  expect([error.code, error.status]).toEqual(['study/invalid', 1])
  expect(error.message).toContain('unit.sequences')
  expect(existsSync(project)).toBe(false)
})

test('a project of a newer version is refused and left as it is', async () => {
  await newProject()
  const path = join(project, 'project.assay')
  const newer = (await readFile(path, 'utf8'))
    .replace('"version": 4', '"version": 7')
    .replace('"readableFrom": 4', '"readableFrom": 7')
  await writeFile(path, newer)
  const error = await assayError(['status', project])
  expect([error.code, error.status]).toEqual(['storage/newer-version', 1])
  expect(await readFile(path, 'utf8')).toBe(newer)
})

// The kernel lets nobody make folders there, not even root.
test('a folder that cannot be written is said to be so', async () => {
  const error = await assayError(['new', '/sys/assay-project'])
  expect([error.code, error.status]).toEqual(['storage/not-writable', 1])
})

test('a disk that fills up while writing is said to be full; what was there stays', async () => {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
  try {
    project = join(disk, 'project')
    await newProject()
    const before = await readFile(join(project, 'project.assay'), 'utf8')
    const random = randomBytes(4_500_000).toString('base64')
    const path = await file('x.jsonl', JSON.stringify({ text: random }) + '\n')
    const error = await assayError(['import', project, path])
    expect([error.code, error.status]).toEqual(['storage/disk-full', 1])
    expect(await readFile(join(project, 'project.assay'), 'utf8')).toBe(before)
    expect(await corporaThere()).toEqual([])
  } finally {
    execFileSync('umount', ['--lazy', disk])
  }
})

test.each<[string, string[], string]>([
  ['a name of a corpus that mixtures could not hold', ['--name', 'c++'], 'Try "c＋＋"'],
  ['a name of a partition that units could not have', ['--where', 'c#=true'], 'Try "c＃"'],
  ['two partitions of one name', ['--range', 'year:1-2,1-2'], 'called "1-2"'],
  ['a range from its higher end', ['--range', 'year:2009-1970'], 'from 2009 to 1970'],
  ['a range of what is no number', ['--range', 'year:1.2.3-4'], '1.2.3-4'],
  ['a sample of nothing', ['--take', '0'], 'takes nothing']
])('%s is wrong usage, before anything is read', async (_, flags, says) => {
  await newProject()
  const error = await assayError(['import', project, join(folder, 'not-there.jsonl'), ...flags])
  expect([error.code, error.status]).toEqual(['usage/invalid', 2])
  expect(error.message).toContain(says)
})

test('files and folders may have names that mixtures could not hold', async () => {
  const path = await file('c++.jsonl', good)
  project = join(folder, 'a+b')
  const made = await assay(['new', project])
  expect([made.status, made.stderr]).toEqual([0, ''])
  const done = await assay(['import', project, path, '--json'])
  const corpus = JSON.parse(done.stdout) as { name: string; partitions: { name: string }[] }
  expect([corpus.name, corpus.partitions[0]!.name]).toEqual(['c＋＋', 'c＋＋'])
})

test('a refused import leaves no folder behind', async () => {
  await newProject()
  await importSeedAndParts()
  const before = await corporaThere()
  const again = await file('again.jsonl', good + JSON.stringify({ text: 'more', topic: 'law' }))
  const error = await assayError(['import', project, again, '--partition', 'topic'])
  expect([error.code, error.status]).toEqual(['corpus/exists', 1])
  expect(await corporaThere()).toEqual(before)
})

test('a time limit that ends while text is prepared stops cleanly and says how to go on', async () => {
  await newProject()
  await importSeedAndParts()
  const { status, stdout, stderr } = await assay(['run', project, '--hours', '0.0000001'])
  expect([status, stdout]).toEqual([0, expect.stringContaining(`To go on: assay run ${project}`)])
  expect(stderr).not.toContain('bug')
  const done = JSON.parse((await assay(['run', project, '--json'])).stdout) as { failed: unknown[] }
  expect(done).toMatchObject({ failed: [], wasStopped: false })
})

test('lines appended to a full disk leave no torn half behind', async () => {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
  try {
    const log = await LineLog.open(join(disk, 'log.jsonl'))
    await log.append([{ a: 1 }])
    const tooLong = { text: 'x'.repeat(2_000_000) }
    await expect(log.append([tooLong])).rejects.toMatchObject({ code: 'storage/disk-full' })
    await log.append([{ a: 2 }])
    await log.close()
    expect(await readFile(join(disk, 'log.jsonl'), 'utf8')).toBe(
      [{ a: 1 }, { a: 2 }].map((line) => sealedLine(line) + '\n').join('')
    )
  } finally {
    execFileSync('umount', ['--lazy', disk])
  }
})

test('a wrong flag is wrong usage', async () => {
  expect((await assay(['run', project, '--fast'])).status).toBe(2)
  expect((await assay(['run', project, '--until', '25:00'])).status).toBe(2)
  expect((await assay(['import', project, 'x.jsonl', '--kind', 'in'])).status).toBe(2)
})
