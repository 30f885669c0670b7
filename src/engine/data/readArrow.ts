/** Documents of Arrow streams and files, as Hugging Face's `save_to_disk` writes them. */
import {
  Binary,
  LargeBinary,
  LargeUtf8,
  RecordBatchReader,
  Utf8,
  makeData,
  makeVector
} from 'apache-arrow'
import type { RecordBatch, Vector } from 'apache-arrow'
import { bytesOf, inProportion, streamBytes, unreadable } from './byteStream'
import { textAt } from './fields'
import { decodeText } from './readPlainText'
import type { ReadContext, ReadDocument } from './sourceDocument'
import type { SourceFile } from './sources'

/**
 * Reads rows batch by batch. The text column is read as bytes: as strings Apache Arrow would lose
 * a U+FEFF at a text's beginning and turn bad bytes into question marks.
 *
 * @throws WorkbenchError `corpus/missing-field`, `corpus/invalid-encoding`, `corpus/unreadable`
 */
export async function* readArrow(
  file: SourceFile,
  context: ReadContext
): AsyncGenerator<ReadDocument> {
  try {
    const reader = await RecordBatchReader.from(streamBytes(file, context.onBytes))
    await reader.open()
    if (!reader.schema) throw new Error('it holds no Arrow schema')
    const count = inProportion(file)
    let position = 0
    for await (const batch of reader) {
      const texts = bytesColumn(batch, context.textField)
      for (let row = 0; row < batch.numRows; row++) {
        position += 1
        const document = context.attempt(() =>
          rowDocument(batch, texts, row, position, file, context, count)
        )
        if (document) yield document
      }
    }
  } catch (error) {
    throw unreadable(file, error)
  }
}

function rowDocument(
  batch: RecordBatch,
  texts: Vector<Binary | LargeBinary> | null,
  row: number,
  position: number,
  file: SourceFile,
  context: ReadContext,
  count: (bytes: number) => void
): ReadDocument {
  const fields = plainRow(batch, row, context)
  count(bytesOf(fields))
  if (!texts) {
    const text = textAt(fields, context.textField, { file: file.path, position })
    return { text, fields, file: file.label, position }
  }
  const bytes = texts.get(row)
  const text = bytes === null ? '' : decodeText(Buffer.from(bytes), file.path, position)
  return { text, fields: { ...fields, [context.textField!]: text }, file: file.label, position }
}

/** The column of texts seen as bytes; null where it is none of text. */
function bytesColumn(
  batch: RecordBatch,
  field: string | null
): Vector<Binary | LargeBinary> | null {
  const column = field === null ? null : batch.getChild(field)
  const data = column?.data[0]
  if (!column || !data) return null
  const { length, nullCount, offset, nullBitmap, valueOffsets, values } = data
  const common = { length, nullCount, offset, nullBitmap, data: values }
  if (column.type instanceof Utf8) {
    return makeVector(makeData({ ...common, type: new Binary(), valueOffsets }))
  }
  if (column.type instanceof LargeUtf8) {
    return makeVector(makeData({ ...common, type: new LargeBinary(), valueOffsets }))
  }
  return null
}

function plainRow(batch: RecordBatch, row: number, context: ReadContext): Record<string, unknown> {
  const { fields, textField } = context
  const wanted = fields && new Set([...fields, textField ?? ''].map((one) => one.split('.')[0]!))
  return Object.fromEntries(
    batch.schema.fields
      .filter(({ name }) => !wanted || wanted.has(name))
      .map(({ name }) => [name, plainValue(batch.getChild(name)?.get(row))])
  )
}

/** Arrow's values as plain ones. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  if ('toArray' in value && typeof value.toArray === 'function') {
    return [...(value.toArray() as Iterable<unknown>)].map(plainValue)
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return plainValue(value.toJSON())
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainValue(item)]))
}
