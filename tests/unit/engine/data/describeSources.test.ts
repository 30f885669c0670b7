import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeSources } from '#engine/data/describeSources'
import { temporaryFolder } from '../../../support/temporaryFolder'
import { FORMATS, jsonl, put } from './sourceFiles'

describe('describeSources', () => {
  it.each(['documents.jsonl.zst', 'documents.parquet', 'saved'])(
    'lists the fields of %s with examples, and finds the likely text',
    async (name) => {
      const seen = await describeSources({ paths: [join(FORMATS, name)] })
      expect(seen.fields.map((field) => field.name)).toEqual(['text', 'year', 'metadata.topic'])
      expect(seen.fields[1]).toMatchObject({ examples: ['2010', '2011', '2012'], inDocuments: 5 })
      expect(seen).toMatchObject({ likelyTextField: 'text', lookedAt: 5, partitions: null })
      expect(seen.documents[1]!.text).toContain('second é 日本')
    }
  )

  it('counts what a rule would give', async () => {
    const seen = await describeSources({
      paths: [join(FORMATS, 'documents.parquet')],
      textField: 'text',
      partition: { kind: 'range', field: 'year', ranges: [{ name: 'old', from: 2000, to: 2011 }] }
    })
    expect(seen.partitions).toEqual([
      { name: 'old', documents: 2 },
      { name: '(remainder)', documents: 3 }
    ])
  })

  it('shows plain text files', async () => {
    const folder = await temporaryFolder()
    put(folder, 'a.txt', 'some text')
    const seen = await describeSources({ paths: [folder], partition: { kind: 'file' } })
    expect(seen.documents).toEqual([{ text: 'some text', file: 'a.txt', position: 1 }])
    expect(seen.partitions).toEqual([{ name: 'a', documents: 1 }])
  })

  it('looks at no more than the first documents', async () => {
    const records = Array.from({ length: 5000 }, (_, n) => ({ text: `x${n}` }))
    const path = put(await temporaryFolder(), 'a.jsonl', jsonl(records))
    expect((await describeSources({ paths: [path] })).lookedAt).toBe(1000)
  })
})
