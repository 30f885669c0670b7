/** Errors of reading that pass by themselves, as a file system on a network has them. */

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
