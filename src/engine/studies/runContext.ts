/** What running a study is given, what it tells, and how its lists are worked off. */
import { toPlain } from '#shared/errors'
import type { ErrorCode } from '#shared/errors'
import type { Prepared, Progress, Run, Study } from '#shared/records'
import type { Measurements } from '#engine/storage/measurements'
import type { Project } from '#engine/storage/project'
import type { ComputeDevice } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { StudyPlan } from './plan'

/** What running tells: the newest version of a record, or how far something is. */
export type StudyEvent =
  /** Said first: runs that are missing, and the tokens they will read. */
  | { kind: 'begun'; runs: number; tokens: number }
  | { kind: 'run'; record: Run }
  | { kind: 'measured'; label: string; done: number; total: number }
  | { kind: 'progress'; key: string; progress: Progress }
  | { kind: 'ended'; key: string }

export interface RunContext {
  project: Project
  measurements: Measurements
  pool: WorkerPool
  study: Study
  prepared: Prepared
  plan: StudyPlan
  /** What will compute; asked only when something is to be done. */
  device: () => Promise<ComputeDevice>
  onEvent: (event: StudyEvent) => void
  /** Aborting stops every run between two steps, its state kept. */
  signal: AbortSignal
}

/** What one call of `runStudy` did. */
export interface RunSummary {
  trained: number
  measured: number
  failed: { name: string; code: ErrorCode; message: string }[]
  /** True when it was asked to stop before everything was done. */
  wasStopped: boolean
  /** Wall time spent averaging and evaluating merges, ms summed over workers. */
  averageMs: number
  evaluateMs: number
}

/** Of work in which nothing is done yet. */
export function emptySummary(): RunSummary {
  return { trained: 0, measured: 0, failed: [], wasStopped: false, averageMs: 0, evaluateMs: 0 }
}

/** True for errors that every further run would meet too. */
export function endsStudy(code: string): boolean {
  return code === 'storage/disk-full' || code === 'backend/unavailable'
}

/** True for an error that only says that it was asked to stop; others are told, asked or not. */
export function isStop(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && toPlain(error).code === 'bug'
}

/** Works a list off, so many at once. */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  context: RunContext,
  work: (item: Item) => Promise<void>
): Promise<void> {
  const queue = [...items]
  const next = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      context.signal.throwIfAborted()
      await work(item)
    }
  }
  // All lanes end before an error is passed on: nothing goes on working unseen.
  const outcomes = await Promise.allSettled(Array.from({ length: atOnce }, next))
  const reasons = outcomes.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : []
  )
  if (reasons.length > 0) {
    throw reasons.find((reason) => !isStop(reason, context.signal)) ?? reasons[0]
  }
}
