/** The runs of a plan as a screen sees them: in the order in which they will be begun. */
import type { QueuedRun } from '#shared/trainingView'
import type { Run } from '#shared/records'
import { isRunFinished } from '#engine/storage/runs'
import { lastPoint } from '#engine/storage/traces'
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
): Promise<QueuedRun[]> {
  const byRun = new Map(heads.map((run) => [run.fingerprint, run]))
  const found = queue.inOrder(distinctRuns(runsOf(plan))).map(async (run) => {
    const { fingerprint, role, name, tokens } = run
    const head = byRun.get(fingerprint) ?? null
    const isDone = isRunFinished(project, fingerprint)
    return {
      fingerprint,
      role,
      name,
      isRepeat: run.repeat !== null,
      tokens,
      partitions: partitionsOf(run),
      isDone,
      isTraining: queue.isTraining(fingerprint),
      isQueued: queue.isQueued(fingerprint),
      isHeld: queue.isHeld(fingerprint),
      trained: isDone ? tokens : head ? ((await lastPoint(project, fingerprint))?.tokens ?? 0) : 0,
      head
    }
  })
  return Promise.all(found)
}

function partitionsOf(run: PlannedRun): string[] {
  if (run.role === 'seed') return []
  return [...new Set(run.draws.map((draw) => draw.unit.partition))]
}
