/** Text that a user asked for as a file of their own, outside of any project. */
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { makeFolder, writeFileAtomic } from './storage/files'

/**
 * Asserts that a file may be written there.
 *
 * @returns its whole path
 * @throws WorkbenchError `storage/exists` where a folder has its name
 */
export async function assertNoFolder(name: string): Promise<string> {
  const file = resolve(name)
  const there = await stat(file).catch(() => null)
  if (there?.isDirectory()) {
    throw new WorkbenchError(
      'storage/exists',
      `${file} is a folder. Expected the name of a file to write to; add one.`,
      { path: file }
    )
  }
  return file
}

/**
 * Writes a file, whole or not at all.
 *
 * @returns the file and its bytes
 * @throws WorkbenchError `storage/exists`, `storage/disk-full`, `storage/not-writable`
 */
export async function saveTextFile(
  name: string,
  text: string
): Promise<{ file: string; bytes: number }> {
  const file = await assertNoFolder(name)
  const bytes = Buffer.from(text)
  await makeFolder(dirname(file))
  await writeFileAtomic(file, bytes)
  return { file, bytes: bytes.length }
}
