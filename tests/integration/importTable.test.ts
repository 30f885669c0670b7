import { appendFile, cp, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TABLES, fromCsv } from '#engine/studies/tables'
import type { Row } from '#engine/studies/tables'
import { assay, assayDone, assayError } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

const GOLDEN = 'tests/golden/tables'
const golden = (name: string) => join(GOLDEN, name)

interface Statistics {
  n: number
  pearson: number
  spearman: number
  kendall: number
}
/** What SciPy says of the sweep that all the files are of. */
async function expectedNumbers() {
  return JSON.parse(await readFile(golden('expected.json'), 'utf8')) as {
    all: Record<string, Statistics>
    'mean-all-log': Statistics
    headline: { n: number; spearman: number }
    m00: Record<string, Record<string, number>>
  }
}

async function imported(...args: string[]): Promise<string> {
  const project = join(await temporaryFolder(), 'sweep')
  await assayDone(['import-table', project, ...args])
  return project
}

async function exportedTables(project: string): Promise<Record<string, Row[]>> {
  const folder = await temporaryFolder()
  await assayDone(['export', project, '--out', folder])
  const read = TABLES.map(async ({ name, columns }) => {
    return [name, fromCsv(columns, await readFile(join(folder, `${name}.csv`), 'utf8'))] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

const REGMIX = [
  ...[golden('ratios-1m.csv'), golden('metrics-1m.csv')],
  ...['--sequential', golden('ratios-1B.csv'), golden('metrics-1B.csv')],
  ...['--weights', 'train_the_pile_*', '--losses', 'metric/the_pile_*_val_loss']
]
const HARNESS = [
  ...[golden('ratios-1m.csv'), golden('harness/1m')],
  ...['--sequential', golden('ratios-1B.csv'), golden('harness/1B/**/results_*.json')],
  ...['--weights', 'train_the_pile_*']
]
const WANDB = [
  ...[golden('wandb.csv'), '--perplexity', '--seed-column', 'seed'],
  ...['--weights', 'mix.*', '--losses', 'eval/*/perplexity']
]

test.each([
  ['a long table', [golden('long.csv')]],
  ['ratios and metrics of two sizes of model', REGMIX],
  ['a wide export of runs', WANDB],
  ['results of lm-evaluation-harness', HARNESS]
])('%s gives the agreement that SciPy gives', async (_, args) => {
  const expected = await expectedNumbers()
  const project = await imported(...args)
  const { agreement, pairs, measurements } = await exportedTables(project)
  for (const [domain, numbers] of Object.entries({
    ...expected.all,
    'mean-all-log': expected['mean-all-log']
  })) {
    const row = agreement!.find(
      (one) => one['domain'] === domain && one['stratum'] === 'all' && one['proxy'] === 'proxy'
    )!
    expect(row['n']).toBe(numbers.n)
    for (const name of ['pearson', 'spearman', 'kendall'] as const) {
      expect(row[name]).toBeCloseTo(numbers[name], 10)
    }
  }
  const report = JSON.parse(await assayDone(['report', project, '--json'])) as {
    headline: {
      proxy: string
      n: number
      spearman: number
      documents: unknown
      mixtures: unknown
    }[]
    overlaps: unknown[]
    untried: string[]
  }
  const { n, spearman, documents, mixtures } = report.headline.find((row) => row.proxy === 'proxy')!
  expect(n).toBe(expected.headline.n)
  expect(spearman).toBeCloseTo(expected.headline.spearman, 10)
  // There are no documents, so nothing is said of them; over mixtures there is an interval.
  expect([documents, report.overlaps, report.untried]).toEqual([null, [], []])
  expect(mixtures).toMatchObject({ low: expect.any(Number), high: expect.any(Number) })
  const first = pairs!.find(
    (row) => String(row['mixture']).match(/^(m00|0|run-m00.*)$/) && row['domain'] === 'code'
  )!
  expect(first['proxy_perplexity']).toBeCloseTo(expected.m00['proxy']!['code']!, 9)
  expect(first['sequential_perplexity']).toBeCloseTo(expected.m00['sequential']!['code']!, 9)
  const unknown = ['nats', 'tokens', 'bytes', 'perplexity_low', 'bits_per_byte', 'documents']
  for (const row of measurements!) {
    expect(unknown.map((name) => row[name])).toEqual(unknown.map(() => null))
  }
})

test('what tables do not say is empty in every exported table', async () => {
  const { partitions, domains, runs, overlaps, mixtures } = await exportedTables(
    await imported(golden('long.csv'))
  )
  const filled = (row: Row) => Object.keys(row).filter((name) => row[name] !== null)
  expect(partitions!.map(filled)).toEqual(Array(4).fill(['partition']))
  expect(domains!.map(filled)).toEqual([
    ['domain', 'domain_kind', 'partition'],
    ['domain', 'domain_kind', 'partition'],
    ['domain', 'domain_kind']
  ])
  expect([runs, overlaps]).toEqual([[], []])
  const own = mixtures!.filter((row) => row['mixture'] === 'm00')
  expect(own.reduce((sum, row) => sum + Number(row['weight']), 0)).toBeCloseTo(1, 10)
})

test('the command says what was made of the tables, for people and for scripts', async () => {
  const project = join(await temporaryFolder(), 'sweep')
  const said = await assayDone(['import-table', project, golden('long.csv')])
  for (const words of [
    '18 mixtures of 4 partitions, 3 domains: 2 in-domain, 1 out-of-domain',
    '54 proxy losses are means over several random seeds',
    '1 of 18 mixtures lacks a loss on some domain',
    `Next: assay report ${project}`
  ]) {
    expect(said).toContain(words)
  }
  expect(await assayDone(['status', project])).toContain('Made from tables (long): long.csv')
  expect(await assayDone(['report', project])).toContain('proxy → true rank')
  const other = join(await temporaryFolder(), 'sweep')
  const json = await assayDone(['import-table', other, golden('long.csv'), '--json'])
  expect(JSON.parse(json)).toMatchObject({
    project: other,
    layout: 'long',
    mixtures: 18,
    sequential: 14,
    proxies: [{ proxy: 'proxy', mixtures: 18, pairs: 14 }]
  })
})

test('such a project is read only, wherever it lies; a folder in use is left alone', async () => {
  const project = await imported(golden('long.csv'))
  const elsewhere = join(await temporaryFolder(), 'copy')
  await cp(project, elsewhere, { recursive: true })
  const numbers = await assayDone(['report', project, '--json'])
  expect(await assayDone(['report', elsewhere, '--json'])).toBe(numbers)
  for (const args of [['plan'], ['run'], ['import', golden('long.csv')]]) {
    const [command, ...rest] = args as [string, ...string[]]
    const error = await assayError([command, elsewhere, ...rest])
    expect([command, error.code]).toEqual([command, 'storage/read-only'])
    expect(error.message).toContain('made from tables')
  }
  const study = await assay(['study', project])
  expect([study.status, study.stderr]).toEqual([1, expect.stringContaining('study/from-tables')])
  const half = await assay(['report', project, '--documents', 'confirm'])
  expect([half.status, half.stderr]).toEqual([1, expect.stringContaining('no documents')])
  const again = await assayError(['import-table', project, golden('long.csv')])
  expect([again.code, await readdir(project)]).toEqual([
    'storage/exists',
    ['project.assay', 'tables.json']
  ])
  await appendFile(join(elsewhere, 'tables.json'), ' ')
  expect(await assayError(['report', elsewhere])).toMatchObject({ code: 'storage/corrupt' })
})

test('fewer than four pairs, or no proxy at all, are told of and give no number', async () => {
  const lines = (await readFile(golden('long.csv'), 'utf8')).split('\n')
  const few = join(await temporaryFolder(), 'few.csv')
  await writeFile(few, lines.filter((line) => /^(mixture|m0[0-2])/.test(line)).join('\n'))
  const project = join(await temporaryFolder(), 'sweep')
  expect(await assayDone(['import-table', project, few])).toContain(
    '3 mixtures have both proxy and sequential values: fewer than 4'
  )
  const report = JSON.parse(await assayDone(['report', project, '--json'])) as {
    headline: { n: number; spearman: number | null }[]
  }
  expect(report.headline.map(({ n, spearman }) => [n, spearman])).toEqual([
    [3, null],
    [3, null]
  ])
  const alone = await imported(golden('ratios-1B.csv'), golden('metrics-1B.csv'))
  const said = await assayDone(['report', alone])
  expect(said).toContain('There is no proxy in the tables')
  expect(said).not.toContain('RANKED')
  const { measurements } = await exportedTables(alone)
  expect(measurements!.map((row) => row['role'])).toContain('sequential')
})

test('tables with a fault make no project; a wrong flag is wrong usage', async () => {
  const folder = await temporaryFolder()
  const project = join(folder, 'sweep')
  const error = await assayError(['import-table', project, golden('ratios-1m.csv')])
  expect(error).toMatchObject({ status: 1, code: 'table/invalid' })
  expect(error.message).toContain('columns of weights')
  const wrong = await assayError(['import-table', project, golden('long.csv'), '--layout', 'tall'])
  expect(wrong).toMatchObject({ status: 2, code: 'usage/invalid' })
  expect(await readdir(folder)).toEqual([])
})
