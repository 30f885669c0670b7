/** The runs of a plan as a screen sees them: in the order in which they will be begun. */
import type { QueuedRun } from '#shared/trainingView'
import type { Run } from '#shared/records'
import { isRunFinished } from '#engine/storage/runs'
import { distinctRuns, runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'
import type { RunQueue } from './runQueue'

/**
 * Each run once, by role, with its head where it was begun.
 *
 * @param project folder in which finished runs lie
 * @param heads of all runs that were ever begun
 */
export function queuedRuns(
  plan: StudyPlan,
  project: string,
  heads: readonly Run[],
  queue: RunQueue
): QueuedRun[] {
  const byRun = new Map(heads.map((run) => [run.fingerprint, run]))
  return queue.inOrder(distinctRuns(runsOf(plan))).map((run) => ({
    fingerprint: run.fingerprint,
    role: run.role,
    name: run.name,
    tokens: run.tokens,
    partitions: partitionsOf(run),
    isDone: isRunFinished(project, run.fingerprint),
    isTraining: queue.isTraining(run.fingerprint),
    isHeld: queue.isHeld(run.fingerprint),
    head: byRun.get(run.fingerprint) ?? null
  }))
}

function partitionsOf(run: PlannedRun): string[] {
  if (run.role === 'seed') return []
  return [...new Set(run.draws.map((draw) => draw.unit.partition))]
}
