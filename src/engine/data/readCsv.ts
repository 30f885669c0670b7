/** Documents of CSV and TSV files with a header line. */
import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { WorkbenchError } from '#shared/errors'
import { LARGEST_WHOLE, streamBytes } from './byteStream'
import { textAt } from './fields'
import { invalidEncoding } from './readJsonl'
import type { ReadContext, ReadDocument } from './sourceDocument'
import type { SourceFile } from './sources'

/**
 * Reads rows as RFC 4180 has them: quoted fields may hold newlines and doubled quotes.
 *
 * A row that does not parse ends the import even with `skipBadLines`: where the next row begins
 * cannot be known after an open quote.
 *
 * @throws WorkbenchError `corpus/invalid-line`, `corpus/invalid-encoding`, `corpus/missing-field`
 */
export async function* readCsv(
  file: SourceFile,
  context: ReadContext
): AsyncGenerator<ReadDocument> {
  let row = 0
  for await (const { record } of csvRecords(file, context.onBytes)) {
    row += 1
    const where = { file: file.path, position: row }
    const document = context.attempt(() => ({
      text: textAt(record, context.textField, where),
      fields: record,
      file: file.label,
      position: row
    }))
    if (document) yield document
  }
}

/** One row of a CSV file. */
interface CsvRecord {
  record: Record<string, string>
  /** Line that the row ends on, counted from 1. */
  line: number
  /** Names in the header, each as often as it stands there. */
  columns: string[]
}

/**
 * Rows of a CSV or TSV file by the names in its header.
 *
 * @throws WorkbenchError `corpus/invalid-line`, `corpus/invalid-encoding`, `corpus/unreadable`
 */
export async function* csvRecords(
  file: SourceFile,
  onBytes: (count: number) => void
): AsyncGenerator<CsvRecord> {
  let columns: string[] = []
  const source = Readable.from(decodeUtf8(file, onBytes))
  const parser = source.pipe(
    parse({
      columns: (header: string[]) => (columns = header),
      delimiter: file.format === 'tsv' ? '\t' : ',',
      skip_empty_lines: true,
      relax_quotes: file.format === 'tsv',
      info: true,
      // A quote that is never closed makes the rest of the file one record.
      max_record_size: LARGEST_WHOLE
    })
  )
  // A pipe hands on no error: whoever reads would wait for ever, and nobody would have heard it.
  source.on('error', (error) => parser.destroy(error))
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>
      info: { lines: number }
    }>) {
      yield { record, line: info.lines, columns }
    }
  } catch (error) {
    throw csvError(error, file)
  } finally {
    source.destroy()
  }
}

/** Strings, so that no character is cut at a chunk's edge and bad bytes are found. */
async function* decodeUtf8(
  file: SourceFile,
  onBytes: (count: number) => void
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (chunk?: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      throw invalidEncoding({ file: file.path, position: 0 })
    }
  }
  for await (const chunk of streamBytes(file, onBytes)) yield decode(chunk)
  yield decode()
}

function csvError(error: unknown, file: SourceFile): unknown {
  if (error instanceof WorkbenchError || !(error instanceof Error)) return error
  if (!(error instanceof CsvError)) return error
  const line = 'lines' in error ? Number(error.lines) : null
  return new WorkbenchError(
    'corpus/invalid-line',
    `${file.path}, line ${line ?? 'unknown'}: expected ${file.format.toUpperCase()} with a header, ` +
      `${error.message}.`,
    { file: file.path, line },
    { cause: error }
  )
}
