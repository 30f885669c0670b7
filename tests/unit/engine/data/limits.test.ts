/** Text that is made to do harm, and conditions that are: each ends in an error that says so. */
import { createGzip, gzipSync } from 'node:zlib'
import { createWriteStream } from 'node:fs'
import { copyFile, rename, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { Dictionary, Int16, Table, Utf8, tableToIPC, vectorFromArray } from 'apache-arrow'
import { describe, expect, it, test } from 'vitest'
import { openConditions } from '#engine/data/conditions'
import { fieldAt } from '#engine/data/fields'
import { readDocuments } from '#engine/data/readDocuments'
import { readTokens } from '#engine/data/readTokens'
import type { SourceDocument } from '#engine/data/sourceDocument'
import { findSources } from '#engine/data/sources'
import { REMAINDER } from '#shared/records'
import { temporaryFolder } from '../../../support/temporaryFolder'
import { jsonl, put, readAll, readTexts } from './sourceFiles'

describe('a compressed file', () => {
  /** Zeros in gzip, a thousand times smaller than they are. */
  async function bomb(path: string, megabytes: number): Promise<string> {
    const zeros = Buffer.alloc(1 << 20)
    async function* pieces() {
      for (let i = 0; i < megabytes; i++) yield await Promise.resolve(zeros)
    }
    await pipeline(pieces, createGzip(), createWriteStream(path))
    return path
  }

  it('that unpacks out of all proportion is left long before its end, with the ratio', async () => {
    const path = await bomb(join(await temporaryFolder(), 'bomb.jsonl.gz'), 300)
    expect((await stat(path)).size).toBeLessThan(400_000)
    const before = process.memoryUsage().arrayBuffers
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'corpus/unreadable',
      message: expect.stringMatching(/unpacks to \d+ times its size.*at most 250 times/) as string
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(250e6)
  })

  it('as one document is left too', async () => {
    const path = await bomb(join(await temporaryFolder(), 'bomb.txt.gz'), 200)
    await expect(readAll(path)).rejects.toThrow('times its size')
  })

  it('of lines that repeat themselves is read, since it is small', async () => {
    const lines = jsonl(Array.from({ length: 50_000 }, () => ({ text: 'the same line again' })))
    const packed = gzipSync(lines)
    expect(lines.length / packed.length).toBeGreaterThan(250)
    const path = put(await temporaryFolder(), 'same.jsonl.gz', packed)
    expect((await readTexts(path)).length).toBe(50_000)
  })

  it('of zstd is measured alike', async () => {
    // A frame by hand (RFC 8878): its head, then blocks of 128 KiB that each repeat one byte.
    const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])
    const block = Buffer.from([
      ...[0, 1, 2].map((i) => (((1 << 1) | (131_072 << 3)) >> (8 * i)) & 255),
      0x20
    ])
    const packed = Buffer.concat([head, ...Array.from({ length: 2000 }, () => block)])
    const path = put(await temporaryFolder(), 'bomb.jsonl.zst', packed)
    await expect(readAll(path)).rejects.toThrow('times its size')
  })
})

describe('a table that packs the same again and again', () => {
  const outOfProportion = {
    code: 'corpus/unreadable',
    message: expect.stringMatching(/unpacks to \d+ times its size.*at most 250 times/) as string
  }

  it('of Parquet is left once it gave too much, in a field as in the text', async () => {
    const folder = await temporaryFolder()
    for (const [name, columns] of [
      ['text', "repeat('a', 100000) AS text"],
      ['field', "'x' AS text, repeat('a', 100000) AS more"],
      ['nested', "'x' AS text, [repeat('a', 100000)] AS more"],
      ['rows', "'' AS text"]
    ] as const) {
      const rows = name === 'rows' ? 6_000_000 : 800
      const path = join(folder, `${name}.parquet`)
      await withDuckDb(`COPY (SELECT ${columns} FROM range(${rows})) TO '${path}' (FORMAT parquet)`)
      expect((await stat(path)).size).toBeLessThan(100_000)
      const before = process.memoryUsage().rss
      await expect(counted(path)).rejects.toMatchObject(outOfProportion)
      expect(process.memoryUsage().rss - before).toBeLessThan(1e9)
    }
  })

  it('of Arrow too', async () => {
    const path = join(await temporaryFolder(), 'bomb.arrow')
    const texts = vectorFromArray(
      Array.from({ length: 2000 }, () => 'a'.repeat(100_000)),
      new Dictionary(new Utf8(), new Int16())
    )
    await writeFile(path, tableToIPC(new Table({ text: texts }), 'stream'))
    expect((await stat(path)).size).toBeLessThan(200_000)
    await expect(counted(path)).rejects.toMatchObject(outOfProportion)
  })

  it('is read, where it is small', async () => {
    const path = join(await temporaryFolder(), 'same.parquet')
    await withDuckDb(
      `COPY (SELECT 'the same line' AS text FROM range(10000)) TO '${path}' (FORMAT parquet)`
    )
    expect(await counted(path)).toBe(10_000)
  })

  /** Documents of a file, none of them kept. */
  async function counted(path: string): Promise<number> {
    let documents = 0
    for await (const _ of readDocuments({ paths: [path], textField: 'text' })) documents++
    return documents
  }
})

test('a Parquet file is read by its own name, though DuckDB would take that for a pattern', async () => {
  const folder = await temporaryFolder()
  const names = ['[b]', 'b', 'a*', 'ab', 'q?', '**', '[!a]', "it's [x]", 'back\\slash', '{a,b}']
  for (const [i, name] of names.entries()) {
    const path = join(folder, `plain${i}`)
    await withDuckDb(`COPY (SELECT ${i} AS text) TO '${path}' (FORMAT parquet)`)
    await rename(path, join(folder, `${name}.parquet`))
  }
  for (const [i, name] of names.entries()) {
    const texts = await readTexts(join(folder, `${name}.parquet`))
    expect([name, texts]).toEqual([name, [String(i)]])
  }
  await copyFile(join(folder, 'b.parquet'), join(folder, '\\[b].parquet'))
  await expect(readAll(join(folder, '\\[b].parquet'))).rejects.toThrow('rename it')
})

describe('token ids', () => {
  /** One token is 20,000 letters long. */
  async function tokenized(bytes: number) {
    const folder = await temporaryFolder()
    const vocab = { a: 0, ['b'.repeat(20_000)]: 1 }
    const tokenizerFile = put(
      folder,
      'tokenizer.json',
      JSON.stringify({ version: '1.0', model: { type: 'WordLevel', vocab, unk_token: 'a' } })
    )
    const path = put(folder, 'ids.bin', Buffer.alloc(bytes).fill(Buffer.from([1, 0])))
    return { path, tokenized: { tokenizerFile, endOfTextId: 0, type: 'uint16' } as const }
  }

  it('that never end a document, and would be no text any more, are refused', async () => {
    const { path, tokenized: how } = await tokenized(60_000)
    await expect(readAll(path, { tokenized: how })).rejects.toMatchObject({
      code: 'corpus/unreadable',
      message: expect.stringContaining('holds more than 500 MB') as string
    })
  })

  it('of a file that became shorter meanwhile are told of, not waited for', async () => {
    const { path, tokenized: how } = await tokenized(200)
    const [file] = await findSources([path])
    const context = {
      textField: 'text',
      fields: null,
      tokenized: how,
      onBytes: () => undefined,
      attempt: <T>(step: () => T) => step()
    }
    const read = async () => {
      for await (const document of readTokens({ ...file!, bytes: 400 }, context)) void document
    }
    await expect(read()).rejects.toMatchObject({
      code: 'corpus/unreadable',
      message: expect.stringContaining('it ends at byte 200 of 400') as string
    })
  })
})

async function withDuckDb(statement: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
}

test('what every object has is no field of a document', () => {
  const record = JSON.parse('{"a":{"b":1},"__proto__":{"c":2}}') as Record<string, unknown>
  expect(
    ['a.b', 'constructor', 'a.constructor.name', 'toString', 'a.__proto__'].map((path) =>
      fieldAt(record, path)
    )
  ).toEqual([1, undefined, undefined, undefined, undefined])
  expect(fieldAt(record, '__proto__.c')).toBe(2)
})

describe('a condition', () => {
  const documents = [1990, 2010].map((year): SourceDocument => ({
    text: 'x',
    fields: { year },
    file: 'a.jsonl',
    stem: 'a',
    folder: 'a',
    position: 1
  }))
  async function assigned(sql: string, limitMs?: number): Promise<string[]> {
    const partitioner = await openConditions([{ name: 'old', sql }], limitMs)
    try {
      return await partitioner.assign(documents)
    } finally {
      partitioner.close()
    }
  }

  it.each([
    ["(SELECT count(*) FROM read_csv('/etc/passwd')) > 0", 'disabled by configuration'],
    ["(SELECT count(*) FROM glob('/*')) > 0", 'disabled by configuration'],
    ["(SELECT count(*) FROM read_blob('http://127.0.0.1:1/')) > 0", 'disabled by configuration'],
    ["getenv('HOME') IS NOT NULL", 'getenv'],
    ['true) THEN 0 END; SELECT CASE WHEN (true', '2 statements'],
    ["true) THEN 0 END; COPY (SELECT 1) TO '/tmp/owned'; SELECT CASE WHEN (true", '3 statements'],
    ["true) THEN 0 END; SET memory_limit = '1TB'; SELECT CASE WHEN (true", '3 statements'],
    ['(SELECT max(len(l)) FROM (SELECT list(range) l FROM range(1000000000))) > 0', 'Memory']
  ])('%s is refused', async (sql, why) => {
    await expect(assigned(sql)).rejects.toMatchObject({
      code: 'partition/invalid',
      message: expect.stringContaining(why) as string
    })
  })

  it('that would take for ever is stopped, and says what was expected', async () => {
    const endless = '(SELECT count(*) FROM range(1000000000000)) > year'
    await expect(assigned(endless, 300)).rejects.toMatchObject({
      code: 'partition/invalid',
      message: expect.stringContaining('took more than 0.3 s') as string
    })
  })

  it('by a pattern that backtracking engines die of is answered at once', async () => {
    expect(
      await assigned("NOT regexp_matches(repeat('a', 100000), '(a+)+b') AND year < 2000")
    ).toEqual(['old', REMAINDER])
  })
})
