/** Documents of Parquet files. */
import { resolve } from 'node:path'
import { DuckDBBlobValue, DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api'
import { WorkbenchError } from '#shared/errors'
import { bytesOf, inProportion, unreadable } from './byteStream'
import { missingField, noText } from './fields'
import { isWellFormed, invalidEncoding } from './readJsonl'
import type { ReadContext, ReadDocument } from './sourceDocument'
import type { SourceFile } from './sources'

const TEXT = '__assay_text'

/**
 * Reads rows in file order through DuckDB, streaming. The text is fetched as bytes: as a string
 * DuckDB's client would lose a U+FEFF at its beginning.
 *
 * @throws WorkbenchError `corpus/missing-field` listing the columns, `corpus/unreadable`,
 *   `corpus/invalid-encoding`
 */
export async function* readParquet(
  file: SourceFile,
  context: ReadContext
): AsyncGenerator<ReadDocument> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '1GB'
  })
  const connection = await instance.connect()
  try {
    // A column's type may name an extension: none is fetched for it.
    await connection.run('SET autoinstall_known_extensions = false')
    await connection.run('SET autoload_known_extensions = false')
    yield* readRows(connection, file, context)
  } catch (error) {
    const isEncoding =
      error instanceof Error && /invalid (utf-?8|string|unicode)/i.test(error.message)
    throw isEncoding && !(error instanceof WorkbenchError)
      ? invalidEncoding({ file: file.path, position: 0 })
      : unreadable(file, error)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function* readRows(
  connection: DuckDBConnection,
  file: SourceFile,
  context: ReadContext
): AsyncGenerator<ReadDocument> {
  const source = `read_parquet('${literalPath(file).replaceAll("'", "''")}')`
  const head = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)
  const columns = head.columnNames()
  const types = head.columnTypes().map(String)
  const total = await connection.runAndReadAll(`SELECT count(*) FROM ${source}`)
  const rows = Number(total.getRows()[0]![0])
  const bytesPerRow = file.bytes / Math.max(1, rows)
  const text = await textColumn(connection, source, context.textField, file)
  const wanted = context.fields
    ? columns.filter((name) => context.fields!.some((field) => isBelow(field, name)))
    : columns
  const fields = wanted.filter((name) => name !== context.textField)
  const select = [...fields.map(quote), `${text.bytes} AS ${TEXT}`]
  const lengths = fields.flatMap((name) => lengthOf(quote(name), types[columns.indexOf(name)]!))
  await assertInProportion(connection, source, file, rows, [...text.length, ...lengths])
  const result = await connection.stream(`SELECT ${select.join(', ')} FROM ${source}`)
  const count = inProportion(file)
  let position = 0
  for await (const row of rowsOf(result)) {
    position += 1
    context.onBytes(bytesPerRow)
    count(bytesOf(row))
    const document = context.attempt(() => rowDocument(row, file, position, context.textField))
    if (document) yield document
  }
}

/** As JSONL a row takes no fewer bytes. */
const ROW_BYTES = 12

/**
 * Asks how long the texts are before any is fetched: DuckDB unpacks two thousand rows at once, and what a file
 * repeats is one text for as long as nobody wants it.
 */
async function assertInProportion(
  connection: DuckDBConnection,
  source: string,
  file: SourceFile,
  rows: number,
  lengths: readonly string[]
): Promise<void> {
  const count = inProportion(file)
  count(rows * ROW_BYTES)
  const sums = lengths.map((length) => `coalesce(sum(${length}), 0)`)
  if (sums.length === 0) return
  const told = await connection.runAndReadAll(`SELECT ${sums.join(', ')} FROM ${source}`)
  for (const sum of told.getRows()[0]!) count(Number(sum))
}

/** SQL for the bytes of a value of text; none for other types. */
function lengthOf(place: string, type: string): string[] {
  if (type === 'VARCHAR') return [`strlen(${place})`]
  return type === 'BLOB' ? [`octet_length(${place})`] : []
}

/** Rows one by one: a thousand of them may be a thousand times what is in proportion. */
async function* rowsOf(result: DuckDBResult): AsyncGenerator<Record<string, unknown>> {
  const names = result.deduplicatedColumnNames()
  for await (const chunk of result) {
    const columns = names.map((_, i) => chunk.getColumnVector(i))
    for (let row = 0; row < chunk.rowCount; row++) {
      yield Object.fromEntries(columns.map((column, i) => [names[i]!, column.getItem(row)]))
    }
  }
}

/**
 * A file's path so that DuckDB takes it for that file's: it would read what `*`, `?` and `[` of a name match instead,
 * and fetch what begins as an address does.
 */
function literalPath(file: SourceFile): string {
  const path = resolve(file.path)
  if (!/[*?[]/.test(path)) return path
  if (path.includes('\\')) {
    throw unreadable(file, new Error('its path holds a backslash beside *, ? or [; rename it'))
  }
  return path.replace(/[*?[]/g, (character) => `[${character}]`)
}

function rowDocument(
  row: Record<string, unknown>,
  file: SourceFile,
  position: number,
  textField: string | null
): ReadDocument {
  const { [TEXT]: bytes, ...rest } = row
  const text = bytes instanceof DuckDBBlobValue ? Buffer.from(bytes.bytes).toString('utf8') : ''
  if (!isWellFormed(text)) throw invalidEncoding({ file: file.path, position })
  const fields = plainValue(rest) as Record<string, unknown>
  if (textField !== null && !textField.includes('.')) fields[textField] = text
  return { text, fields, file: file.label, position }
}

/** DuckDB's own values as plain ones: structs as objects, lists as arrays, dates as ISO strings. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value === null || typeof value !== 'object') return value
  if ('items' in value && Array.isArray(value.items)) return value.items.map(plainValue)
  if ('entries' in value && !Array.isArray(value.entries)) return plainValue(value.entries)
  if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainValue(item)]))
  }
  return String(value)
}

/** The text as bytes and its length, in SQL; nothing where no text is asked for. */
async function textColumn(
  connection: DuckDBConnection,
  source: string,
  field: string | null,
  file: SourceFile
): Promise<{ bytes: string; length: string[] }> {
  if (field === null) return { bytes: 'NULL', length: [] }
  const where = { file: file.path, position: 1 }
  const firstRow = async () => {
    const rows = await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 1`)
    const nothing = Object.fromEntries(rows.columnNames().map((name) => [name, null]))
    return plainValue(rows.getRowObjects()[0] ?? nothing) as Record<string, unknown>
  }
  const nested = field.split('.').map(quote).join('.')
  for (const place of [quote(field), nested]) {
    const type = await typeOf(connection, source, place)
    if (type === null) continue
    if (/\]$/.test(type)) throw noText(field, 'a list', await firstRow(), where)
    if (/^(STRUCT|MAP|UNION)\b/.test(type))
      throw noText(field, 'an object', await firstRow(), where)
    // Old writers do not say that their bytes are text.
    const asText = type === 'BLOB' ? `decode(${place})` : `CAST(${place} AS VARCHAR)`
    return { bytes: `encode(${asText})`, length: lengthOf(place, type) }
  }
  throw missingField(field, await firstRow(), where)
}

/** Type of an expression over a file's columns; null where it names something not there. */
async function typeOf(
  connection: DuckDBConnection,
  source: string,
  expression: string
): Promise<string | null> {
  try {
    const described = await connection.runAndReadAll(
      `DESCRIBE SELECT ${expression} AS place FROM ${source}`
    )
    return String(described.getRowObjects()[0]!['column_type'])
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Binder Error')) return null
    throw error
  }
}

function isBelow(field: string, column: string): boolean {
  return field === column || field.startsWith(`${column}.`)
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
