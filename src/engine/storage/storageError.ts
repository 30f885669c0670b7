/** What the system refused, as an error a user can act on. */
import { WorkbenchError } from '#shared/errors'

/**
 * Turns the system's refusal to write into an error a user can act on.
 *
 * @param error what `node:fs` threw
 * @param path what was being written
 */
export function storageError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new WorkbenchError(
      'storage/disk-full',
      `The disk is full: ${path} could not be written. Free some space and run again; what was finished is kept.`,
      { path },
      { cause: error }
    )
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new WorkbenchError(
      'storage/not-writable',
      `${path} cannot be written (${code}). Expected a folder this user may write to; change its permissions or choose another.`,
      { path, reason: code },
      { cause: error }
    )
  }
  if (code === 'EIO') {
    return new WorkbenchError(
      'storage/not-writable',
      `${path} could not be written: the disk or the way to it failed (EIO). Look at the system's log; what was finished is kept.`,
      { path, reason: code },
      { cause: error }
    )
  }
  return error
}
