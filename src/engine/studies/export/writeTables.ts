/** Writes tables of a study into a folder. */
import { join } from 'node:path'
import { makeFolder, writeFileAtomic } from '#engine/storage/files'
import type { Table } from './columns'
import { toCsv } from './csv'

/**
 * Writes each table as CSV, and as Parquet where asked.
 *
 * @returns the files written
 */
export async function writeTables(
  tables: readonly Table[],
  folder: string,
  asParquet: boolean
): Promise<string[]> {
  await makeFolder(folder)
  const files: string[] = []
  for (const table of tables) {
    const path = join(folder, `${table.name}.csv`)
    await writeFileAtomic(path, toCsv(table.columns, table.rows))
    files.push(path)
  }
  if (!asParquet) return files
  const { parquetBytes } = await import('#engine/data/writeParquet')
  for (const table of tables) {
    const path = join(folder, `${table.name}.parquet`)
    await writeFileAtomic(path, await parquetBytes(table.columns, table.rows))
    files.push(path)
  }
  return files
}
