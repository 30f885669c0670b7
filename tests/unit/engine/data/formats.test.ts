import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
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
