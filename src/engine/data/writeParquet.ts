/** Turns a table's rows into a Parquet file; DuckDB writes it outside any project. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { removeTree } from '#engine/storage/files'

/** A column as tables describe it. */
export interface ParquetColumn {
  name: string
  type: 'text' | 'integer' | 'number'
}

const SQL_TYPES = { text: 'VARCHAR', integer: 'BIGINT', number: 'DOUBLE' } as const

/**
 * A table as the bytes of a Parquet file, zstd-compressed; null stays null.
 *
 * @returns the whole file, for the caller to store
 */
export async function parquetBytes(
  columns: readonly ParquetColumn[],
  rows: readonly Record<string, string | number | null>[]
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-parquet-'))
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  try {
    const connection = await instance.connect()
    const definition = columns.map(({ name, type }) => `"${name}" ${SQL_TYPES[type]}`).join(', ')
    await connection.run(`CREATE TABLE exported (${definition})`)
    const appender = await connection.createAppender('exported')
    for (const row of rows) {
      for (const { name, type } of columns) {
        const value = row[name] ?? null
        if (value === null) appender.appendNull()
        else if (type === 'text') appender.appendVarchar(String(value))
        else if (type === 'integer') appender.appendBigInt(BigInt(value))
        else appender.appendDouble(Number(value))
      }
      appender.endRow()
    }
    appender.closeSync()
    const path = join(folder, 'table.parquet')
    await connection.run(`COPY exported TO '${path}' (FORMAT parquet, COMPRESSION zstd)`)
    connection.closeSync()
    return await readFile(path)
  } finally {
    instance.closeSync()
    await removeTree(folder)
  }
}
