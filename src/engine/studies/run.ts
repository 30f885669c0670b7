/** Runs a study: plan = study − what exists; do the rest. */
import { isRunFinished } from '#engine/storage/runs'
import { adoptOutcomes } from './adoptOutcomes'
import { assertDiskHolds, savedBytes } from './diskForecast'
import { predictBeforeTraining } from './predictions'
import { earlierModels, planEarlier } from './earlierBranches'
import { measureAll, modelsOf, repeatedMerges, trainedModel, unmeasured } from './measureModels'
import { runsOf } from './plan'
import type { PlannedRun } from './plan'
import { emptySummary, isStop, takeInParallel, workOf } from './runContext'
import type { RunContext, RunSummary } from './runContext'
import { trainOne } from './trainOne'
import { shortestLast } from './trainingOrder'
import { whenThereIsRoom } from './tryAgain'

export type { RunSummary, StudyEvent } from './runContext'

/**
 * Trains what is missing and measures every model on every domain.
 *
 * Order: seed, branches, their measurements and those of all merges, then sequential models, each
 * measured as soon as it is trained, then repeats: whenever one stops, what is there answers something. A run
 * that fails is reported and left out; the study goes on. So is a run that the user sets aside; when
 * it is released, or tried again, while the study runs, it is trained after all. While the disk is
 * nearly full it waits: what trains saves its state and stops, and goes on when there is space.
 *
 * @throws WorkbenchError `model/out-of-memory` and `storage/disk-full` before anything starts, where it
 *   cannot fit; `storage/disk-full` too where the disk refuses although it says that it has room;
 *   `backend/unavailable`
 */
export async function runStudy(context: RunContext): Promise<RunSummary> {
  const summary = emptySummary()
  const { plan, signal, queue } = context
  queue.begin()
  await adoptOutcomes(context)
  const missing = missingRuns(context.project.folder, runsOf(plan))
  const earlier = earlierModels(planEarlier(context.study, plan))
  const models = [...modelsOf(plan), ...earlier]
  const isDone = missing.length === 0 && unmeasured(models, context).length === 0
  const tokens = missing.reduce((sum, run) => sum + run.tokens, 0)
  if (isDone) return summary
  await context.executor.begin(workOf(context, missing))
  await assertDiskHolds(missing, context)
  context.onEvent({ kind: 'begun', runs: missing.length, tokens })
  const isMore = () =>
    missingRuns(context.project.folder, missing).some((run) => queue.isOpen(run.fingerprint))
  const unwatch = context.room.watch()
  try {
    do {
      if (plan.seed) await trainAll([plan.seed], context, summary)
      if (plan.seed && !isRunFinished(context.project.folder, plan.seed.fingerprint)) break
      await trainAll(plan.branches, context, summary)
      const repeated = new Set(plan.repeats.flatMap(repeatedMerges).map((one) => one.fingerprint))
      const untrained = models.filter(
        ({ role, fingerprint }) => role !== 'sequential' && !repeated.has(fingerprint)
      )
      await measureAll(untrained, context, summary)
      await whenThereIsRoom('predictions', context, () => predictBeforeTraining(context))
      await trainAll(plan.sequentials, context, summary, true)
      for (const repeat of plan.repeats) {
        await trainAll(repeat.branches, context, summary)
        await measureAll(repeatedMerges(repeat), context, summary)
        await trainAll(repeat.sequentials, context, summary, true)
      }
    } while (isMore())
  } catch (error) {
    if (!isStop(error, signal)) throw error
  } finally {
    unwatch()
    await context.executor.end()
  }
  // What elsewhere was done was stored as it came: what lies there still is cleared away.
  await adoptOutcomes(context)
  return ended(summary, missing, context)
}

/** Of a study that was stopped before its first run. */
export function stoppedSummary(): RunSummary {
  return { ...emptySummary(), wasStopped: true }
}

function ended(
  summary: RunSummary,
  runs: readonly PlannedRun[],
  { project, queue, signal }: RunContext
): RunSummary {
  const held = missingRuns(project.folder, runs)
    .filter((run) => queue.isHeld(run.fingerprint))
    .map((run) => run.name)
  return { ...summary, held, wasStopped: signal.aborted }
}

/** Runs of the plan whose checkpoints are not there yet, each fingerprint once. */
export function missingRuns(project: string, runs: readonly PlannedRun[]): PlannedRun[] {
  const seen = new Set<string>()
  return runs.filter((run) => {
    if (seen.has(run.fingerprint) || isRunFinished(project, run.fingerprint)) return false
    seen.add(run.fingerprint)
    return true
  })
}

async function trainAll(
  runs: readonly PlannedRun[],
  context: RunContext,
  summary: RunSummary,
  measureEach = false
): Promise<void> {
  const missing = missingRuns(context.project.folder, runs)
  if (measureEach) {
    // A run trained before the last stop may lack its measurement.
    const present = runs.filter((run) => isRunFinished(context.project.folder, run.fingerprint))
    await measureAll(present.map(trainedModel), context, summary)
  }
  const [first] = missing
  if (!first) return
  const placement = await context.executor.placeTraining(first.recipe, missing.length)
  const { lane, atOnce, workingAtOnce = atOnce } = placement
  context.room.expect(workingAtOnce * savedBytes(context.plan.config))
  const order = shortestLast(missing, workingAtOnce, context.plan)
  const waiting = context.queue.waiting(order)
  await takeInParallel(
    () => waiting.take(),
    atOnce,
    context,
    async (run) => {
      const isTrained = await trainOne(run, lane, context, summary)
      if (isTrained) waiting.drop(run)
      if (isTrained && measureEach) {
        await measureAll([trainedModel(run)], context, summary, lane)
      }
    }
  )
}
