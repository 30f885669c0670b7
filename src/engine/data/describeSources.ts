/** A look at sources before they are imported. */
import { WorkbenchError } from '#shared/errors'
import type { PartitionRule } from '#shared/records'
import type { SourceDescription } from '#shared/sourceDescription'
import type { TaskFields } from '#shared/textEvaluation'
import { fieldAt, fieldNames, textAt } from './fields'
import { likelyTask } from './likelyTask'
import { partitioned } from './partitionedDocuments'
import { readFile } from './readDocuments'
import { ReadMeter } from './readProgress'
import type { SourceDocument, TokenizedSource } from './sourceDocument'
import { findSources } from './sources'
import { taskDocument } from './taskItems'
import { findYearField } from './yearField'

const LOOKED_AT = 1000
const EXAMPLES = 3
const EXAMPLE_LENGTH = 80
const SHOWN_DOCUMENTS = 3
const SHOWN_LENGTH = 500

/**
 * Describes sources by their first documents, at most a thousand in all and as many of each file.
 *
 * @param request without `textField`, fields are listed and texts are those of the likeliest
 * @throws WorkbenchError as `readDocuments` does
 */
export async function describeSources(request: {
  paths: string[]
  textField?: string
  partition?: PartitionRule
  tokenized?: TokenizedSource
  /** Records are looked at as items of a task: their texts are contexts with right answers. */
  task?: TaskFields
}): Promise<SourceDescription> {
  const files = await findSources(request.paths)
  const perFile = Math.max(1, Math.floor(LOOKED_AT / files.length))
  const bad: SourceDescription['bad'] = { records: 0, first: null }
  const addBad = ({ message }: { message: string }) => {
    bad.first ??= message
    bad.records += 1
  }
  const { task } = request
  const records = await firstRecords(
    task ? {} : request,
    files.slice(0, LOOKED_AT),
    perFile,
    addBad
  )
  const fields = describeFields(records)
  const likely = fields.toSorted((a, b) => b.longestExample - a.longestExample)[0]
  const textField = request.textField ?? likely?.name ?? ''
  const texts = records.map((record) => {
    try {
      return task ? taskDocument(record, task).text : textOf(record, textField)
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      addBad(error)
      return null
    }
  })
  return {
    files: files.map(({ path, format, bytes }) => ({ path, format, bytes })),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    fields,
    likelyTextField: likely?.name ?? null,
    likelyYearField: findYearField(records.map((record) => record.fields)),
    likelyTask: likelyTask(records),
    documents: records.slice(0, SHOWN_DOCUMENTS).map(({ file, position }, index) => ({
      text: (texts[index] ?? '').slice(0, SHOWN_LENGTH),
      file,
      position
    })),
    partitions: request.partition
      ? await countPartitions(
          request,
          textField,
          request.partition,
          files.slice(0, LOOKED_AT),
          perFile
        )
      : null,
    lookedAt: records.length,
    withText: texts.filter((text) => text !== null && text.trim() !== '').length,
    empty: texts.filter((text) => text?.trim() === '').length,
    bad
  }
}

/**
 * A record's text, which was read already where it is plain text or its field was known.
 *
 * @throws WorkbenchError `corpus/missing-field`
 */
function textOf(record: LookedAt, textField: string): string {
  if (record.isText || record.text !== '') return record.text
  return textAt(record.fields, textField, record)
}

/** A record, and whether its file is text as a whole: then no field of it holds the text. */
type LookedAt = SourceDocument & { isText: boolean }
type Files = Awaited<ReturnType<typeof findSources>>

/** Reads records whatever their text field: a wrong one must not hide the fields there are. */
async function firstRecords(
  request: { textField?: string; tokenized?: TokenizedSource },
  files: Files,
  perFile: number,
  onBadLine: (error: WorkbenchError) => void
): Promise<LookedAt[]> {
  const records: LookedAt[] = []
  for (const file of files) {
    const isText = file.format === 'text' || file.format === 'tokens'
    const textField = request.textField ?? null
    const reading = readFile(
      file,
      {
        textField,
        skipBadLines: true,
        ...(request.tokenized ? { tokenized: request.tokenized } : {})
      },
      new ReadMeter(file.bytes),
      { onBadLine }
    )
    let count = 0
    for await (const document of reading) {
      records.push({ ...document, isText })
      count += 1
      if (count >= perFile) break
    }
  }
  return records
}

async function countPartitions(
  request: { tokenized?: TokenizedSource; task?: TaskFields },
  textField: string,
  partition: PartitionRule,
  files: Files,
  perFile: number
): Promise<{ name: string; documents: number }[]> {
  const counts = new Map<string, number>()
  for (const file of files) {
    let seen = 0
    const all = {
      textField,
      partition,
      skipBadLines: true,
      ...(request.tokenized ? { tokenized: request.tokenized } : {}),
      ...(request.task ? { task: request.task } : {})
    }
    for await (const one of partitioned([file], all, null, {})) {
      counts.set(one.partition, (counts.get(one.partition) ?? 0) + 1)
      seen += 1
      if (seen >= perFile) break
    }
  }
  return [...counts].map(([name, documents]) => ({ name, documents }))
}

function describeFields(records: readonly SourceDocument[]): SourceDescription['fields'] {
  const described = new Map<string, SourceDescription['fields'][number]>()
  for (const { fields } of records) {
    for (const name of fieldNames(fields)) {
      let field = described.get(name)
      if (!field) {
        field = { name, examples: [], inDocuments: 0, longestExample: 0 }
        described.set(name, field)
      }
      const value = fieldAt(fields, name)
      const example = (typeof value === 'string' ? value : JSON.stringify(value)).slice(
        0,
        EXAMPLE_LENGTH
      )
      field.inDocuments += 1
      if (typeof value === 'string')
        field.longestExample = Math.max(field.longestExample, value.length)
      if (field.examples.length < EXAMPLES && !field.examples.includes(example)) {
        field.examples.push(example)
      }
    }
  }
  return [...described.values()]
}
