import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import type { TablesJob } from '#engine/workers/jobs'
import { readTables } from '#engine/workers/tablesJob'
import { temporaryFolder } from '../../../../support/temporaryFolder'

type Files = Record<string, string>

/** Reads tables that are given as text; `sequential` names those that are truths. */
async function read(files: Files, job: Partial<TablesJob> = {}) {
  const folder = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const sequential = job.sequential ?? []
  return readTables({
    budget: 'fixed',
    arePerplexities: false,
    ...job,
    paths: Object.keys(files)
      .filter((name) => !sequential.includes(name))
      .map((name) => join(folder, name)),
    sequential: sequential.map((name) => join(folder, name))
  })
}

const HEADER = 'mixture,weight:law,weight:code,domain,role,loss,random_seed,domain_kind\n'
/** A long table of given rows below one header. */
const long = (...rows: string[]): Files => ({ 'long.csv': HEADER + rows.join('\n') + '\n' })

test('a long table gives mixtures, domains, and one loss per role and random seed', async () => {
  const tables = await read(
    long(
      'a,0.25,0.75,law,proxy,3,1,',
      'a,0.25,0.75,law,proxy,3.5,2,',
      'a,0.25,0.75,wiki,proxy,4,1,seed',
      'a,0.25,0.75,law,sequential,2,1,',
      ',1,,law,sequential,2.5,,',
      ',,,law,seed,5,,'
    )
  )
  expect(tables).toMatchObject({
    layout: 'long',
    partitions: ['law', 'code'],
    domains: [
      { name: 'law', kind: 'in', partition: 'law' },
      { name: 'wiki', kind: 'seed', partition: null }
    ],
    mixtures: [
      { name: 'a', weights: [0.25, 0.75] },
      { name: null, weights: [1, 0] }
    ],
    models: [
      { role: 'proxy', mixture: 0, randomSeeds: ['1', '2'], losses: [[3, 3.5], [4, null]] }, // prettier-ignore
      { role: 'sequential', mixture: 0, randomSeeds: ['1'], losses: [[2], [null]] },
      { role: 'sequential', mixture: 1, randomSeeds: [null], losses: [[2.5], [null]] },
      { role: 'seed', mixture: null, losses: [[5], [null]] }
    ]
  })
  expect(tables.notes).toEqual([
    '1 proxy losses are means over several random seeds, which differ by a standard deviation of 0.35 nats per token; the loss of each is kept.',
    'Not every role has values on wiki: left out of the evidence, kept in the project.',
    '1 mixture has both proxy and sequential values: fewer than 4, so no agreement can be given as a number.'
  ])
})

test('perplexities become nats per token', async () => {
  const { models } = await read({ 'p.tsv': 'w_a\tdomain\tperplexity\n1\tx\t20\n' })
  expect(models[0]).toMatchObject({ role: 'sequential', losses: [[Math.log(20)]] })
})

test('ratios and metrics go by their runs, in whichever order the files are given', async () => {
  const files = {
    'metrics.csv': 'run,name,index,law,wiki\nr2,x,1,3,4\nr1,y,0,2,\n',
    'ratios.csv': 'run,name,index,law,code\nr1,x,0,0.5,0.5\nr2,y,1,0.1,0.9\nr3,z,2,0,1\n'
  }
  expect(await read(files)).toMatchObject({
    layout: 'ratios',
    partitions: ['law', 'code'],
    mixtures: [
      { name: 'r2', weights: [0.1, 0.9] },
      { name: 'r1', weights: [0.5, 0.5] }
    ],
    models: [{ losses: [[3], [4]] }, { losses: [[2], [null]] }]
  })
})

test('two sweeps meet in mixtures of the same weights; a name of other weights is told apart', async () => {
  const tables = await read(
    {
      'ratios-s.csv': 'index,a,b\n0,0.5,0.5\n1,0.2,0.8\n',
      'metrics-s.csv': 'index,x\n0,3\n1,3.1\n',
      'ratios-l.csv': 'index,a,b\n0,0.2,0.8\n1,0.4,0.6\n',
      'metrics-l.csv': 'index,x\n0,2\n1,2.1\n'
    },
    { sequential: ['ratios-l.csv', 'metrics-l.csv'] }
  )
  expect(tables.mixtures.map(({ name }) => name)).toEqual(['0', '1', '1 (metrics-l.csv)'])
  expect(tables.models.map(({ role, mixture }) => `${role} ${mixture}`)).toEqual([
    'proxy 0',
    'proxy 1',
    'sequential 1',
    'sequential 2'
  ])
})

test('a wide table is read by patterns of columns, its other columns left alone', async () => {
  const tables = await read(
    { 'wandb.csv': 'Name,mix/a,mix/b,eval/a/ppl,eval/b/ppl,lr,seed\nx,60,40,10,20,1,7\ny,30,70,11,,1,7\n' },
    { weights: ['mix/*'], losses: ['eval/*/ppl'], arePerplexities: true, seedColumn: 'seed' }
  ) // prettier-ignore
  expect(tables).toMatchObject({
    layout: 'wide',
    partitions: ['a', 'b'],
    domains: [{ name: 'a' }, { name: 'b' }],
    mixtures: [
      { name: 'x', weights: [0.6, 0.4] },
      { name: 'y', weights: [0.3, 0.7] }
    ],
    models: [
      { randomSeeds: ['7'], losses: [[Math.log(10)], [Math.log(20)]] },
      { randomSeeds: ['7'], losses: [[Math.log(11)], [null]] }
    ]
  })
  expect(tables.notes[0]).toBe('Weights that sum to 100 in every row are taken as shares.')
})

test('equal weights that were rounded are equal, and stay one mixture', async () => {
  const { mixtures } = await read({
    't.csv':
      'weight_a,weight_b,weight_c,domain,role,loss\n0.333,0.333,0.334,x,proxy,3\n0.3333,0.3333,0.3333,x,sequential,2\n'
  })
  expect(mixtures).toEqual([{ name: null, weights: [1 / 3, 1 / 3, 1 / 3] }])
})

test('Parquet files are read by their own types', async () => {
  const path = join(await temporaryFolder(), 'long.parquet')
  const connection = await (await DuckDBInstance.create()).connect()
  await connection.run(
    `COPY (SELECT 'm' AS mixture, 1::DECIMAL(4,2) AS w_a, 'x' AS domain, 3.5::FLOAT AS loss, 4::BIGINT AS random_seed) TO '${path}' (FORMAT parquet)`
  )
  const job = { paths: [path], sequential: [], budget: 'sum' as const, arePerplexities: false }
  expect(await readTables(job)).toMatchObject({
    budget: 'sum',
    files: [{ name: 'long.parquet', rows: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    mixtures: [{ name: 'm', weights: [1] }],
    models: [{ role: 'sequential', randomSeeds: ['4'], losses: [[3.5]] }]
  })
})

describe('what is wrong is named by file, line, column, expected and found', () => {
  const good = 'a,0.25,0.75,law,proxy,3,,'
  test.each<[string, Files, Partial<TablesJob>, string[]]>([
    ['a column missing', { 't.csv': 'w_a,domain,los\n1,x,3\n' }, { layout: 'long' }, ['t.csv: expected a column "loss"', 'w_a, domain, los']],
    ['no weights', { 't.csv': 'a,domain,loss\n1,x,3\n' }, {}, ['columns of weights', 'a, domain, loss', 'Name them']],
    ['a pattern that fits nothing', long(good), { weights: ['mix/*'] }, ['weights by the pattern mix/*', 'weight:law']],
    ['a loss that is no number', long(good, 'b,0.5,0.5,law,proxy,low,,'), {}, ['line 3, column "loss"', '"low"']],
    ['a loss that is not a number', long('b,0.5,0.5,law,proxy,NaN,,'), {}, ['line 2, column "loss"', '"NaN"']],
    ['a perplexity given as a loss', long('b,0.5,0.5,law,proxy,300,,'), {}, ['column "loss"', 'found 300', 'perplexity']],
    ['a perplexity below 1', { 't.csv': 'w_a,domain,perplexity\n1,x,0.5\n' }, {}, ['a perplexity of 1 or more', 'found 0.5']],
    ['an unknown role', long(good, 'b,0.5,0.5,law,sequental,3,,'), {}, ['line 3, column "role"', 'merge-micro', '"sequental"']],
    ['an unknown kind of domain', long('b,0.5,0.5,law,proxy,3,,near'), {}, ['column "domain_kind"', 'in, seed, out', '"near"']],
    ['a domain of two kinds', long('a,0.25,0.75,law,proxy,3,,in', 'b,0.5,0.5,law,proxy,3,,out'), {}, ['line 3, column "domain_kind"', '"in" for law, as in line 2']],
    ['a negative weight', long('b,1.5,-0.5,law,proxy,3,,'), {}, ['line 2, column "weight:code"', 'found -0.5']],
    ['a weight that is not a number', long('b,NaN,0.5,law,proxy,3,,'), {}, ['column "weight:law"', '"NaN"']],
    ['no weight at all', long('b,0,0,law,proxy,3,,'), {}, ['line 2: expected a weight above 0']],
    ['a sum that is not 1', long(good, 'b,0.5,0.3,law,proxy,3,,', 'c,0.5,0.5,law,proxy,3,,'), {}, ['line 3: expected weights with sum 1', 'found the sum 0.8']],
    ['a sum unlike the others', long('a,25,75,law,proxy,3,,', 'b,5,5,law,proxy,3,,', 'c,50,50,law,proxy,3,,'), {}, ['line 3: expected weights with sum 100', 'found the sum 10']],
    ['one name for two mixtures', long(good, 'a,0.5,0.5,law,proxy,3,,'), {}, ['line 3: expected the weights that "a" has in line 2']],
    ['a row twice', long(good, 'b,0.5,0.5,law,proxy,3,,', 'c,0.25,0.75,law,proxy,3.1,,'), {}, ['line 4', 'one loss of proxy on law', 'the weights of line 2', 'random_seed']],
    ['a run without its ratios', { 'r.csv': 'run,a\nx,1\n', 'm.csv': 'run,d\ny,3\n' }, {}, ['m.csv, line 2, column "run"', 'a run of', '"y"']],
    ['files without a common run', { 'r.csv': 'run,a\nx,1\n', 'm.csv': 'who,d\ny,3\n' }, {}, ['m.csv: expected a column that names the runs', 'Name it']],
    ['a seed column that is not there', long(good), { seedColumn: 'seed' }, ['long.csv: expected a column "seed"']],
    ['a file without rows', { 't.csv': 'w_a,domain,loss\n' }, {}, ['t.csv: expected a header and at least one row']],
    ['a column twice', { 't.csv': 'w_a,w_a,domain,loss\n1,1,x,3\n' }, {}, ['t.csv', '"w_a" twice']],
    ['a file of another format', { 't.txt': 'hello' }, {}, ['t.txt: expected a table']],
    ['a seed model alone', long(',,,law,seed,3,,'), {}, ['losses of at least one mixture']]
  ])('%s', async (_, files, job, words) => {
    const error = await read(files, job).then(
      () => null,
      (reason: unknown) => reason as { code: string; message: string; details: object }
    )
    expect(error).toMatchObject({ code: 'table/invalid' })
    for (const word of words) expect(error!.message).toContain(word)
    expect(Object.keys(error!.details)).toEqual(expect.arrayContaining(['file', 'expected', 'found']))
  }) // prettier-ignore
})
