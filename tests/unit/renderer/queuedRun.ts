/** A run of a queue, nothing of it done. */
import type { QueuedRun } from '#shared/trainingView'

/** A branch of one token called so, with what is other about it. */
export function queuedRun(name: string, change: Partial<QueuedRun> = {}): QueuedRun {
  return {
    fingerprint: name,
    role: 'branch',
    name,
    isRepeat: false,
    tokens: 1,
    partitions: [],
    isDone: false,
    isTraining: false,
    isQueued: false,
    isHeld: false,
    trained: 0,
    head: null,
    ...change
  }
}
