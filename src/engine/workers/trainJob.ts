/** Trains one run inside its folder: trace, resume point, checkpoint, and last the manifest. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { ParameterSet } from '#engine/parameters'
import { chooseBackend } from '#engine/backends/choose'
import { givenDevice } from '#engine/backends/devices'
import type { FusedKernels } from '#engine/backends/backend'
import {
  openCheckpoint,
  readOptimizerState,
  readParameters,
  writeCheckpoint,
  writeOptimizerState
} from '#engine/checkpoints/huggingFace'
import { readDomainTokens, scoredTokens } from '#engine/data/domainDocuments'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import { initializeParameters } from '#engine/model/initialize'
import { claimRun } from '#engine/storage/claims'
import type { Claim } from '#engine/storage/claims'
import { LineLog, removeTree, writeFolder } from '#engine/storage/files'
import type { FolderDraft } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { isThere } from '#engine/storage/presence'
import { readText } from '#engine/storage/reading'
import { assertSound } from '#engine/storage/sealedFiles'
import { isRunFinished, manifestResult, verifyRun, writeManifest } from '#engine/storage/runs'
import { sweepDrafts } from '#engine/storage/sweepDrafts'
import { readTrace } from '#engine/storage/traces'
import { assertNumbers, train } from '#engine/training/train'
import type { Trainer, TrainingState } from '#engine/training/train'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { PlainError } from '#shared/errors'
import { meanLoss } from '#shared/metrics'
import type { RunResult, TracePoint } from '#shared/records'
import { batchesOf } from './commandInputs'
import { trainByCommand } from './commandTrainJob'
import { SAVE_EVERY_MS } from './jobs'
import type { JobHooks, TrainJob, TrainResult } from './jobs'
import { rateMeter } from './rate'
import { finalLoss, keepTraceUpTo, writeLineage } from './runFolder'

/** The curve is appended to so often, in ms, or after so many points: whoever looks sees it grow. */
const TRACE_EVERY_MS = 1000
const TRACE_POINTS = 100

interface Beginning {
  state: TrainingState
  completedSteps: number
  elapsedMs: number
}

/**
 * Trains a run from where it was left, or from its start; by its own trainer where it has one.
 *
 * Stopping keeps weights, moments, step and curve, so that going on gives the weights an
 * undisturbed run would have given, bit for bit on a CPU.
 *
 * @throws WorkbenchError `run/diverged`, `run/claimed`, `model/out-of-memory`, `trainer/*`, `storage/*`
 */
export async function trainRun(job: TrainJob, hooks: JobHooks): Promise<TrainResult> {
  const claim = await claimRun(job.project, job.fingerprint, { signal: hooks.signal })
  try {
    // Who had it before may have finished it while this process waited for the claim.
    const finished = await manifestResult(job.project, job.fingerprint)
    if (finished) return { outcome: 'finished', result: finished }
    // What who had it before left half-written.
    await sweepDrafts(projectPaths.run(job.project, job.fingerprint), 2)
    if (job.trainer) return await trainByCommand(job, job.trainer, hooks, claim)
    return await trainClaimed(job, hooks, claim)
  } finally {
    await claim.release()
  }
}

async function trainClaimed(job: TrainJob, hooks: JobHooks, claim: Claim): Promise<TrainResult> {
  const { project, fingerprint, config, recipe } = job
  const { device, kernels } = await (await chooseBackend()).activate()
  const beginning = await begin(job)
  const batches = await batchesOf(job)
  const trace = await openTrace(job, beginning).catch(async (error: unknown) => {
    await batches.close()
    throw error
  })
  // A clock that nobody sets: a run never takes less than no time.
  const startedAt = performance.now()
  const elapsed = () => Math.round(beginning.elapsedMs + performance.now() - startedAt)
  const tokensPerStep = recipe.batchSize * config.contextLength
  const meter = rateMeter()
  let pending: TracePoint[] = []
  let savedAt = performance.now()
  let tracedAt = savedAt
  try {
    const measureHeldOut = await heldOutMeter(job, kernels)
    const outcome = await train({
      config,
      recipe,
      kernels,
      start: beginning.state,
      firstStep: beginning.completedSteps,
      steps: batches.steps,
      endOfTextId: job.endOfTextId,
      batch: (step) => batches.batch(step),
      onStep: async (point, trainer) => {
        claim.assertHeld()
        const done = point.step + 1
        const rate = meter.add(tokensPerStep)
        const heldOut = await measureHeldOut(done, trainer)
        if (job.keepSteps.includes(done)) {
          const { parameters } = await trainer.state()
          await keepEarlier(job, parameters, done)
        }
        pending.push({
          step: done,
          tokens: done * tokensPerStep,
          loss: point.loss,
          learningRate: point.learningRate,
          gradientNorm: point.gradientNorm,
          tokensPerSecond: Math.round(rate),
          ...(heldOut ? { heldOut } : {})
        })
        if (pending.length >= TRACE_POINTS || performance.now() - tracedAt >= TRACE_EVERY_MS) {
          tracedAt = performance.now()
          await trace.append(pending)
          pending = []
        }
        hooks.onProgress({
          activity: 'train',
          label: job.label,
          done: done * tokensPerStep,
          total: batches.tokens,
          unit: 'tokens',
          rate,
          secondsLeft: ((batches.steps - done) * tokensPerStep) / rate,
          detail: `loss ${point.loss.toFixed(3)}`
        })
      },
      shouldSave: () => performance.now() - savedAt >= SAVE_EVERY_MS,
      onSave: async (state, completedSteps) => {
        savedAt = performance.now()
        await trace.append(pending)
        pending = []
        await saveResumePoint(job, state, completedSteps, elapsed())
      },
      signal: hooks.signal
    })
    await trace.append(pending)
    pending = []
    const elapsedMs = elapsed()
    const result: RunResult = {
      finalLoss: await finalLoss(project, fingerprint),
      elapsedMs,
      tokensPerSecond: ((outcome.completedSteps * tokensPerStep) / Math.max(1, elapsedMs)) * 1000,
      backend: device.backend,
      device: givenDevice()?.name ?? device.name,
      threads: Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0),
      host: hostname()
    }
    if (outcome.outcome === 'finished') await finish(job, outcome.state, result)
    else await saveResumePoint(job, outcome.state, outcome.completedSteps, elapsedMs)
    return { outcome: outcome.outcome, result }
  } catch (error) {
    if (toPlain(error).code !== 'run/diverged') throw error
    // The curve up to where it went wrong is what one looks at next.
    await trace.append(pending)
    throw await withLastGood(job, toPlain(error))
  } finally {
    await trace.close()
    await batches.close()
  }
}

/**
 * Measures the run's held-out domains with the weights as they are, at the steps asked for.
 *
 * Not to be stopped amid: the step it belongs to would be lost with what came before.
 */
async function heldOutMeter(
  job: TrainJob,
  kernels: FusedKernels
): Promise<(done: number, trainer: Trainer) => Promise<Record<string, number> | null>> {
  const { heldOut, config, recipe, endOfTextId } = job
  if (!heldOut) return () => Promise.resolve(null)
  const domains = await Promise.all(
    heldOut.domains.map(async ({ name, fingerprint }) => ({
      name,
      text: await readDomainTokens(job.project, fingerprint)
    }))
  )
  const options = { window: config.contextLength, batchSize: recipe.batchSize, endOfTextId }
  return async (done, trainer) => {
    if (done % heldOut.everySteps !== 0) return null
    const evaluator = createEvaluator(config, kernels)
    evaluator.use(trainer.weights())
    try {
      const losses: Record<string, number> = {}
      for (const { name, text } of domains) {
        const { documents, ...contexts } = text
        const nats = await evaluator.measure(documents, { ...options, ...contexts })
        const tokens = scoredTokens(text).reduce((sum, one) => sum + one, 0)
        losses[name] = meanLoss({ nats: nats.reduce((a, b) => a + b, 0), tokens, bytes: 0 })
      }
      return losses
    } finally {
      evaluator.dispose()
    }
  }
}

/** Says with a divergence where the last good checkpoint is. */
async function withLastGood(job: TrainJob, error: PlainError): Promise<WorkbenchError> {
  const { code, message, details } = error
  const folder = projectPaths.resume(job.project, job.fingerprint)
  if (!isThere(folder)) {
    return new WorkbenchError(code, `${message} Nothing was saved before.`, details)
  }
  const { completedSteps } = await readProgress(folder)
  return new WorkbenchError(
    code,
    `${message} The last good checkpoint, after ${completedSteps} steps, is kept in ${folder}.`,
    { ...details, checkpoint: folder, completedSteps }
  )
}

async function readProgress(resume: string): Promise<Omit<Beginning, 'state'>> {
  const text = await readText(join(resume, 'progress.json'))
  return JSON.parse(text) as Omit<Beginning, 'state'>
}

async function begin(job: TrainJob): Promise<Beginning> {
  const resume = projectPaths.resume(job.project, job.fingerprint)
  if (isThere(resume)) {
    const point = await resumePoint(job, resume)
    if (point) return point
    // Damaged: the run is trained from its start again.
    await removeTree(resume)
  }
  return { state: await startState(job), completedSteps: 0, elapsedMs: 0 }
}

/** Where a run was left; null where that, or the curve up to there, is not what was written. */
async function resumePoint(job: TrainJob, resume: string): Promise<Beginning | null> {
  try {
    await assertSound(resume)
    const progress = await readProgress(resume)
    const curve = await readTrace(job.project, job.fingerprint)
    const traced = curve.filter(({ step }) => step <= progress.completedSteps).length
    if (traced < progress.completedSteps) return null
    const { parameters } = await openCheckpoint(resume)
    const optimizer = await readOptimizerState(resume)
    return { state: { parameters: await readParameters(parameters), ...optimizer }, ...progress }
  } catch (error) {
    if (toPlain(error).code === 'storage/corrupt') return null
    throw error
  }
}

async function startState(job: TrainJob): Promise<TrainingState> {
  const fresh = (parameters: ParameterSet): TrainingState => ({
    parameters,
    firstMoments: null,
    secondMoments: null,
    optimizerSteps: 0
  })
  const { start } = job
  if (start.kind === 'initialize') return fresh(initializeParameters(job.config, start.randomSeed))
  if (start.kind === 'run') await verifyRun(job.project, start.fingerprint)
  const folder =
    start.kind === 'run' ? projectPaths.checkpoint(job.project, start.fingerprint) : start.folder
  const { parameters } = await openCheckpoint(folder)
  const weights = await readParameters(parameters)
  if (!start.carryMoments) return fresh(weights)
  return { parameters: weights, ...(await readOptimizerState(folder)) }
}

async function saveResumePoint(
  job: TrainJob,
  state: TrainingState,
  completedSteps: number,
  elapsedMs: number
): Promise<void> {
  await writeFolder(projectPaths.resume(job.project, job.fingerprint), async (draft) => {
    await writeState(draft, job, state, true)
    await draft.writeFile('progress.json', JSON.stringify({ completedSteps, elapsedMs }))
    await draft.seal()
  })
}

async function finish(job: TrainJob, state: TrainingState, result: RunResult): Promise<void> {
  const { project, fingerprint } = job
  if (isRunFinished(project, fingerprint)) return
  await writeFolder(projectPaths.checkpoint(project, fingerprint), (draft) =>
    writeState(draft, job, state, job.keepMoments)
  )
  await writeManifest(project, fingerprint, result)
  await removeTree(projectPaths.resume(project, fingerprint))
}

/** Weights alone: nothing goes on from them; those that are no numbers end the run. */
async function keepEarlier(job: TrainJob, parameters: ParameterSet, step: number): Promise<void> {
  assertNumbers(parameters, step)
  const { project, fingerprint, config, tokenizerFile, endOfTextId } = job
  await writeFolder(projectPaths.earlierCheckpoint(project, fingerprint, step), (draft) =>
    writeCheckpoint(draft, config, parameters, { tokenizerFile, endOfTextId })
  )
}

async function writeState(
  draft: FolderDraft,
  job: TrainJob,
  state: TrainingState,
  withMoments: boolean
): Promise<void> {
  await writeCheckpoint(draft, job.config, state.parameters, {
    tokenizerFile: job.tokenizerFile,
    endOfTextId: job.endOfTextId
  })
  await writeLineage(draft, job)
  if (withMoments && state.firstMoments && state.secondMoments) {
    await writeOptimizerState(draft, state.firstMoments, state.secondMoments, state.optimizerSteps)
  }
}

async function openTrace(job: TrainJob, { completedSteps }: Beginning): Promise<LineLog> {
  await keepTraceUpTo(job.project, job.fingerprint, completedSteps)
  return LineLog.open(projectPaths.trace(job.project, job.fingerprint))
}
