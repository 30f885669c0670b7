/** Documents of Parquet files. */
import { DuckDBBlobValue, DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection } from '@duckdb/node-api'
import { WorkbenchError } from '#shared/errors'
import { unreadable } from './byteStream'
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
  const source = `read_parquet('${file.path.replaceAll("'", "''")}')`
  const columns = (await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)).columnNames()
  const total = await connection.runAndReadAll(`SELECT count(*) FROM ${source}`)
  const bytesPerRow = file.bytes / Math.max(1, Number(total.getRows()[0]![0]))
  const text = await textColumn(connection, source, context.textField, file)
  const wanted = context.fields
    ? columns.filter((name) => context.fields!.some((field) => isBelow(field, name)))
    : columns
  const select = [
    ...wanted.filter((name) => name !== context.textField).map(quote),
    `${text} AS ${TEXT}`
  ]
  const result = await connection.stream(`SELECT ${select.join(', ')} FROM ${source}`)
  let position = 0
  for await (const rows of result.yieldRowObjects()) {
    context.onBytes(bytesPerRow * rows.length)
    for (const row of rows) {
      position += 1
      const document = context.attempt(() => rowDocument(row, file, position, context.textField))
      if (document) yield document
    }
  }
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

/** The text as bytes, in SQL; nothing where no text is asked for. */
async function textColumn(
  connection: DuckDBConnection,
  source: string,
  field: string | null,
  file: SourceFile
): Promise<string> {
  if (field === null) return 'NULL'
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
    return `encode(${asText})`
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
