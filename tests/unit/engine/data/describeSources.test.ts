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

  it('counts what an import would leave out or stop at', async () => {
    const lines = [{ body: 'one', year: 1999 }, { body: ' ' }, { other: 'three' }, { body: ['4'] }]
    const path = put(await temporaryFolder(), 'a.jsonl', `${jsonl(lines)}not json\n`)
    const seen = await describeSources({ paths: [path], textField: 'body' })
    expect(seen).toMatchObject({ withText: 1, empty: 1, bad: { records: 3 } })
    expect(seen.bad.first).toMatch(/a\.jsonl, record 3: there is no field "body"/)
    // The likeliest field, where none is chosen.
    const guessed = await describeSources({ paths: [path] })
    expect(guessed).toMatchObject({
      likelyTextField: 'other',
      withText: 1,
      likelyYearField: 'year'
    })
    const folder = await temporaryFolder()
    put(folder, 'blank.txt', ' \n')
    expect(await describeSources({ paths: [folder] })).toMatchObject({ withText: 0, empty: 1 })
  })

  it('finds the fields of a task, and shows items with their right answers', async () => {
    const lines = [
      {
        id: 1,
        question: 'Who?',
        choices: { text: ['I', 'you'], label: ['A', 'B'] },
        answerKey: 'B'
      },
      {
        id: 2,
        question: 'What?',
        choices: { text: ['it', 'no'], label: ['A', 'B'] },
        answerKey: 'A'
      }
    ]
    const folder = await temporaryFolder()
    const paths = [put(folder, 'arc.jsonl', jsonl(lines))]
    const fields = { context: 'question', choices: 'choices', gold: 'answerKey', delimiter: ' ' }
    expect((await describeSources({ paths })).likelyTask).toEqual(fields)
    const seen = await describeSources({
      paths,
      task: fields,
      partition: { kind: 'one', name: 'arc' }
    })
    expect(seen.documents.map(({ text }) => text)).toEqual(['Who? you', 'What? it'])
    expect(seen).toMatchObject({
      withText: 2,
      bad: { records: 0 },
      partitions: [{ name: 'arc', documents: 2 }]
    })
    const wrong = await describeSources({ paths, task: { ...fields, gold: 'id' } })
    expect(wrong).toMatchObject({ withText: 1, bad: { records: 1 } })
    expect(wrong.bad.first).toContain('record 2')
    // A question with its answer is text, and so is a record of which some make no items.
    const plain = put(folder, 'plain.jsonl', jsonl([{ question: 'Who?', answer: 'I' }]))
    expect((await describeSources({ paths: [plain] })).likelyTask).toBe(null)
    const mixed = put(folder, 'mixed.jsonl', jsonl([...lines, { question: 'Why?' }]))
    expect((await describeSources({ paths: [mixed] })).likelyTask).toBe(null)
  })

  it('looks at no more than the first documents', async () => {
    const records = Array.from({ length: 5000 }, (_, n) => ({ text: `x${n}` }))
    const path = put(await temporaryFolder(), 'a.jsonl', jsonl(records))
    expect((await describeSources({ paths: [path] })).lookedAt).toBe(1000)
  })
})
