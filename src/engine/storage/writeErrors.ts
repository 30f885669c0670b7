/** What the system says when it refuses to write, in words. */
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

/** Does what writes; a refusal comes out as an error a user can act on. */
export async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storageError(error, path)
  }
}

/**
 * Says that a part of what was being written is not there any more, or not with its bytes.
 *
 * @param target what it was to become
 * @param name the file of it
 */
export function sweptError(target: string, name: string): WorkbenchError {
  return new WorkbenchError(
    'storage/swept',
    `${target} was not written: expected ${name} as it was written a moment ago, found it gone or shorter. Somebody removed what was half-written there; what was there before stays. Run again, and clean the project nowhere meanwhile.`,
    { path: target, file: name }
  )
}
