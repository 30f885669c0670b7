/** Whether something is there; where that cannot be told, work must not go on as if it were not. */
import { statSync } from 'node:fs'
import { unreadableError } from './readErrors'

/** What no file can be called, and what lies under a file. */
const NOWHERE = ['ENOTDIR', 'ENAMETOOLONG']

/**
 * True where there is a file or folder of this path. `existsSync` says no as well where a disk or a network fails, and
 * what is redone or cut off because something "is not there" is then lost.
 *
 * @throws WorkbenchError `storage/not-readable`
 */
export function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    if (NOWHERE.includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw unreadableError(error, path)
  }
}

/** For `catch`: gives null where there is nothing to be read. @throws WorkbenchError as {@link isThere}, or what was thrown */
export function nullIfAbsent(error: unknown, path: string): null {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENAMETOOLONG') return null
  throw unreadableError(error, path)
}
