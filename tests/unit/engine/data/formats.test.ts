import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTokenizer } from '#engine/tokenizer/tokenizer'
import { trainByteLevelBpe } from '#engine/tokenizer/train'
import golden from '../../../golden/data/formats/rows.json' with { type: 'json' }
import { temporaryFolder } from '../../../support/temporaryFolder'
import { sampleText } from '../tokenizer/sampleText'
import { FORMATS, put, readAll, readTexts } from './sourceFiles'

const texts = golden.rows.map((row) => row.text)

describe('files written by other libraries', () => {
  it.each(['documents.jsonl.zst', 'documents.parquet', 'saved'])(
    'gives every text of %s exactly, a leading U+FEFF too',
    async (name) => {
      expect(await readTexts(join(FORMATS, name))).toEqual(texts)
    }
  )

  it.each(['documents.jsonl.zst', 'documents.parquet', 'saved'])(
    'gives the fields of %s, nested ones too',
    async (name) => {
      const documents = await readAll(join(FORMATS, name))
      expect(documents.map(({ fields }) => fields)).toEqual(golden.rows)
    }
  )

  it('reads no more columns of Parquet than it is asked for', async () => {
    const [first] = await readAll(join(FORMATS, 'documents.parquet'), { fields: ['year'] })
    expect(first!.fields).toEqual({ text: texts[0], year: 2010 })
  })

  it.each(['documents.parquet', 'saved'])('lists the columns of %s', async (name) => {
    await expect(readAll(join(FORMATS, name), { textField: 'body' })).rejects.toMatchObject({
      code: 'corpus/missing-field',
      details: { found: expect.arrayContaining(['text', 'year']) }
    })
  })

  it('reads a nested column of Parquet as text', async () => {
    const topics = await readTexts(join(FORMATS, 'documents.parquet'), {
      textField: 'metadata.topic'
    })
    expect(topics).toEqual(['art', 'art', 'science', 'science', ''])
  })
})

describe('files cut short', () => {
  it.each(['documents.jsonl.zst', 'documents.parquet', 'saved/train/data-00000-of-00001.arrow'])(
    'refuses the beginning of %s',
    async (name) => {
      const whole = readFileSync(join(FORMATS, name))
      const start = whole.subarray(0, Math.floor(whole.length * 0.7))
      const path = put(await temporaryFolder(), basename(name), start)
      await expect(readAll(path)).rejects.toMatchObject({ code: 'corpus/unreadable' })
    }
  )
})

describe('columns of Parquet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-parquet-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'odd.parquet')
  beforeAll(async () => {
    const connection = await (await DuckDBInstance.create()).connect()
    await connection.run(
      `COPY (SELECT ['a', 'b'] AS tags, {'text': 'inner'} AS meta, encode('bytes é') AS raw, 7 AS n)
       TO '${path}' (FORMAT parquet)`
    )
  })

  it.each([
    ['tags', 'holds a list'],
    ['meta', 'holds an object'],
    ['meta.body', 'no field "meta.body"'],
    ['body', 'no field "body"']
  ])('says of %s that it %s, and lists the fields', async (textField, says) => {
    await expect(readAll(path, { textField })).rejects.toMatchObject({
      code: 'corpus/missing-field',
      message: expect.stringContaining(says) as string,
      details: { found: ['tags', 'meta.text', 'raw', 'n'] }
    })
  })

  it.each([
    ['meta.text', 'inner'],
    ['raw', 'bytes é'],
    ['n', '7']
  ])('reads %s as text', async (textField, text) => {
    expect(await readTexts(path, { textField })).toEqual([text])
  })
})

/** An index of Megatron's for int32 ids, one sequence per document. */
function megatronIndex(lengths: number[]): Buffer {
  const header = Buffer.alloc(34)
  header.write('MMIDIDX', 'latin1')
  header.writeBigUInt64LE(1n, 9)
  header.writeUInt8(4, 17)
  header.writeBigUInt64LE(BigInt(lengths.length), 18)
  header.writeBigUInt64LE(BigInt(lengths.length + 1), 26)
  const borders = BigInt64Array.from({ length: lengths.length + 1 }, (_, i) => BigInt(i))
  return Buffer.concat([
    header,
    Buffer.from(Int32Array.from(lengths).buffer),
    Buffer.alloc(8 * lengths.length),
    Buffer.from(borders.buffer)
  ])
}

describe('pre-tokenised files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-tokens-'))
  const tokenizerFile = join(folder, 'tokenizer.json')
  writeFileSync(join(folder, 'sample.txt'), sampleText())
  writeFileSync(tokenizerFile, trainByteLevelBpe(join(folder, 'sample.txt'), 400, folder))
  afterAll(() => rmSync(folder, { recursive: true }))
  const tokenized = { tokenizerFile, endOfTextId: 0 }

  it.each(['tokens.npy', 'flat.bin', 'megatron.bin'])(
    'spells the documents of %s',
    async (name) => {
      const tokenizer = loadTokenizer(tokenizerFile)
      const expected = await Promise.all(golden.tokens.map((ids) => tokenizer.decode(ids)))
      expect(await readTexts(join(FORMATS, name), { tokenized })).toEqual(expected)
    }
  )

  it('passes over documents of an index that hold nothing', async () => {
    const tokenizer = loadTokenizer(tokenizerFile)
    const lengths = [0, 3, 0, 0, 2, 0]
    const path = put(folder, 'gaps.bin', new Uint8Array(Int32Array.of(5, 6, 7, 8, 9).buffer))
    put(folder, 'gaps.idx', megatronIndex(lengths))
    expect(await readTexts(path, { tokenized })).toEqual([
      await tokenizer.decode([5, 6, 7]),
      await tokenizer.decode([8, 9])
    ])
  })

  it.each([
    ['an index that tells of more than there is', megatronIndex([3, 9])],
    ['an index cut short', megatronIndex([3, 2]).subarray(0, 50)]
  ])('refuses %s', async (_, index) => {
    const path = put(folder, 'wrong.bin', new Uint8Array(Int32Array.of(5, 6, 7, 8, 9).buffer))
    put(folder, 'wrong.idx', index)
    await expect(readAll(path, { tokenized })).rejects.toMatchObject({ code: 'corpus/unreadable' })
  })

  it('asks for the tokenizer', async () => {
    await expect(readAll(join(FORMATS, 'tokens.npy'))).rejects.toMatchObject({
      code: 'usage/invalid'
    })
  })

  it.each([
    ['an id that the tokenizer does not have', 'a.bin', Uint16Array.from([5, 999, 0])],
    ['half an id', 'a.bin', Uint8Array.from([1, 2, 3])],
    ['no array', 'a.npy', Uint8Array.from(Buffer.from('something else altogether'))]
  ])('refuses %s', async (_, name, bytes) => {
    const path = put(folder, name, new Uint8Array(bytes.buffer))
    await expect(readAll(path, { tokenized })).rejects.toMatchObject({ code: 'corpus/unreadable' })
  })
})
