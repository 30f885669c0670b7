/** What may pass is tried again: a worker or a node that died, want of memory, a disk that failed once. */
import { WorkbenchError, toPlain } from '#shared/errors'
import type { PlainError } from '#shared/errors'
import { isPassing } from '#engine/storage/readErrors'
import { isStop } from './runContext'
import type { RunContext } from './runContext'

/** Once, and twice more. */
const MOST_TRIES = 3

/** True for what another try, in another worker, may not meet. */
function mayPass({ code, message, details }: Omit<PlainError, 'stack' | 'cause'>): boolean {
  if (['worker/died', 'backend/out-of-memory', 'executor/lost'].includes(code)) return true
  return isPassing({ message: code === 'bug' ? message : '', details })
}

/**
 * Does work, and does it again, twice at most, where it failed by what may pass.
 *
 * @param onRetry told of each failure that is followed by another try, which is counted from 1
 * @throws what the work threw; of what may pass, with how often it was tried
 */
export async function tryAgain<Result>(
  signal: AbortSignal,
  work: () => Promise<Result>,
  onRetry: (error: PlainError, words: string) => Promise<void>
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const plain = toPlain(error)
      if (signal.aborted || !mayPass(plain)) throw error
      if (tries >= MOST_TRIES) throw triedOften(plain, tries, error)
      await onRetry(plain, `${plain.message} It is tried again (${tries} of ${MOST_TRIES - 1}).`)
    }
  }
}

/**
 * Does work again whenever the disk had no space for it, once there is some.
 *
 * @param what is being done, by a name of its own
 */
export async function whenThereIsRoom<Result>(
  what: string,
  { room, signal }: Pick<RunContext, 'room' | 'signal'>,
  work: () => Promise<Result>
): Promise<Result> {
  for (;;) {
    await room.wait(signal)
    try {
      return await work()
    } catch (error) {
      const isFull = toPlain(error).code === 'storage/disk-full'
      if (!isFull || signal.aborted || !(await room.refused(what, signal))) throw error
    }
  }
}

/**
 * As {@link whenThereIsRoom}, for work that may fill the disk itself: below the floor it is stopped,
 * and begun again once there is space.
 *
 * @param work keeps what it finished before its signal was aborted
 * @throws WorkbenchError `storage/disk-full` where it was stopped again and again and its leftovers were
 *   all that was missing: then it is the work that does not fit
 */
export function aboveTheFloor<Result>(
  what: string,
  { room, signal }: Pick<RunContext, 'room' | 'signal'>,
  work: (signal: AbortSignal) => Promise<Result>
): Promise<Result> {
  return whenThereIsRoom(what, { room, signal }, async () => {
    const low = room.signal
    try {
      return await work(AbortSignal.any([signal, low]))
    } catch (error) {
      if (signal.aborted || !isStop(error, low)) throw error
      throw await room.shortage(what)
    }
  })
}

function triedOften({ code, message, details }: PlainError, tries: number, cause: unknown) {
  const told = `${message} It was tried ${tries} times.`
  // A bug stays one, with the stack it had.
  return code === 'bug' ? cause : new WorkbenchError(code, told, { ...details, tries }, { cause })
}
