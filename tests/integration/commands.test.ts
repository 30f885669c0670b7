import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { TABLES } from '#engine/studies/tables'
import { tinyStudy } from '../support/builtEngine'
import { assay, assayDone } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments, writeCorpus } from '../support/tinyCorpus'

/** Long names in the help of a command. */
const flagsOf = (help: string): string[] =>
  [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]!)

async function projectWith(change: Parameters<typeof tinyStudy>[0] = {}): Promise<string> {
  const folder = await temporaryFolder()
  const project = join(folder, 'project')
  const study = join(folder, 'study.json')
  await writeFile(study, JSON.stringify(tinyStudy(change)))
  await assayDone(['new', project, '--from', study])
  return project
}

async function importTexts(project: string): Promise<void> {
  const folder = await temporaryFolder()
  const seed = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 120 })
  const parts = await writeCorpus(join(folder, 'parts.jsonl'), { law: 150, code: 40 })
  await assayDone(['import', project, seed, '--as', 'seed', '--name', 'seed'])
  await assayDone(['import', project, parts, '--partition', 'part'])
}

test('every command and every flag is in docs/cli.md, and every command shows an example', async () => {
  const page = await readFile('docs/cli.md', 'utf8')
  const help = await assayDone(['--help'])
  const commands = [...help.matchAll(/^ {2}([a-z-]+) \[options\]/gm)].map((match) => match[1]!)
  expect(commands.length).toBeGreaterThan(9)
  const undocumented: string[] = []
  for (const command of commands) {
    const own = await assayDone([command, '--help'])
    expect(own).toContain(`Example`)
    for (const flag of [`\`${command} `, ...flagsOf(own)]) {
      if (!['--help'].includes(flag) && !page.includes(flag)) undocumented.push(flag)
    }
  }
  expect(undocumented.filter((flag) => flag !== '`doctor ' && flag !== '`demo ')).toEqual([])
})

test('a reader that has seen enough ends a command quietly', async () => {
  // The reading end of its output is closed before anything is written.
  const child = spawn('bash', [
    '-c',
    'exec 3> >(true); sleep 0.2; node out/main/cli.cjs --help >&3'
  ])
  let complaint = ''
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect([code, complaint]).toEqual([0, ''])
})

test('a preview lists fields and what a rule would give, and imports nothing', async () => {
  const project = await projectWith()
  const file = await writeCorpus(join(await temporaryFolder(), 'x.jsonl'), { law: 5, code: 3 })
  const seen = await assayDone([
    'import',
    project,
    file,
    '--preview',
    '--partition',
    'part',
    '--json'
  ])
  expect(JSON.parse(seen)).toMatchObject({
    likelyTextField: 'text',
    lookedAt: 8,
    partitions: [
      { name: 'law', documents: 5 },
      { name: 'code', documents: 3 }
    ]
  })
  expect(JSON.parse(await assayDone(['status', project, '--json']))).toMatchObject({ corpora: [] })
})

test('--holdout-by keeps threads on one side, and is refused once there is text', async () => {
  const project = await projectWith({ holdOut: { share: 0.3 } })
  const folder = await temporaryFolder()
  const file = join(folder, 'mail.jsonl')
  const documents = tinyDocuments('mail', 90).map((text, i) => ({ text, thread: `t${i % 30}` }))
  await writeFile(file, documents.map((one) => JSON.stringify(one)).join('\n'))
  await assayDone(['import', project, file, '--name', 'mail', '--holdout-by', 'thread'])
  expect(JSON.parse(await assayDone(['study', project]))).toMatchObject({
    holdOut: { by: 'thread' }
  })
  const late = await assay(['import', project, file, '--name', 'more', '--holdout-by', 'author'])
  expect([late.status, late.stderr]).toEqual([2, expect.stringContaining('first import')])
})

test('a study is planned, run and reported by commands; --json prints one document', async () => {
  const project = await projectWith()
  await importTexts(project)
  const plan = JSON.parse(await assayDone(['plan', project, '--json'])) as Record<string, unknown>
  expect(plan).toMatchObject({
    study: 'small',
    mixtures: 3,
    largest: { preset: expect.any(String) }
  })
  const text = await assayDone(['plan', project])
  for (const word of [
    'FLOP per trained token',
    'of memory available',
    'of disk',
    'tokens/s training'
  ]) {
    expect(text).toContain(word)
  }
  await assayDone(['run', project])
  const again = JSON.parse(await assayDone(['run', project, '--json'])) as Record<string, unknown>
  expect(again).toMatchObject({ trained: 0, measured: 0 })
  const report = await assayDone(['report', project])
  expect(report).toContain('MIXTURES RANKED WITHIN EACH SIZE')
  const evidence = JSON.parse(await assayDone(['report', project, '--json'])) as object
  expect(Object.keys(evidence).sort()).toEqual([
    'acrossSizes',
    'agreement',
    'comparison',
    'devices',
    'documents',
    'effects',
    'headline',
    'near',
    'noise',
    'overlaps',
    'predicted',
    'rankings',
    'untried'
  ])
  expect(await assayDone(['report', project, '--across-sizes'])).toContain(
    'is across sizes and not'
  )
  expect(await assayDone(['report', project, '--documents', 'confirm'])).toContain(
    'confirm half of the documents alone'
  )

  const out = await temporaryFolder()
  const flags = ['--out', out, '--parquet', '--documents', 'clean', '--json']
  const { files } = JSON.parse(await assayDone(['export', project, ...flags])) as {
    files: string[]
  }
  const names = TABLES.flatMap(({ name }) => [`${name}.csv`, `${name}.parquet`])
  expect(files.map((file) => basename(file)).sort()).toEqual(names.sort())
  const query = `SELECT DISTINCT documents FROM '${join(out, 'pairs.parquet')}'`
  const connection = await (await DuckDBInstance.create()).connect()
  expect((await connection.runAndReadAll(query)).getRows()).toEqual([['clean']])
  expect(await readFile(join(out, 'pairs.csv'), 'utf8')).toMatch(/,clean,yes\r\n$/)
  const wrong = await assay(['report', project, '--documents', 'most'])
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('all, clean, choose')])
})

test('Ctrl-C stops a run cleanly, says how to go on, and going on finishes it', async () => {
  const project = await projectWith({ unit: { sequences: 200, maximum: 2 } })
  await importTexts(project)
  await assayDone(['plan', project])
  const child = spawn(process.execPath, [resolve('out/main/cli.cjs'), 'run', project])
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  let complained = ''
  child.stderr.on('data', (chunk: Buffer) => {
    // The seed is trained: the branches are under way. One more Ctrl-C would end it at once.
    const isSaid = complained.includes('trained seed')
    complained += chunk.toString()
    if (!isSaid && complained.includes('trained seed')) child.kill('SIGINT')
  })
  const status = await new Promise((done) => child.on('close', done))
  expect([status, said]).toEqual([130, expect.stringContaining(`To go on: assay run ${project}`)])
  const going = JSON.parse(await assayDone(['run', project, '--json'])) as { failed: unknown[] }
  expect(going.failed).toEqual([])
  const left = JSON.parse(await assayDone(['status', project, '--json'])) as {
    runs: { planned: number; done: number }
  }
  expect(left.runs.done).toBe(left.runs.planned)
})
