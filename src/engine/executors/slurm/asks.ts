/** Jobs that somebody waits for, and what is told of them meanwhile. */
import type { ElementState } from '#shared/clusterView'
import type { ElementEnd } from './elementEnd'
import { waitsInVain } from './queue'
import type { QueueRecord } from './queue'
import { vainWords } from './refusals'
import type { ElementPlace } from './submissions'
import type { Want } from './want'

/** A job that somebody waits for. */
export interface Ask {
  want: Want
  resolve: () => void
  reject: (error: unknown) => void
  /** Null until it is submitted, or found in the queue. */
  place: ElementPlace | null
  state: ElementState
  /** When it was first seen to have ended, by a clock that nobody sets; null while it has not. */
  endedAt: number | null
  /** The queue's last word of how it ended: it soon forgets. */
  ended: { state: string; end: ElementEnd | null } | null
  /** What the job failed by, where how its element ends may say more; null while it has not. */
  died: Error | null
  /** When its element was asked to leave. */
  cancelledAt: number | null
  /** Why what it left could not be read; null where it could. */
  unread: string | null
  isOver: boolean
}

/** True while somebody waits for its result. */
export function isWanted({ isOver, cancelledAt }: Ask): boolean {
  return !isOver && cancelledAt === null
}

/** Tells how it stands, unless nobody waits for it any more. */
export function tell(ask: Ask, words: string, state: ElementState = 'unknown'): void {
  if (!ask.isOver) ask.want.onState?.({ state, words })
}

/** That what an element left is not known, and why. */
export function unreadWords(why: string): string {
  return `what it left could not be read (${why}); it is looked at again`
}

/** True of one element. */
export function isSame(a: ElementPlace, b: ElementPlace): boolean {
  return a.submission.key === b.submission.key && a.index === b.index
}

/** What the queue says of an element that waits or runs, in words. */
export function stateWords(state: ElementState, record: QueueRecord): string {
  const { node, reason } = record
  const job = `job ${record.array}_${record.index}`
  if (state === 'running') return node === null ? job : `${node}, ${job}`
  if (waitsInVain(record)) return `${job} waits in vain: ${vainWords(record.reason)}`
  if (state === 'stuck') return `${job} is held in the queue (${reason}) until somebody releases it`
  return `${job} waits in the queue (${reason})`
}
