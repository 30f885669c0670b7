/** Projects whose study was made from tables: `tables.json` beside the records. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { WorkbenchError } from '#shared/errors'
import { ImportedTablesSchema } from '#shared/importedTables'
import type { ImportedTables } from '#shared/importedTables'
import type { Study } from '#shared/records'
import { FolderDraft } from './files'
import { PROJECT_FILE, TABLES_FILE, projectPaths } from './paths'
import { emptyProject, projectText } from './projectFormat'
import { readText } from './reading'
import { assertNotNewer } from './sealedFiles'

/** The newest version of `tables.json` that is known. */
const TABLES_VERSION = 1

/**
 * Makes a project of imported tables in a folder that is not there yet; it is there whole or not
 * at all.
 *
 * @param study names the project's study; of the rest nothing is known, and nothing is read
 * @throws WorkbenchError `storage/exists`
 */
export async function createTableProject(
  folder: string,
  tables: ImportedTables,
  study: Study
): Promise<void> {
  assertFree(folder)
  const text = JSON.stringify(tables) + '\n'
  const draft = await FolderDraft.begin(folder)
  try {
    await draft.writeFile(TABLES_FILE, text)
    const records = { ...emptyProject(), tables: { fingerprint: sha256(text) }, studies: [study] }
    await draft.writeFile(PROJECT_FILE, projectText(records))
    // Somebody may have put something there meanwhile.
    if ((await draft.commit()) === 'there') throw thereAlready(folder)
  } catch (error) {
    await draft.discard()
    throw error
  }
}

/** @throws WorkbenchError `storage/exists` where a folder is there already */
export function assertFree(folder: string): void {
  if (existsSync(folder)) throw thereAlready(folder)
}

/**
 * Reads a project's tables.
 *
 * @param fingerprint what they must have
 * @throws WorkbenchError `storage/missing`, `storage/corrupt`
 */
export async function readTables(folder: string, fingerprint: string): Promise<ImportedTables> {
  const path = projectPaths.tables(folder)
  if (!existsSync(path)) {
    throw new WorkbenchError(
      'storage/missing',
      `${path} is missing: the study's numbers stand in it. Import the tables again into a new project.`,
      { path }
    )
  }
  const text = await readText(path)
  if (sha256(text) !== fingerprint) {
    throw new WorkbenchError(
      'storage/corrupt',
      `${path} was changed since the tables were imported. Restore it from a copy, or import the tables again.`,
      { path }
    )
  }
  const tables: unknown = JSON.parse(text)
  assertNotNewer(path, tables, TABLES_VERSION)
  return ImportedTablesSchema.parse(tables)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function thereAlready(folder: string): WorkbenchError {
  return new WorkbenchError(
    'storage/exists',
    `${folder} is there already. Tables make a project of their own: name a folder that is not there yet.`,
    { folder }
  )
}
