/** What running a study is given, what it tells, and how its lists are worked off. */
import { toPlain } from '#shared/errors'
import type { ErrorCode } from '#shared/errors'
import type { Prepared, Progress, Run, Study } from '#shared/records'
import type { LowDisk } from '#shared/trainingView'
import type { Measurements } from '#engine/storage/measurements'
import type { Project } from '#engine/storage/project'
import type { Executor, Work } from '#engine/executors/executor'
import type { ComputeDevice } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { DiskRoom } from './diskRoom'
import type { PlannedRun, StudyPlan } from './plan'
import type { RunQueue } from './runQueue'

/** What running tells: the newest version of a record, or how far something is. */
export type StudyEvent =
  /** Said first: runs that are missing, and the tokens they will read. */
  | { kind: 'begun'; runs: number; tokens: number }
  | { kind: 'run'; record: Run }
  /** It waits for space on the disk; null: it goes on. */
  | { kind: 'disk'; waiting: LowDisk | null }
  /** Nothing is done on a device any more. */
  | { kind: 'device'; device: string; reason: string }
  | { kind: 'measured'; label: string; done: number; total: number }
  | { kind: 'progress'; key: string; progress: Progress }
  | { kind: 'ended'; key: string }

export interface RunContext {
  project: Project
  measurements: Measurements
  pool: WorkerPool
  /** Where runs are trained and models measured. */
  executor: Executor
  study: Study
  prepared: Prepared
  plan: StudyPlan
  /** What will compute; asked only when something is to be done. */
  device: () => Promise<ComputeDevice>
  onEvent: (event: StudyEvent) => void
  /** Aborting stops every run between two steps, its state kept. */
  signal: AbortSignal
  /** Which run is begun next, and which are set aside. */
  queue: RunQueue
  /** Whether there is space to go on with. */
  room: DiskRoom
}

/** What one call of `runStudy` did. */
export interface RunSummary {
  trained: number
  measured: number
  failed: { name: string; code: ErrorCode; message: string }[]
  /** Names of runs that the user set aside and that are not trained. */
  held: string[]
  /** True when it was asked to stop before everything was done. */
  wasStopped: boolean
  /** Wall time spent averaging and evaluating merges, ms summed over workers. */
  averageMs: number
  evaluateMs: number
}

/** What is asked of an executor, for runs that are still to be trained. */
export function workOf(
  { plan, study }: Pick<RunContext, 'plan' | 'study'>,
  missing: readonly PlannedRun[]
): Work {
  return {
    config: plan.config,
    evaluationBatch: study.evaluation.batchSize,
    recipes: [...new Set(missing.map((run) => run.recipe))],
    ...(study.trainer ? { trainer: study.trainer } : {})
  }
}

/** Of work in which nothing is done yet. */
export function emptySummary(): RunSummary {
  const nothing = { trained: 0, measured: 0, averageMs: 0, evaluateMs: 0 }
  return { ...nothing, failed: [], held: [], wasStopped: false }
}

/** True for errors that every further run would meet too. Of a full disk: once waiting is no use. */
export function endsStudy(code: string): boolean {
  return code === 'storage/disk-full' || code === 'backend/unavailable'
}

/** True for an error that only says that it was asked to stop; others are told, asked or not. */
export function isStop(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && toPlain(error).code === 'bug'
}

/** Adds a failure to the summary, in place of an earlier one of the same name. */
export function noteFailure(summary: RunSummary, failure: RunSummary['failed'][number]): void {
  forgetFailure(summary, failure.name)
  summary.failed.push(failure)
}

/** Takes a failure off the summary: it is tried again. */
export function forgetFailure(summary: RunSummary, name: string): void {
  summary.failed = summary.failed.filter((one) => one.name !== name)
}

/** Works a list off, so many at once. */
export function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  context: RunContext,
  work: (item: Item) => Promise<void>
): Promise<void> {
  const queue = [...items]
  return takeInParallel(() => queue.shift() ?? null, atOnce, context, work)
}

/** Works off what is taken, so many at once, until there is nothing to take; waits for disk space. */
export async function takeInParallel<Item>(
  take: () => Item | null,
  atOnce: number,
  context: Pick<RunContext, 'signal'> & { room: Pick<DiskRoom, 'wait'> },
  work: (item: Item) => Promise<void>
): Promise<void> {
  const next = async (): Promise<void> => {
    while (!context.signal.aborted) {
      await context.room.wait(context.signal)
      const item = take()
      if (item === null) return
      await work(item)
    }
    context.signal.throwIfAborted()
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
