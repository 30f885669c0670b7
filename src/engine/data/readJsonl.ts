/** Documents of JSONL files; also of `.json` files that hold one list of records. */
import { isUtf8 } from 'node:buffer'
import { WorkbenchError } from '#shared/errors'
import { readBytes, streamBytes } from './byteStream'
import { textAt } from './fields'
import { splitLines } from './lines'
import type { ReadContext, ReadDocument } from './sourceDocument'
import type { SourceFile } from './sources'

/**
 * Reads records line by line.
 *
 * @throws WorkbenchError `corpus/invalid-line` (with the line's number), `corpus/invalid-encoding`,
 *   `corpus/missing-field`; with `skipBadLines` such lines are counted instead
 */
export async function* readJsonl(
  file: SourceFile,
  context: ReadContext
): AsyncGenerator<ReadDocument> {
  let isFirst = true
  for await (const line of splitLines(streamBytes(file, context.onBytes), file.path)) {
    let { bytes, offset } = line
    if (isFirst && startsWithMark(bytes)) {
      bytes = bytes.subarray(3)
      offset += 3
    }
    if (isBlank(bytes)) continue
    if (isFirst && /\.json(\.|$)/i.test(file.path) && firstByte(bytes) === 0x5b) {
      return yield* readList(file, context)
    }
    isFirst = false
    const document = context.attempt(() => parseLine(bytes, file, line.number, context.textField))
    if (document) yield { ...document, offset, length: bytes.length }
  }
}

/** The document of one line of JSON; also used to read an in-place corpus again. */
export function parseLine(
  bytes: Buffer,
  file: { path: string; label: string },
  position: number,
  textField: string | null
): ReadDocument {
  const where = { file: file.path, position }
  if (!isUtf8(bytes)) throw invalidEncoding(where)
  const record = parseRecord(bytes.toString('utf8'), where)
  const text = textAt(record, textField, where)
  if (!isWellFormed(text)) throw invalidEncoding(where)
  return { text, fields: record, file: file.label, position }
}

function parseRecord(
  line: string,
  where: { file: string; position: number }
): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw invalidLine(where, (error as Error).message, error)
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalidLine(where, `found ${Array.isArray(value) ? 'a list' : typeof value}`)
  }
  return value as Record<string, unknown>
}

async function* readList(file: SourceFile, context: ReadContext): AsyncGenerator<ReadDocument> {
  const bytes = await readBytes(file)
  if (!isUtf8(bytes)) throw invalidEncoding({ file: file.path, position: 1 })
  let list: unknown[]
  try {
    list = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as unknown[]
  } catch (error) {
    throw invalidLine({ file: file.path, position: 1 }, (error as Error).message, error)
  }
  for (const [index, item] of list.entries()) {
    const line = Buffer.from(JSON.stringify(item))
    const document = context.attempt(() => parseLine(line, file, index + 1, context.textField))
    if (document) yield document
  }
}

function invalidLine(
  where: { file: string; position: number },
  reason: string,
  cause?: unknown
): WorkbenchError {
  return new WorkbenchError(
    'corpus/invalid-line',
    `${where.file}, line ${where.position}: expected one JSON object per line, ${reason}. ` +
      `Repair the line, or have such lines skipped and counted.`,
    { file: where.file, line: where.position },
    { cause }
  )
}

/** The error for bytes that are not UTF-8, or a string that has no UTF-8 form. */
export function invalidEncoding(where: { file: string; position: number }): WorkbenchError {
  return new WorkbenchError(
    'corpus/invalid-encoding',
    `${where.file}, record ${where.position}: the text is not valid UTF-8. ` +
      `Convert the file to UTF-8, or have such records skipped and counted.`,
    { file: where.file, line: where.position }
  )
}

/** False for a string with half of a surrogate pair, which no UTF-8 can hold. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

function startsWithMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

function firstByte(bytes: Buffer): number | undefined {
  return bytes.find((byte) => byte > 0x20)
}

function isBlank(bytes: Buffer): boolean {
  return bytes.length === 0 || firstByte(bytes) === undefined
}
