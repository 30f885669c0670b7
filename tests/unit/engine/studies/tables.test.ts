import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromCsv, studyTables, toCsv } from '#engine/studies/tables'
import type { Column, Row, Table } from '#engine/studies/tables'
import type { Mixture } from '#shared/records'
import { describeTables } from '../../../support/describeTables'
import { noiseOf, syntheticResults } from '../../../support/syntheticResults'

const loss = (mixture: Mixture, domain: string) => 4 + 0.3 * noiseOf(mixture.name + domain)

const results = syntheticResults({
  partitions: { speeches: 2, code: 1, email: 1 },
  inDomains: ['speeches', 'code'],
  outDomains: ['fiction'],
  truth: loss,
  proxy: (mixture, domain, merge) => loss(mixture, domain) + (merge === 'micro' ? 0.1 : 0.2),
  branch: (unit, domain) => 4 + 0.1 * noiseOf(unit + domain),
  documentNoise: 0.3
})
results.runs.push({
  fingerprint: 'f'.repeat(64),
  role: 'sequential',
  name: 'code+email (sum)',
  mixture: 'code+email',
  budget: 'sum',
  chosenBy: 'random',
  baseUnits: 2,
  tokens: 160,
  steps: 20,
  state: 'done',
  finalLoss: 3.25,
  elapsedMs: 1500,
  tokensPerSecond: 106.5,
  backend: 'tensorflow',
  device: 'cpu',
  threads: 1,
  host: 'desk',
  randomSeed: 1,
  error: null
})
const tables = studyTables(results)
const tableOf = (name: string): Table => tables.find((table) => table.name === name)!
const rowsOf = (name: string): Row[] => tableOf(name).rows

/** Columns every reader may rely on: names and order are fixed for good. */
const FIRST_COLUMNS = {
  partitions:
    'partition,documents,bytes,tokens,base_units,left_over_tokens,held_out_tokens,duplicates_removed',
  runs: 'run,role,mixture,base_units,tokens,steps,final_loss,seconds,tokens_per_second,backend',
  measurements:
    'model,role,mixture,domain,domain_kind,nats,tokens,bytes,perplexity,perplexity_low,perplexity_high,bits_per_byte',
  pairs: 'mixture,size,budget,domain,domain_kind,proxy,proxy_perplexity,sequential_perplexity',
  agreement:
    'domain,domain_kind,budget,stratum,proxy,n,pearson,pearson_low,pearson_high,pearson_drop_low,pearson_drop_high,pearson_p,spearman,spearman_low,spearman_high,spearman_drop_low,spearman_drop_high,spearman_p,kendall,kendall_low,kendall_high,kendall_p',
  mixtures: 'mixture,unit,weight'
}

test.each(Object.entries(FIRST_COLUMNS))('%s.csv begins with its fixed columns', (name, fixed) => {
  const [header] = toCsv(tableOf(name).columns, []).split('\r\n')
  expect(header!.split(',').slice(0, fixed.split(',').length).join()).toBe(fixed)
})

test('every table reads back as it was written', () => {
  for (const table of tables) {
    const complete = table.rows.map((row) =>
      Object.fromEntries(table.columns.map(({ name }) => [name, row[name] ?? null]))
    )
    expect(fromCsv(table.columns, toCsv(table.columns, table.rows)), table.name).toEqual(complete)
  }
})

test('every cell belongs to a column, and has its type', () => {
  for (const table of tables) {
    const known = new Map(table.columns.map((column) => [column.name, column.type]))
    for (const row of table.rows) {
      for (const [name, cell] of Object.entries(row)) {
        const type = known.get(name)
        expect(type, `${table.name}.${name}`).toBeDefined()
        if (cell === null) continue
        expect(typeof cell, `${table.name}.${name}`).toBe(type === 'text' ? 'string' : 'number')
        if (type === 'integer') expect(Number.isSafeInteger(cell), name).toBe(true)
      }
    }
  }
})

test('docs/csv.md shows exactly these columns', () => {
  expect(readFileSync('docs/csv.md', 'utf8')).toContain(describeTables())
})

test('the same results give the same text', () => {
  const again = studyTables({ ...results, models: [...results.models].reverse() })
  const textOf = (list: Table[]) => list.map((table) => toCsv(table.columns, table.rows))
  expect(textOf(again)).toEqual(textOf(tables))
})

describe('measurements', () => {
  const rows = rowsOf('measurements')
  const find = (model: string, domain: string) =>
    rows.find((row) => row.model === model && row.domain === domain)!

  test('hold seed, branches, merges and sequential models under unique names', () => {
    const models = [...new Set(rows.map((row) => row.model))]
    expect(models.slice(0, 7)).toEqual([
      'seed',
      'branch speeches#1',
      'branch speeches#2',
      'branch code#1',
      'branch email#1',
      'merge-macro code+email',
      'merge-micro code+email'
    ])
    expect(new Set(rows.map((row) => `${String(row.model)} ${String(row.domain)}`)).size).toBe(
      rows.length
    )
    expect(find('sequential-sum code+email', 'code')).toMatchObject({
      role: 'sequential',
      mixture: 'code+email',
      budget: 'sum'
    })
    expect(find('seed', 'code').mixture).toBeNull()
  })

  test('perplexity and bits per byte follow from nats, tokens and bytes of the same row', () => {
    for (const row of rows.filter((one) => one.domain_kind !== 'mean')) {
      const [nats, tokens, bytes] = [Number(row.nats), Number(row.tokens), Number(row.bytes)]
      expect(row.perplexity).toBeCloseTo(Math.exp(nats / tokens), 10)
      expect(row.bits_per_byte).toBeCloseTo(nats / bytes / Math.LN2, 12)
      expect(Number(row.perplexity_low)).toBeLessThan(Number(row.perplexity))
      expect(Number(row.perplexity_high)).toBeGreaterThan(Number(row.perplexity))
    }
  })

  test('means are arithmetic, of perplexity and of its log, without nats, tokens and bytes', () => {
    const model = 'merge-micro code+email'
    const values = ['speeches', 'code'].map((domain) => Number(find(model, domain).perplexity))
    const plain = find(model, 'mean-in')
    const log = find(model, 'mean-in-log')
    expect(plain.perplexity).toBeCloseTo((values[0]! + values[1]!) / 2, 10)
    expect(log.perplexity).toBeCloseTo((Math.log(values[0]!) + Math.log(values[1]!)) / 2, 12)
    for (const row of [plain, log]) {
      expect([row.nats, row.tokens, row.bytes]).toEqual([undefined, undefined, undefined])
      expect(Number(row.perplexity_low)).toBeLessThan(Number(row.perplexity))
      expect(Number(row.perplexity_high)).toBeGreaterThan(Number(row.perplexity))
    }
  })

  test('show the perplexity on documents that training text does not overlap', () => {
    const row = find('seed', 'code')
    expect([row.documents, row.clean_documents]).toEqual([12, 9])
    expect(row.clean_perplexity).not.toBe(row.perplexity)
  })

  test('pairs hold the same numbers', () => {
    const pair = rowsOf('pairs').find(
      (row) =>
        row.mixture === 'code+email' && row.domain === 'fiction' && row.proxy === 'merge-macro'
    )!
    expect([pair.proxy_perplexity, pair.sequential_perplexity]).toEqual([
      expect.closeTo(Number(find('merge-macro code+email', 'fiction').perplexity), 10),
      expect.closeTo(Number(find('sequential-sum code+email', 'fiction').perplexity), 10)
    ])
  })
})

test('runs tell time in seconds', () => {
  expect(rowsOf('runs')).toMatchObject([{ seconds: 1.5, final_loss: 3.25, state: 'done' }])
})

test('weights of each mixture sum to 1', () => {
  for (const { name } of results.mixtures) {
    const own = rowsOf('mixtures').filter((row) => row.mixture === name)
    expect(own.reduce((sum, row) => sum + Number(row.weight), 0)).toBeCloseTo(1, 12)
  }
})

describe('CSV', () => {
  const columns: Column[] = [
    { name: 'label', type: 'text', unit: '', meaning: '' },
    { name: 'value', type: 'number', unit: '', meaning: '' }
  ]

  test('any text and any number read back exactly', () => {
    const row = fc.record({
      label: fc.option(
        fc.oneof(
          fc.string({ unit: 'binary', minLength: 1 }),
          fc.stringMatching(/^['=+\-@\t\r\n,"＝]{1,6}$/)
        )
      ),
      value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        const normal = rows.map(({ label, value }) => ({
          label,
          // Minus zero is written as 0.
          value: value === 0 ? 0 : value
        }))
        expect(fromCsv(columns, toCsv(columns, normal))).toEqual(normal)
      })
    )
  })

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1+1', "'=1"])(
    'a spreadsheet is not given %j to run',
    (label) => {
      const cell = toCsv(columns, [{ label, value: -1 }]).split('\r\n')[1]!
      expect(cell).toBe(`'${label},-1`)
    }
  )

  test('cells with commas, quotes and line ends are quoted, lines end in CR LF', () => {
    const text = toCsv(columns, [{ label: 'a,"b"\nc', value: 0.1 }])
    expect(text).toBe('label,value\r\n"a,""b""\nc",0.1\r\n')
  })

  test('what is missing or not finite is an empty cell', () => {
    expect(toCsv(columns, [{ label: null, value: NaN }])).toBe('label,value\r\n,\r\n')
  })

  test('a table with other columns is refused', () => {
    expect(() => fromCsv(columns, 'label,other\r\n')).toThrow(/Expected the columns label,value/)
  })
})
