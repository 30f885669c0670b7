/** Text that is made to do harm, and conditions that are: each ends in an error that says so. */
import { createGzip, gzipSync } from 'node:zlib'
import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { openConditions } from '#engine/data/conditions'
import { fieldAt } from '#engine/data/fields'
import type { SourceDocument } from '#engine/data/sourceDocument'
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
