/** Runs a study: plan = study − what exists; do the rest. */
import { hostname } from 'node:os'
import { toPlain } from '#shared/errors'
import type { Prepared, Run, Study } from '#shared/records'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished } from '#engine/storage/runs'
import type { LaneName } from '#engine/workers/pool'
import { predictBeforeTraining } from './predictions'
import { earlierModels, keptSteps, planEarlier } from './earlierBranches'
import { measureAll, modelsOf, repeatedMerges, trainedModel, unmeasured } from './measureModels'
import { findMemory, placeTraining } from './placement'
import type { Memory } from './placement'
import { notImported } from './importedRuns'
import { runsOf } from './plan'
import type { PlannedRun } from './plan'
import {
  emptySummary,
  endsStudy,
  forgetFailure,
  isStop,
  noteFailure,
  takeInParallel
} from './runContext'
import type { RunContext, RunSummary } from './runContext'
import { startNode } from './startNode'

export type { RunSummary, StudyEvent } from './runContext'

/**
 * Trains what is missing and measures every model on every domain.
 *
 * Order: seed, branches, their measurements and those of all merges, then sequential models, each
 * measured as soon as it is trained, then repeats: whenever one stops, what is there answers something. A run
 * that fails is reported and left out; the study goes on. So is a run that the user sets aside; when
 * it is released, or tried again, while the study runs, it is trained after all.
 *
 * @throws WorkbenchError `model/out-of-memory` before anything starts; `storage/disk-full`;
 *   `backend/unavailable`
 */
export async function runStudy(context: RunContext): Promise<RunSummary> {
  const summary = emptySummary()
  const { plan, signal, queue } = context
  queue.begin()
  const missing = missingRuns(context.project.folder, runsOf(plan))
  const earlier = earlierModels(planEarlier(context.study, plan))
  const models = [...modelsOf(plan), ...earlier]
  const isDone = missing.length === 0 && unmeasured(models, context).length === 0
  const tokens = missing.reduce((sum, run) => sum + run.tokens, 0)
  if (isDone) return summary
  const memory = await findMemory(missing, context)
  context.onEvent({ kind: 'begun', runs: missing.length, tokens })
  const isMore = () =>
    missingRuns(context.project.folder, missing).some((run) => queue.isOpen(run.fingerprint))
  try {
    do {
      if (plan.seed) await trainAll([plan.seed], memory, context, summary)
      if (plan.seed && !isRunFinished(context.project.folder, plan.seed.fingerprint)) break
      await trainAll(plan.branches, memory, context, summary)
      const repeated = new Set(plan.repeats.flatMap(repeatedMerges).map((one) => one.fingerprint))
      const untrained = models.filter(
        ({ role, fingerprint }) => role !== 'sequential' && !repeated.has(fingerprint)
      )
      await measureAll(untrained, memory, context, summary)
      await predictBeforeTraining(context)
      await trainAll(plan.sequentials, memory, context, summary, true)
      for (const repeat of plan.repeats) {
        await trainAll(repeat.branches, memory, context, summary)
        await measureAll(repeatedMerges(repeat), memory, context, summary)
        await trainAll(repeat.sequentials, memory, context, summary, true)
      }
    } while (isMore())
  } catch (error) {
    if (!isStop(error, signal)) throw error
  }
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
  memory: Memory,
  context: RunContext,
  summary: RunSummary,
  measureEach = false
): Promise<void> {
  const missing = new Set(missingRuns(context.project.folder, runs))
  if (measureEach) {
    // A run trained before the last stop may lack its measurement.
    const present = runs.filter((run) => isRunFinished(context.project.folder, run.fingerprint))
    await measureAll(present.map(trainedModel), memory, context, summary)
  }
  const [first] = missing
  if (!first) return
  const { lane, atOnce } = await placeTraining(first.recipe, missing.size, memory, context)
  const take = () => context.queue.take([...missing])
  await takeInParallel(take, atOnce, context, async (run) => {
    const isTrained = await trainOne(run, lane, context, summary)
    if (isTrained) missing.delete(run)
    if (isTrained && measureEach) {
      await measureAll([trainedModel(run)], memory, context, summary, lane)
    }
  })
}

async function trainOne(
  planned: PlannedRun,
  lane: LaneName,
  context: RunContext,
  summary: RunSummary
): Promise<boolean> {
  const { project, pool, study, prepared, queue } = context
  const signal = AbortSignal.any([context.signal, queue.signalOf(planned.fingerprint)])
  let isDone = false
  const head = (change: Partial<Run>): Run => ({
    fingerprint: planned.fingerprint,
    role: planned.role,
    name: planned.name,
    mixture: planned.mixture,
    budget: planned.budget,
    chosenBy: planned.chosenBy,
    baseUnits: planned.baseUnits,
    tokens: planned.tokens,
    steps: planned.steps,
    state: 'running',
    finalLoss: null,
    elapsedMs: 0,
    tokensPerSecond: 0,
    backend: null,
    device: null,
    threads: null,
    host: hostname(),
    error: null,
    ...change
  })
  const save = async (run: Run): Promise<void> => {
    await project.saveRun(run)
    context.onEvent({ kind: 'run', record: run })
  }
  const key = planned.fingerprint
  try {
    forgetFailure(summary, planned.name)
    const { start } = planned
    if (planned.isImported || !start) throw notImported(planned)
    const from = startNode(planned, context.plan)
    await save(head({}))
    const trained = await pool.run(
      'train',
      {
        project: project.folder,
        fingerprint: planned.fingerprint,
        label: planned.name,
        config: context.plan.config,
        recipe: planned.recipe,
        start,
        draws: planned.draws,
        replay: planned.replay,
        randomSeed: planned.randomSeed,
        endOfTextId: prepared.tokenizer.endOfTextId,
        tokenizerFile: projectPaths.tokenizer(project.folder, prepared.tokenizer.fingerprint),
        heldOut: heldOutOf(planned, study, prepared),
        keepMoments: planned.keepMoments,
        ...(from ? { startedFrom: from } : {}),
        keepSteps: keptSteps(study, planned)
      },
      {
        lane,
        matmulPrecision: planned.recipe.matmulPrecision,
        signal,
        onProgress: (progress) => context.onEvent({ kind: 'progress', key, progress })
      }
    )
    isDone = trained.outcome === 'finished'
    await save(head({ ...trained.result, state: isDone ? 'done' : 'stopped' }))
    if (isDone) summary.trained++
    return isDone
  } catch (error) {
    if (isStop(error, signal)) {
      await save(head({ state: 'stopped' }))
      // A run that was set aside stops alone; the study goes on.
      if (!context.signal.aborted) return false
      throw error
    }
    const plain = toPlain(error)
    if (endsStudy(plain.code)) {
      // The disk may be too full even for this; the error that is told is the first.
      await save(head({ state: 'stopped' })).catch(() => undefined)
      throw error
    }
    queue.fail(key)
    await save(head({ state: 'failed', error: { code: plain.code, message: plain.message } }))
    noteFailure(summary, { name: planned.name, code: plain.code, message: plain.message })
    return false
  } finally {
    queue.end(key, isDone)
    context.onEvent({ kind: 'ended', key })
  }
}

function heldOutOf(planned: PlannedRun, study: Study, prepared: Prepared) {
  if (study.evaluation.everySteps === null) return null
  const partitions = new Set(planned.draws.map((draw) => draw.unit.partition))
  const domains = prepared.domains.filter((domain) =>
    planned.role === 'seed'
      ? domain.kind === 'seed'
      : domain.partition !== undefined && partitions.has(domain.partition)
  )
  if (domains.length === 0) return null
  return {
    everySteps: study.evaluation.everySteps,
    domains: domains.map(({ name, fingerprint }) => ({ name, fingerprint }))
  }
}
