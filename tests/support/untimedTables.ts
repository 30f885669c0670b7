/** Tables of a study as text, columns of timing left out: what two ways to the same study share. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ProjectSession } from '#engine'
import { TABLES, fromCsv } from '#engine/studies/tables'
import { temporaryFolder } from './temporaryFolder'

const TIMING = ['seconds', 'tokens_per_second']

/** All tables of the first study, rows by name of their file. */
export async function untimedTables(session: ProjectSession): Promise<Record<string, unknown[]>> {
  const folder = await temporaryFolder()
  const files = await session.exportTables(session.study(), { folder })
  const entries = await Promise.all(
    TABLES.map(async ({ name, columns }) => {
      const rows = fromCsv(columns, await readFile(join(folder, `${name}.csv`), 'utf8'))
      for (const row of rows) for (const column of TIMING) delete row[column]
      return [`${name}.csv`, rows] as const
    })
  )
  expect(files.length).toBe(TABLES.length)
  return Object.fromEntries(entries)
}
