/** The one error type a user or a script is told about, and how it crosses threads and sockets. */

/**
 * Every code with whether doing the same thing again may help.
 *
 * A code is `subject/problem`. Code compares `error.code`, never `instanceof`: classes do not
 * survive a thread border.
 */
export const ERROR_CODES = {
  'usage/invalid': { retryHelps: false },
  'project/none': { retryHelps: false },
  'project/unknown': { retryHelps: false },
  'study/invalid': { retryHelps: false },
  'study/missing-partition': { retryHelps: false },
  'study/missing-domain': { retryHelps: false },
  'study/missing': { retryHelps: false },
  'study/running': { retryHelps: true },
  'study/not-prepared': { retryHelps: false },
  'study/from-tables': { retryHelps: false },
  'study/invalid-weights': { retryHelps: false },
  'corpus/empty': { retryHelps: false },
  'corpus/missing-file': { retryHelps: false },
  'corpus/missing-field': { retryHelps: false },
  'corpus/invalid-line': { retryHelps: false },
  'corpus/invalid-encoding': { retryHelps: false },
  'corpus/unreadable': { retryHelps: false },
  'corpus/exists': { retryHelps: false },
  'corpus/importing': { retryHelps: true },
  'corpus/incomplete': { retryHelps: true },
  'table/invalid': { retryHelps: false },
  'partition/too-small': { retryHelps: false },
  'partition/invalid': { retryHelps: false },
  'domain/empty': { retryHelps: false },
  'tokenizer/vocabulary-too-large': { retryHelps: false },
  'tokenizer/invalid': { retryHelps: false },
  'model/invalid': { retryHelps: false },
  'model/out-of-memory': { retryHelps: false },
  'backend/unavailable': { retryHelps: false },
  'backend/out-of-memory': { retryHelps: true },
  'run/diverged': { retryHelps: false },
  'run/missing': { retryHelps: true },
  'run/unknown': { retryHelps: false },
  'run/not-movable': { retryHelps: false },
  'run/claimed': { retryHelps: true },
  'checkpoint/mismatch': { retryHelps: false },
  'checkpoint/invalid': { retryHelps: false },
  'merge/mismatch': { retryHelps: false },
  'merge/empty': { retryHelps: false },
  'merge/invalid': { retryHelps: false },
  'merge/undefined': { retryHelps: false },
  'search/infeasible': { retryHelps: false },
  'statistics/too-few': { retryHelps: false },
  'storage/corrupt': { retryHelps: false },
  'storage/disk-full': { retryHelps: true },
  'storage/not-writable': { retryHelps: false },
  'storage/not-readable': { retryHelps: true },
  'storage/newer-version': { retryHelps: false },
  'storage/read-only': { retryHelps: false },
  'storage/swept': { retryHelps: true },
  'storage/exists': { retryHelps: false },
  'storage/missing': { retryHelps: false },
  'storage/locked': { retryHelps: true },
  'contract/invalid': { retryHelps: false },
  'contract/lost': { retryHelps: true },
  'executor/invalid': { retryHelps: false },
  'executor/unavailable': { retryHelps: true },
  'executor/refused': { retryHelps: false },
  'executor/version': { retryHelps: false },
  'executor/failed': { retryHelps: false },
  'executor/lost': { retryHelps: true },
  'study/unconfirmed': { retryHelps: false },
  'trainer/not-found': { retryHelps: false },
  'trainer/failed': { retryHelps: true },
  'trainer/no-model': { retryHelps: false },
  'trainer/mismatch': { retryHelps: false },
  'trainer/not-finite': { retryHelps: false },
  'trainer/unchanged': { retryHelps: false },
  'worker/died': { retryHelps: true },
  bug: { retryHelps: false }
} as const satisfies Record<string, { retryHelps: boolean }>

export type ErrorCode = keyof typeof ERROR_CODES

/** Facts behind the message, for scripts: file, line, field, expected, found, bytes … */
export type ErrorDetails = Record<string, string | number | boolean | null | string[]>

/** A failure that the user or the machine can do something about; anything else is a bug. */
export class WorkbenchError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options?: { cause?: unknown }
  ) {
    super(message, options)
    this.name = 'WorkbenchError'
    this.code = code
    this.details = details
  }
}

/** An error as plain data, the form in which it crosses a border. */
export interface PlainError {
  code: ErrorCode
  message: string
  details: ErrorDetails
  stack: string | null
  cause: PlainError | null
}

/** Turns anything thrown into plain data; an unknown error becomes `code: 'bug'`. */
export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) {
    return { code: 'bug', message: String(error), details: {}, stack: null, cause: null }
  }
  const known = error as Partial<WorkbenchError>
  const isKnown = typeof known.code === 'string' && known.code in ERROR_CODES
  return {
    code: isKnown ? (known.code as ErrorCode) : 'bug',
    message: error.message,
    details: isKnown ? (known.details ?? {}) : {},
    stack: error.stack ?? null,
    cause: error.cause === undefined ? null : toPlain(error.cause)
  }
}

/** The reverse of {@link toPlain}: an error to throw on this side of the border. */
export function fromPlain(plain: PlainError): WorkbenchError {
  const error = new WorkbenchError(plain.code, plain.message, plain.details, {
    ...(plain.cause ? { cause: fromPlain(plain.cause) } : {})
  })
  if (plain.stack) error.stack = plain.stack
  return error
}
