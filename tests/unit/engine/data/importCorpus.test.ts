import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openPartition, readKeptFields, readTexts } from '#engine/data/corpusReader'
import { importCorpus } from '#engine/data/importCorpus'
import type { ImportHooks, ImportRequest } from '#engine/data/partitionedDocuments'
import { REMAINDER } from '#shared/records'
import type { Corpus, PartitionRule } from '#shared/records'
import { temporaryFolder } from '../../../support/temporaryFolder'
import { jsonl, put } from './sourceFiles'

const TOPICS = ['art', 'music', null]
const RECORDS = Array.from({ length: 300 }, (_, index) => ({
  text: `Document ${index} é ${'word '.repeat(index % 50)}`,
  topic: TOPICS[index % 3],
  date: `${2008 + (index % 10)}-05-01`,
  n: index
}))

async function importRecords(
  changes: Partial<ImportRequest> = {},
  hooks: ImportHooks = {}
): Promise<{ corpus: Corpus; corpora: string; path: string }> {
  const folder = await temporaryFolder()
  const path = put(folder, 'source/all.jsonl', jsonl(RECORDS))
  const corpora = join(folder, 'corpora')
  const corpus = await importCorpus(
    {
      name: 'all',
      role: 'training',
      paths: [path],
      textField: 'text',
      partition: { kind: 'field', field: 'topic' },
      ...changes
    },
    corpora,
    hooks
  )
  return { corpus, corpora, path }
}

async function textsOf(corpora: string, corpus: Corpus, partition: string): Promise<string[]> {
  const stored = await openPartition(corpora, corpus, partition)
  const texts: string[] = []
  for await (const { text } of readTexts(stored, Array(stored.documents).keys())) texts.push(text)
  return texts
}

function utf8Bytes(texts: string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

describe('importCorpus', () => {
  it('puts every document into exactly one partition or the named remainder', async () => {
    const { corpus, corpora } = await importRecords()
    expect(corpus.partitions.map(({ name, documents }) => [name, documents])).toEqual([
      [REMAINDER, 100],
      ['art', 100],
      ['music', 100]
    ])
    const all = await Promise.all(
      corpus.partitions.map(({ name }) => textsOf(corpora, corpus, name))
    )
    expect(all.flat().sort()).toEqual(RECORDS.map((record) => record.text).sort())
  })

  it('keeps a ledger that adds up to the import, in documents and bytes', async () => {
    const { corpus, corpora } = await importRecords()
    const sum = (key: 'documents' | 'bytes'): number =>
      corpus.partitions.reduce((total, partition) => total + partition[key], 0)
    expect([sum('documents'), sum('bytes')]).toEqual([corpus.documents, corpus.bytes])
    expect(corpus.bytes).toBe(utf8Bytes(RECORDS.map((record) => record.text)))
    for (const { name, bytes } of corpus.partitions) {
      expect(utf8Bytes(await textsOf(corpora, corpus, name))).toBe(bytes)
    }
  })

  it('streams a partition in the order of the import', async () => {
    const { corpus, corpora } = await importRecords()
    const wanted = RECORDS.filter((record) => record.topic === 'art').map((record) => record.text)
    expect(await textsOf(corpora, corpus, 'art')).toEqual(wanted)
  })

  it('keeps the fields that later steps need', async () => {
    const { corpus, corpora } = await importRecords({ keepFields: ['n', 'date'] })
    const [first] = await readKeptFields(await openPartition(corpora, corpus, 'music'))
    expect(first).toEqual({ n: 1, date: '2009-05-01' })
  })

  it('has a fingerprint of content, not of paths', async () => {
    const [a, b, c] = await Promise.all([
      importRecords(),
      importRecords({ name: 'other' }),
      importRecords({ partition: { kind: 'one', name: 'one' } })
    ])
    expect(a.corpus.fingerprint).toBe(b.corpus.fingerprint)
    expect(a.corpus.fingerprint).not.toBe(c.corpus.fingerprint)
  })

  it('counts documents without text and lines that are skipped', async () => {
    const folder = await temporaryFolder()
    const path = put(folder, 'a.jsonl', '{"text":" "}\n{"text":null}\nbad\n{"text":"x"}\n')
    const corpus = await importCorpus(
      {
        name: 'a',
        role: 'training',
        paths: [path],
        textField: 'text',
        partition: { kind: 'one', name: 'a' },
        skipBadLines: true
      },
      join(folder, 'corpora')
    )
    expect(corpus).toMatchObject({ documents: 1, empty: 2, badLines: 1 })
  })

  it.each([
    ['an empty file', ''],
    ['a file of nothing but blanks', '{"text":"  "}\n']
  ])('refuses %s and leaves nothing', async (_, content) => {
    const folder = await temporaryFolder()
    const request = {
      name: 'a',
      role: 'training' as const,
      paths: [put(folder, 'a.jsonl', content)],
      textField: 'text',
      partition: { kind: 'one' as const, name: 'a' }
    }
    await expect(importCorpus(request, join(folder, 'corpora'))).rejects.toMatchObject({
      code: 'corpus/empty'
    })
    expect(readdirSync(join(folder, 'corpora'))).toEqual([])
  })

  it('names the first bad line when skipping leaves no document', async () => {
    const bad = importRecords({ textField: 'body', skipBadLines: true })
    await expect(bad).rejects.toMatchObject({ code: 'corpus/missing-field' })
  })

  it('leaves nothing behind when it is cancelled', async () => {
    const folder = await temporaryFolder()
    const path = put(folder, 'a.jsonl', jsonl(RECORDS))
    const controller = new AbortController()
    controller.abort()
    const request = {
      name: 'a',
      role: 'training' as const,
      paths: [path],
      textField: 'text',
      partition: { kind: 'one' as const, name: 'a' }
    }
    await expect(
      importCorpus(request, join(folder, 'corpora'), { signal: controller.signal })
    ).rejects.toMatchObject({ name: 'AbortError' })
    expect(readdirSync(join(folder, 'corpora'))).toEqual([])
  })
})

describe('partition rules', () => {
  const counts = async (partition: PartitionRule): Promise<Record<string, number>> => {
    const { corpus } = await importRecords({ partition })
    return Object.fromEntries(corpus.partitions.map(({ name, documents }) => [name, documents]))
  }

  it('tells apart by closed ranges of years, the first that matches', async () => {
    const ranges = [
      { name: 'early', from: 2008, to: 2010 },
      { name: 'later', from: 2010, to: 2014 }
    ]
    expect(await counts({ kind: 'range', field: 'date', ranges })).toEqual({
      early: 90,
      later: 120,
      [REMAINDER]: 90
    })
  })

  it('tells apart by DuckDB conditions over numbers, dates and nulls', async () => {
    const conditions = [
      { name: 'small', sql: 'n < 100' },
      { name: 'new', sql: "date >= DATE '2016-01-01'" },
      { name: 'art', sql: "topic = 'art' AND length(text) > 0" }
    ]
    const late = RECORDS.filter(({ n, date }) => n >= 100 && date >= '2016').length
    const art = RECORDS.filter(({ n, date, topic }) => n >= 100 && date < '2016' && topic === 'art')
    expect(await counts({ kind: 'condition', conditions })).toEqual({
      small: 100,
      new: late,
      art: art.length,
      [REMAINDER]: 200 - late - art.length
    })
  })

  it('refuses a condition that DuckDB does not understand, listing the columns', async () => {
    const conditions = [{ name: 'x', sql: 'year > 3' }]
    await expect(
      importRecords({ partition: { kind: 'condition', conditions } })
    ).rejects.toMatchObject({
      code: 'partition/invalid',
      message: expect.stringContaining('text, topic, date, n')
    })
  })

  it('lets no condition read a file', async () => {
    const conditions = [{ name: 'x', sql: "(SELECT count(*) FROM read_text('/etc/passwd')) > 0" }]
    await expect(
      importRecords({ partition: { kind: 'condition', conditions } })
    ).rejects.toMatchObject({
      code: 'partition/invalid'
    })
  })

  it('tells apart by file and by folder', async () => {
    const folder = await temporaryFolder()
    for (const name of ['x/a.txt', 'x/b.txt', 'y/a.txt']) put(folder, `in/${name}`, name)
    const names = async (kind: 'file' | 'folder'): Promise<string[]> => {
      const corpus = await importCorpus(
        {
          name: 'a',
          role: 'training',
          paths: [`${folder}/in`],
          textField: '',
          partition: { kind }
        },
        join(folder, 'corpora')
      )
      return corpus.partitions.map((partition) => partition.name)
    }
    expect(await names('folder')).toEqual(['x', 'y'])
    expect(await names('file')).toEqual(['x/a', 'x/b', 'y/a'])
  })

  it('never joins files or folders of one name', async () => {
    const folder = await temporaryFolder()
    const paths = ['x/law/a.txt', 'y/law/a.txt', 'y/law/a.md', 'y/law/a.2019', 'z/b.txt'].map(
      (name) => put(folder, name, name)
    )
    const names = async (kind: 'file' | 'folder', sources: string[]) => {
      const request = { name: 'a', role: 'training' as const, textField: '', partition: { kind } }
      const corpora = join(folder, 'corpora', kind)
      const corpus = await importCorpus({ ...request, paths: sources }, corpora)
      return corpus.partitions.map(({ name, documents }) => [name, documents])
    }
    expect(await names('file', paths)).toEqual(
      [
        ['b', 1],
        ['x/law/a', 1],
        ['y/law/a', 1],
        ['a.md', 1],
        ['a.2019', 1]
      ].sort() as never
    )
    for (const name of ['q/c.txt', 'q/c.md', 'q/c.txt.bak']) put(folder, name, name)
    expect((await names('file', [join(folder, 'q')])).map(([name]) => name).sort()).toEqual([
      'c.md',
      'c.txt',
      'c.txt.bak'
    ])
    const folders = ['x/law', 'y/law'].map((name) => join(folder, name))
    expect(await names('folder', folders)).toEqual([
      ['x/law', 1],
      ['y/law', 3]
    ])
  })

  it('refuses ranges and conditions that no document meets, showing what was found', async () => {
    const range = { kind: 'range' as const, field: 'topic' }
    const ranges = [{ name: '1970-1999', from: 1970, to: 1999 }]
    await expect(importRecords({ partition: { ...range, ranges } })).rejects.toMatchObject({
      code: 'partition/invalid',
      message: expect.stringMatching(/1970-1999 over "topic".*"art", "music", null/)
    })
    const conditions = [{ name: 'late', sql: 'n > 9000' }]
    await expect(
      importRecords({ partition: { kind: 'condition', conditions } })
    ).rejects.toMatchObject({ code: 'partition/invalid' })
  })

  it('makes names of values that mixtures could not hold', async () => {
    const folder = await temporaryFolder()
    const path = put(
      folder,
      'a.jsonl',
      jsonl(['C++', 'C#', 'C'].map((language) => ({ text: 'x', language })))
    )
    const corpus = await importCorpus(
      {
        name: 'a',
        role: 'training',
        paths: [path],
        textField: 'text',
        partition: { kind: 'field', field: 'language' }
      },
      join(folder, 'corpora')
    )
    expect(corpus.partitions.map(({ name }) => name).sort()).toEqual(['C', 'C＃', 'C＋＋'])
  })

  it('lists the fields when the one to tell apart by is not there', async () => {
    await expect(
      importRecords({ partition: { kind: 'field', field: 'subject' } })
    ).rejects.toMatchObject({
      code: 'corpus/missing-field',
      details: { found: ['text', 'topic', 'date', 'n'] }
    })
  })

  it('puts records that lack the field into the remainder', async () => {
    const folder = await temporaryFolder()
    const records = [{ text: 'a' }, { text: 'b', topic: 'art' }, { text: 'c', topic: '' }]
    const corpus = await importCorpus(
      {
        name: 'a',
        role: 'training',
        paths: [put(folder, 'a.jsonl', jsonl(records))],
        textField: 'text',
        partition: { kind: 'field', field: 'topic' }
      },
      join(folder, 'corpora')
    )
    expect(corpus.partitions.map(({ name, documents }) => [name, documents])).toEqual([
      [REMAINDER, 2],
      ['art', 1]
    ])
  })

  it('asks training text, and no other, for the fields to be kept', async () => {
    await expect(importRecords({ keepFields: ['thread'] })).rejects.toMatchObject({
      code: 'corpus/missing-field',
      details: { field: 'thread' }
    })
    const { corpus } = await importRecords({ keepFields: ['thread'], role: 'evaluation' })
    expect(corpus.documents).toBe(300)
  })

  it('refuses a field of identifiers', async () => {
    const folder = await temporaryFolder()
    const path = put(
      folder,
      'a.jsonl',
      jsonl(Array.from({ length: 1200 }, (_, id) => ({ text: 'x', id })))
    )
    await expect(
      importCorpus(
        {
          name: 'a',
          role: 'training',
          paths: [path],
          textField: 'text',
          partition: { kind: 'field', field: 'id' }
        },
        join(folder, 'corpora')
      )
    ).rejects.toMatchObject({ code: 'partition/invalid' })
  })
})

describe('taking a sample', () => {
  const LENGTHY = Array.from({ length: 4000 }, (_, index) => ({
    text: `${index} `.padEnd(400, 'x'),
    topic: TOPICS[index % 2]
  }))
  const take = async (
    changes: Partial<ImportRequest>
  ): Promise<{ corpus: Corpus; texts: string[]; progress: number }> => {
    const folder = await temporaryFolder()
    const path = put(folder, 'a.jsonl', jsonl(LENGTHY))
    let progress = 0
    const corpus = await importCorpus(
      {
        name: 'a',
        role: 'training',
        paths: [path],
        textField: 'text',
        partition: { kind: 'field', field: 'topic' },
        ...changes
      },
      join(folder, 'corpora'),
      { onProgress: ({ activity, done }) => (progress = activity === 'import' ? done : progress) }
    )
    const texts = await Promise.all(
      corpus.partitions.map(({ name }) => textsOf(join(folder, 'corpora'), corpus, name))
    )
    return { corpus, texts: texts.flat(), progress }
  }

  it('takes about the tokens asked for of each partition, from all over the file', async () => {
    const { corpus, texts } = await take({ take: 5000 })
    expect(corpus.partitions).toEqual([
      { name: 'art', documents: 50, bytes: 20000 },
      { name: 'music', documents: 50, bytes: 20000 }
    ])
    const numbers = texts.map((text) => Number.parseInt(text))
    expect(Math.min(...numbers)).toBeLessThan(400)
    expect(Math.max(...numbers)).toBeGreaterThan(3600)
  })

  it('holds every smaller sample', async () => {
    const [small, large] = [await take({ take: 2000 }), await take({ take: 5000 })]
    expect(large.texts).toEqual(expect.arrayContaining(small.texts))
    expect(small.texts.length).toBeLessThan(large.texts.length)
  })

  it('stops reading a file whose partition is known once enough has been seen', async () => {
    const { texts } = await take({ take: 2000, partition: { kind: 'one', name: 'all' } })
    expect(texts).toHaveLength(20)
    expect(Math.max(...texts.map((text) => Number.parseInt(text)))).toBeLessThan(160)
  })
})

describe('importing in place', () => {
  it('reads texts from where they are', async () => {
    const { corpus, corpora } = await importRecords({ inPlace: true })
    const wanted = RECORDS.filter((record) => record.topic === 'music').map((record) => record.text)
    expect(await textsOf(corpora, corpus, 'music')).toEqual(wanted)
  })

  it('finds a source that has changed', async () => {
    const { corpus, corpora, path } = await importRecords({ inPlace: true })
    writeFileSync(path, jsonl(RECORDS).replace('Document 4 ', 'Document 5 '))
    await expect(textsOf(corpora, corpus, 'music')).rejects.toMatchObject({
      code: 'storage/corrupt',
      details: { path }
    })
  })

  it('finds a source that is gone', async () => {
    const { corpus, corpora, path } = await importRecords({ inPlace: true })
    rmSync(path)
    await expect(textsOf(corpora, corpus, 'music')).rejects.toMatchObject({
      code: 'storage/corrupt'
    })
  })

  it('refuses formats that hold no offsets', async () => {
    const folder = await temporaryFolder()
    const path = put(folder, 'a.csv', 'text\nx\n')
    await expect(importRecords({ inPlace: true, paths: [path] })).rejects.toMatchObject({
      code: 'usage/invalid'
    })
  })
})

describe('a stored corpus', () => {
  it('finds a damaged block', async () => {
    const { corpus, corpora } = await importRecords()
    const blocks = join(corpora, corpus.fingerprint, 'blocks.bin')
    writeFileSync(blocks, Buffer.alloc(100_000, 7))
    await expect(textsOf(corpora, corpus, 'art')).rejects.toMatchObject({ code: 'storage/corrupt' })
  })
})
