import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../support/temporaryFolder'
import { FORMATS, jsonl, put, readAll, readTexts } from './sourceFiles'

describe('reading JSONL', () => {
  it('gives text, fields, file and line of each record, passing over blank lines', async () => {
    const folder = await temporaryFolder()
    const path = put(folder, 'a.jsonl', '{"text":"one","n":1}\r\n\n  \n{"text":"two"}')
    expect(await readAll(path)).toEqual([
      {
        text: 'one',
        fields: { text: 'one', n: 1 },
        file: 'a.jsonl',
        stem: 'a',
        folder: expect.any(String),
        position: 1,
        offset: 0,
        length: 21
      },
      {
        text: 'two',
        fields: { text: 'two' },
        file: 'a.jsonl',
        stem: 'a',
        folder: expect.any(String),
        position: 4,
        offset: 26,
        length: 14
      }
    ])
  })

  it('drops a byte order mark before the first record and keeps one inside a text', async () => {
    const path = put(await temporaryFolder(), 'a.jsonl', '\ufeff' + jsonl([{ text: '\ufeffx' }]))
    expect(await readTexts(path)).toEqual(['\ufeffx'])
  })

  it('reads a nested field by its dotted name', async () => {
    const path = put(await temporaryFolder(), 'a.jsonl', jsonl([{ body: { text: 'inner' } }]))
    expect(await readTexts(path, { textField: 'body.text' })).toEqual(['inner'])
  })

  it('puts a line together that spans many chunks', async () => {
    const long = 'é日'.repeat(600_000)
    const path = put(await temporaryFolder(), 'a.jsonl', jsonl([{ text: long }, { text: 'next' }]))
    expect(await readTexts(path)).toEqual([long, 'next'])
  })

  it('reads a 50 MB single document', async () => {
    const long = 'many words '.repeat(4_700_000)
    const path = put(await temporaryFolder(), 'a.jsonl', jsonl([{ text: long }]))
    const [text] = await readTexts(path)
    expect(text!.length).toBe(long.length)
  }, 60_000)

  it('lists the fields found when the one named is not there', async () => {
    const path = put(await temporaryFolder(), 'a.jsonl', jsonl([{ body: 'x', meta: { year: 1 } }]))
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corpus/missing-field',
      message: expect.stringContaining('body, meta.year'),
      details: { field: 'text', found: ['body', 'meta.year'], position: 1 }
    })
  })

  it.each([
    ['not JSON', '{"text": "a"\n'],
    ['a list', '["a"]\n'],
    ['a number', '7\n']
  ])('names file and line of a line that is %s', async (_, line) => {
    const path = put(await temporaryFolder(), 'a.jsonl', jsonl([{ text: 'x' }]) + line)
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corpus/invalid-line',
      details: { file: path, line: 2 }
    })
  })

  it('counts bad lines when told to skip them', async () => {
    const folder = await temporaryFolder()
    const path = put(folder, 'a.jsonl', '{"text":"a"}\nnonsense\n{"other":1}\n{"text":"b"}\n')
    const bad: string[] = []
    const documents = await readAll(
      path,
      { skipBadLines: true },
      { onBadLine: (e) => bad.push(e.code) }
    )
    expect(documents.map((document) => document.text)).toEqual(['a', 'b'])
    expect(bad).toEqual(['corpus/invalid-line', 'corpus/missing-field'])
  })

  it('refuses bytes that are not UTF-8, with the line', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"text":"a"}\n{"text":"'),
      Buffer.from([0xe9]),
      Buffer.from('"}\n')
    ])
    const path = put(await temporaryFolder(), 'a.jsonl', bytes)
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corpus/invalid-encoding',
      details: { line: 2 }
    })
  })

  it('refuses half a surrogate pair, which no UTF-8 can hold', async () => {
    const path = put(await temporaryFolder(), 'a.jsonl', '{"text":"\\ud83d"}\n')
    await expect(readAll(path)).rejects.toMatchObject({ code: 'corpus/invalid-encoding' })
  })

  it('reads a .json file that holds one list', async () => {
    const path = put(await temporaryFolder(), 'a.json', '[\n{"text":"a"},\n{"text":"b"}]')
    expect(await readTexts(path)).toEqual(['a', 'b'])
  })
})

describe('reading compressed files', () => {
  it('reads gzip, also of several members', async () => {
    const members = [gzipSync(jsonl([{ text: 'a' }])), gzipSync(jsonl([{ text: 'b' }]))]
    const path = put(await temporaryFolder(), 'a.jsonl.gz', Buffer.concat(members))
    expect(await readTexts(path)).toEqual(['a', 'b'])
  })

  it.each([
    [
      'gzip that is cut short',
      'a.jsonl.gz',
      gzipSync(jsonl([{ text: 'a'.repeat(1000) }])).subarray(0, 20)
    ],
    ['gzip that is none', 'a.jsonl.gz', Buffer.from('no gzip at all')],
    ['zstd that is none', 'a.jsonl.zst', Buffer.from('no zstd at all, but longer than a header')],
    ['Parquet that is none', 'a.parquet', Buffer.from('PAR1 nonsense PAR1')],
    [
      'Arrow that is none',
      'a.arrow',
      Buffer.from('\xff\xff\xff\xff\x10\x00\x00\x00 nonsense', 'latin1')
    ]
  ])('refuses %s', async (_, name, bytes) => {
    const path = put(await temporaryFolder(), name, bytes)
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corpus/unreadable',
      message: expect.stringContaining(path)
    })
  })
})

describe('reading plain text', () => {
  it('makes one document of each file, sorted by path, hidden ones left out', async () => {
    const folder = await temporaryFolder()
    put(folder, 'b/two.txt', 'second')
    put(folder, 'a.md', '\ufefffirst')
    put(folder, 'b/.hidden', 'no')
    const documents = await readAll(folder)
    expect(documents.map(({ text, file }) => [file, text])).toEqual([
      ['a.md', 'first'],
      ['b/two.txt', 'second']
    ])
  })

  it('refuses a file that is not UTF-8', async () => {
    const path = put(await temporaryFolder(), 'a.txt', Buffer.from([0x66, 0xfc, 0x72]))
    await expect(readAll(path)).rejects.toMatchObject({ code: 'corpus/invalid-encoding' })
  })
})

describe('reading CSV and TSV', () => {
  it('reads quoted fields with newlines, commas and doubled quotes', async () => {
    const path = put(
      await temporaryFolder(),
      'a.csv',
      '\ufefftext,year\r\n"a ""b"",\nc",2010\r\n\ufeffé,2011\r\n'
    )
    const documents = await readAll(path)
    expect(documents.map(({ fields }) => fields)).toEqual([
      { text: 'a "b",\nc', year: '2010' },
      { text: '\ufeffé', year: '2011' }
    ])
  })

  it('reads TSV', async () => {
    const path = put(await temporaryFolder(), 'a.tsv', 'year\ttext\n2010\tsay "x"\n')
    expect(await readTexts(path)).toEqual(['say "x"'])
  })

  it('names the line of a row with too many fields', async () => {
    const path = put(await temporaryFolder(), 'a.csv', 'text,year\na,1\nb,2,3\n')
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corpus/invalid-line',
      details: { line: 3 }
    })
  })

  it('lists the columns when the one named is not there', async () => {
    const path = put(await temporaryFolder(), 'a.csv', 'body,year\na,1\n')
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corpus/missing-field',
      details: { found: ['body', 'year'] }
    })
  })
})

describe('finding sources', () => {
  it('reads the files behind a glob, each with its folder', async () => {
    const folder = await temporaryFolder()
    for (const name of ['x/a.jsonl', 'y/a.jsonl', 'y/b.txt', 'y/deep/c.jsonl']) {
      put(folder, name, jsonl([{ text: name }]))
    }
    const documents = await readAll(`${folder}/*/{a,c}.jsonl`)
    expect(documents.map(({ text, folder: of }) => [text, of])).toEqual([
      ['x/a.jsonl', 'x'],
      ['y/a.jsonl', 'y']
    ])
    expect(await readTexts(`${folder}/**/[a-c].jsonl`)).toHaveLength(3)
  })

  it('takes the records of a folder and leaves its read-me out', async () => {
    const folder = await temporaryFolder()
    put(folder, 'README.md', 'about')
    put(folder, 'a.jsonl', jsonl([{ text: 'a' }]))
    expect(await readTexts(folder)).toEqual(['a'])
  })

  it('refuses a folder of several formats', async () => {
    const folder = await temporaryFolder()
    put(folder, 'a.csv', 'text\na\n')
    put(folder, 'a.jsonl', jsonl([{ text: 'a' }]))
    await expect(readAll(folder)).rejects.toMatchObject({ code: 'usage/invalid' })
  })

  it.each(['nowhere', 'nowhere/*.txt'])('says that nothing lies at %s', async (name) => {
    await expect(readAll(`${await temporaryFolder()}/${name}`)).rejects.toMatchObject({
      code: expect.stringMatching(/corpus\/missing-file/)
    })
  })
})

describe('progress', () => {
  it('ends with all bytes read', async () => {
    const seen: { bytes: number; totalBytes: number; documents: number }[] = []
    await readAll(
      `${FORMATS}/documents.jsonl.zst`,
      {},
      { onProgress: (progress) => seen.push(progress) }
    )
    expect(seen.at(-1)).toMatchObject({ bytes: 263, totalBytes: 263, documents: 5 })
  })

  it('stops at an abort', async () => {
    await expect(
      readAll(`${FORMATS}/documents.parquet`, {}, { signal: AbortSignal.abort() })
    ).rejects.toMatchObject({ name: 'AbortError' })
  })
})
