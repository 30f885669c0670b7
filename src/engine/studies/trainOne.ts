/** Trains one run of a plan in a worker, and keeps its head up to date. */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { toPlain } from '#shared/errors'
import { UNTRAINED } from '#shared/records'
import type { Prepared, Run, Study } from '#shared/records'
import type { JobOptions } from '#engine/executors/executor'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished, settledHead } from '#engine/storage/runs'
import { sweepDrafts } from '#engine/storage/sweepDrafts'
import type { TrainJob, TrainResult } from '#engine/workers/jobs'
import type { LaneName } from '#engine/workers/pool'
import { keptSteps } from './earlierBranches'
import { notImported } from './importedRuns'
import type { PlannedRun } from './plan'
import { endsStudy, forgetFailure, isStop, noteFailure } from './runContext'
import type { RunContext, RunSummary } from './runContext'
import { startNode } from './startNode'
import { tryAgain } from './tryAgain'

/**
 * Trains a run that was taken from the queue, from where it was left. What may pass, such as a worker
 * that died, is tried again from the last resume point.
 *
 * @returns false where it was not finished: it was set aside, it failed, or the disk is nearly full, and
 *   then it stays open
 * @throws WorkbenchError what every further run would meet too
 */
export async function trainOne(
  planned: PlannedRun,
  lane: LaneName,
  context: RunContext,
  summary: RunSummary
): Promise<boolean> {
  const { project, queue, room } = context
  const key = planned.fingerprint
  const signal = AbortSignal.any([context.signal, queue.signalOf(key), room.signal])
  const save = async (change: Partial<Run>): Promise<void> => {
    const record = headOf(planned, change)
    await project.saveRun(record)
    context.onEvent({ kind: 'run', record })
  }
  let isDone = false
  let error: Run['error'] = null
  // Kept beside, told to nobody: what reads the project sees where its runs are.
  const onPlaced = (device: string) =>
    void project.saveRun(headOf(planned, { error, device })).catch(() => undefined)
  try {
    forgetFailure(summary, planned.name)
    // Finished, but its head could not be stored.
    if (isRunFinished(project.folder, key)) {
      await save(await settledHead(project.folder, headOf(planned, {})))
    } else {
      await save({})
      const trained = await tryAgain(
        signal,
        () => sendToWorker(planned, { lane, signal, onPlaced }, context),
        async ({ code }, message) => {
          // What the worker left half-written; a resume point it was replacing goes back.
          const folder = projectPaths.run(project.folder, key)
          if (existsSync(folder)) await sweepDrafts(folder, 1)
          error = { code, message }
          await save({ error })
        }
      )
      if (trained.outcome !== 'finished') {
        await save({ ...trained.result, state: 'stopped' })
        return false
      }
      await save({ ...trained.result, state: 'done' })
    }
    isDone = true
    summary.trained++
    return true
  } catch (error) {
    const plain = toPlain(error)
    if (isStop(error, signal)) {
      await save({ state: 'stopped' })
      // A run that was set aside, or that waits for space, stops alone; the study goes on.
      if (!context.signal.aborted) return false
      throw error
    }
    if (endsStudy(plain.code)) {
      // The disk may be too full even for this; the error that is told is the first.
      await save({ state: 'stopped' }).catch(() => undefined)
      const mayWait = plain.code === 'storage/disk-full' && !context.signal.aborted
      if (mayWait && (await room.refused(key, context.signal))) return false
      throw error
    }
    queue.fail(key)
    await save({ state: 'failed', error: { code: plain.code, message: plain.message } })
    noteFailure(summary, { name: planned.name, code: plain.code, message: plain.message })
    return false
  } finally {
    queue.end(key, isDone)
    context.onEvent({ kind: 'ended', key })
  }
}

/** The head of a run, as it is when it begins, with what is known of it by now. */
export function headOf(planned: PlannedRun, change: Partial<Run>): Run {
  return {
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
    ...UNTRAINED,
    host: hostname(),
    error: null,
    ...change
  }
}

async function sendToWorker(
  planned: PlannedRun,
  options: JobOptions,
  context: RunContext
): Promise<TrainResult> {
  const { fingerprint } = planned
  return context.executor.train(trainJobOf(planned, context), {
    ...options,
    onProgress: (progress) => context.onEvent({ kind: 'progress', key: fingerprint, progress })
  })
}

/**
 * What is told to whoever trains a run.
 *
 * @throws WorkbenchError `run/missing` for one that was to be imported
 */
export function trainJobOf(
  planned: PlannedRun,
  { project, study, prepared, plan }: Pick<RunContext, 'project' | 'study' | 'prepared' | 'plan'>
): TrainJob {
  const { start, fingerprint } = planned
  if (planned.isImported || !start) throw notImported(planned)
  const from = startNode(planned, plan)
  return {
    project: project.folder,
    fingerprint,
    label: planned.name,
    config: plan.config,
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
    keepSteps: keptSteps(study, planned),
    ...(study.trainer ? { trainer: study.trainer } : {})
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
