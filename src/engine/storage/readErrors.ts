/** What the system says when it refuses to read, in words; and whether that passes. */
import { WorkbenchError, toPlain } from '#shared/errors'

/**
 * Turns the system's refusal to read into an error a user can act on; other errors stay what they are.
 *
 * @param error what `node:fs` threw
 * @param path what was being read
 */
export function unreadableError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined || error instanceof WorkbenchError) return error
  return new WorkbenchError(
    'storage/not-readable',
    `${path} cannot be read (${code}). Nothing was changed for it: look at the disk, the network or the rights of the file, and try again.`,
    { path, reason: code },
    { cause: error }
  )
}

/** What the system says of a file that it cannot open or read, `EIO` or the like; null for any other error. */
export function readingCode(error: unknown): string | null {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
  if (code !== undefined && syscall !== undefined) return code
  const told = toPlain(error)
  return told.code === 'storage/not-readable' ? String(told.details['reason']) : null
}

/**
 * A file's handle that the server has forgotten, a server that is away for a while, a device that failed once: what is there
 * is not known by them.
 */
const PASSING = ['ESTALE', 'EIO', 'ETIMEDOUT'] as const

/** True for what the system said of a file that may be read the next time. */
export function isPassing(error: unknown): boolean {
  const { code, message, details } = (error ?? {}) as {
    code?: unknown
    message?: unknown
    details?: { reason?: unknown }
  }
  return PASSING.some(
    // What went from one process to another keeps the system's words alone.
    (one) => code === one || details?.reason === one || String(message).startsWith(`${one}:`)
  )
}
