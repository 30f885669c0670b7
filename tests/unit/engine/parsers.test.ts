/** Whatever bytes a parser is given: a result, or an error in words. Never another error, never no end. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDocuments } from '#engine/data/readDocuments'
import type { ReadRequest } from '#engine/data/readDocuments'
import { findSources } from '#engine/data/sources'
import { readHarnessResults } from '#engine/data/tables/harnessResults'
import { readTable } from '#engine/data/tables/tableFile'
import { parquetBytes } from '#engine/data/writeParquet'
import { readMergekit } from '#engine/merging/mergekitFile'
import { readLines } from '#engine/storage/lines'
import { emptyProject, parseProject, projectText } from '#engine/storage/projectFormat'
import { sealedLine } from '#engine/storage/seals'
import { defaultStudy } from '#engine/studies/study'
import { csvTable } from '#shared/csvText'
import { WorkbenchError } from '#shared/errors'
import { temporaryFolder } from '../../support/temporaryFolder'
import { FORMATS, put, readTexts } from './data/sourceFiles'

/** A few bytes of a file changed, put in twice, or its end left out. */
const bent = (sound: Uint8Array) =>
  fc
    .record({
      changes: fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 6 }),
      twice: fc.tuple(fc.nat(sound.length), fc.nat(40)),
      end: fc.oneof({ weight: 3, arbitrary: fc.constant(sound.length) }, fc.nat(sound.length))
    })
    .map(({ changes, twice: [at, length], end }) => {
      const bytes = Buffer.from(sound)
      for (const [place, value] of changes) bytes[place] = value
      const part = bytes.subarray(at, at + length)
      return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]).subarray(0, end)
    })

const bytesLike = (sound: Uint8Array) =>
  fc.oneof({ weight: 5, arbitrary: bent(sound) }, fc.uint8Array({ maxLength: 300 }))

async function toldInWords(read: () => unknown): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
    expect(error.code).not.toBe('bug')
  }
}

/** Reads a source, and keeps nothing of it. */
async function readThrough(path: string, request: Partial<ReadRequest>): Promise<void> {
  for await (const document of readDocuments({ paths: [path], textField: 'text', ...request })) {
    expect(typeof document.text).toBe('string')
  }
}

const golden = (name: string) => readFileSync(join(FORMATS, name))

const RECORDS = [
  { text: 'one "two", three', year: 2010, more: { topic: 'art' } },
  { text: 'é\u2028\n法', year: null, tags: ['a', 'b'] }
]
const JSONL = Buffer.from(RECORDS.map((record) => JSON.stringify(record) + '\n').join(''))
const CSV = Buffer.from('text,year\n"one ""two"", three",2010\r\n"é\n法",\n')

describe('source files', () => {
  let tokenizerFile: string
  const folder = mkdtempSync(join(tmpdir(), 'assay-parsers-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  beforeAll(() => {
    const vocab = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`w${i}`, i]))
    const model = { type: 'WordLevel', vocab, unk_token: 'w0' }
    tokenizerFile = put(folder, 'tokenizer.json', JSON.stringify({ version: '1.0', model }))
  })

  test.each<[string, () => Uint8Array, number]>([
    ['a.jsonl', () => JSONL, 100],
    ['a.csv', () => CSV, 100],
    ['a.tsv', () => Buffer.from(CSV.toString().replaceAll(',', '\t')), 100],
    ['a.txt', () => CSV, 50],
    ['a.jsonl.zst', () => golden('documents.jsonl.zst'), 50],
    ['a.parquet', () => golden('documents.parquet'), 40],
    ['a.npy', () => golden('tokens.npy'), 60],
    ['flat.bin', () => golden('flat.bin'), 50]
  ])('%s', async (name, sound, numRuns) => {
    await fc.assert(
      fc.asyncProperty(bytesLike(sound()), fc.boolean(), async (bytes, skipBadLines) => {
        const path = put(folder, name, bytes)
        const tokenized = { tokenizerFile, endOfTextId: 0 }
        await toldInWords(() => readThrough(path, { skipBadLines, tokenized }))
      }),
      { numRuns }
    )
  })

  // Heads of Arrow are read by its library, which believes every length in them: docs/security.md.
  test('a.arrow, behind its heads', async () => {
    const sound = golden('saved/train/data-00000-of-00001.arrow')
    const body = sound.length - 200
    await fc.assert(
      fc.asyncProperty(bent(sound.subarray(body)), async (bytes) => {
        const path = put(folder, 'a.arrow', Buffer.concat([sound.subarray(0, body), bytes]))
        await toldInWords(() => readThrough(path, {}))
      }),
      { numRuns: 100 }
    )
  })

  test('an index of Megatron beside its ids', async () => {
    put(folder, 'indexed.bin', golden('megatron.bin'))
    await fc.assert(
      fc.asyncProperty(bytesLike(golden('megatron.idx')), async (bytes) => {
        put(folder, 'indexed.idx', bytes)
        const tokenized = { tokenizerFile, endOfTextId: 0 }
        await toldInWords(() => readThrough(join(folder, 'indexed.bin'), { tokenized }))
      }),
      { numRuns: 60 }
    )
  })
})

test('tables of losses, and results of lm-evaluation-harness', async () => {
  const folder = await temporaryFolder()
  const results = 'tests/golden/tables/harness'
  const found = readdirSync(results, { recursive: true, encoding: 'utf8' })
  const sound = readFileSync(
    join(
      results,
      found.find((name) => /results.*\.json$/.test(name))!
    )
  )
  await fc.assert(
    fc.asyncProperty(bytesLike(sound), bytesLike(CSV), async (json, csv) => {
      const [file] = await findSources([put(folder, 'results_1.json', json)])
      await toldInWords(() => readHarnessResults([file!]))
      const [table] = await findSources([put(folder, 'a.csv', csv)])
      await toldInWords(() => readTable(table!))
    }),
    { numRuns: 60 }
  )
})

describe('records of a project', () => {
  const sound = projectText({ ...emptyProject(), studies: [defaultStudy('small')] })

  test('any text', async () => {
    await fc.assert(
      fc.asyncProperty(bytesLike(Buffer.from(sound)), (bytes) =>
        toldInWords(() => parseProject(Buffer.from(bytes).toString('utf8'), 'project.assay'))
      ),
      { numRuns: 300 }
    )
  })

  test('any values in the place of its own, of a version without a checksum', async () => {
    const { checksum: _checksum, ...records } = JSON.parse(sound) as Record<string, unknown>
    const keys = fc.constantFrom(...Object.keys(records), 'more')
    await fc.assert(
      fc.asyncProperty(
        keys,
        fc.jsonValue(),
        fc.constantFrom(1, 2, 3, 4, 99),
        (key, value, version) =>
          toldInWords(() =>
            parseProject(JSON.stringify({ ...records, version, [key]: value }), 'project.assay')
          )
      ),
      { numRuns: 300 }
    )
  })

  test('come back as they were written', () => {
    const when = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
    fc.assert(
      fc.property(when, fc.array(fc.array(fc.string())), (createdAt, drawn) => {
        const draws = drawn.map((members, i) => ({ choice: String(i), members }))
        const data = { ...emptyProject(), createdAt, draws, studies: [defaultStudy('small')] }
        expect(parseProject(projectText(data), 'project.assay').data).toEqual(data)
      })
    )
  })
})

test('a merge of mergekit', async () => {
  const sound = Buffer.from(`
merge_method: ties
base_model: models/base
models:
  - model: models/a
    parameters:
      density: [0.1, 0.5]
      weight: &one [{filter: mlp, value: 1}, {value: 0.5}]
  - {model: models/b, parameters: {weight: *one}}
slices: null
dtype: bfloat16
`)
  await fc.assert(
    fc.asyncProperty(bytesLike(sound), (bytes) =>
      toldInWords(() => readMergekit(Buffer.from(bytes).toString('utf8'), 'merge.yaml', 1))
    ),
    { numRuns: 200 }
  )
})

describe('what was written is read as it was', () => {
  // With a letter ahead: a cell that a spreadsheet would run has an apostrophe before it (docs/csv.md).
  const text = fc.string({ unit: 'grapheme' }).map((one) => `a${one}`)
  const texts = fc.array(text, { minLength: 1, maxLength: 8 })

  test('from JSONL, CSV and Parquet', async () => {
    const folder = await temporaryFolder()
    await fc.assert(
      fc.asyncProperty(texts, async (all) => {
        const rows = all.map((one, i) => ({ text: one, number: i }))
        const files: [string, string | Uint8Array][] = [
          ['a.jsonl', rows.map((row) => JSON.stringify(row) + '\n').join('')],
          [
            'a.csv',
            csvTable(
              ['text', 'number'],
              rows.map((row) => [row.text, row.number])
            )
          ],
          ['a.parquet', await parquetBytes([{ name: 'text', type: 'text' }], rows)]
        ]
        for (const [name, content] of files) {
          expect([name, await readTexts(put(folder, name, content))]).toEqual([name, all])
        }
      }),
      { numRuns: 15 }
    )
  })

  test('from lines with their checksums, and none that was changed is taken for one', async () => {
    const path = join(await temporaryFolder(), 'lines.jsonl')
    const read = async () => {
      const found: unknown[] = []
      for await (const value of readLines(path)) found.push(value)
      return found
    }
    const records = fc.array(fc.record({ name: fc.string({ unit: 'binary' }) }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(records, fc.nat(), fc.nat(7), async (all, at, bit) => {
        const bytes = Buffer.from(all.map((one) => sealedLine(one) + '\n').join(''))
        writeFileSync(path, bytes)
        const found = await read()
        expect(found).toEqual(JSON.parse(JSON.stringify(all)))
        bytes[at % bytes.length]! ^= 1 << bit
        writeFileSync(path, bytes)
        await toldInWords(async () => {
          for (const one of await read()) expect(found).toContainEqual(one)
        })
      }),
      { numRuns: 25 }
    )
  })
})
