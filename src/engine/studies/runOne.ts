/** Does exactly one planned job, anywhere, and leaves what came of it for the project's host. */
import { hostname } from 'node:os'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { MeasuredPart } from '#shared/preparedText'
import type { Measurement, Progress } from '#shared/records'
import { assertGpuUsed } from '#engine/executors/slurm/slurmGpus'
import { readOutcome, writeOutcome } from '#engine/storage/outcomes'
import type { Outcome } from '#engine/storage/outcomes'
import { isRunFinished } from '#engine/storage/runs'
import { isFurther, savedState } from '#engine/storage/savedState'
import { lastPoint } from '#engine/storage/traces'
import { earlierModels, planEarlier } from './earlierBranches'
import { measurementDefinition } from './measure'
import { measureJobOf, measurementsOf, missingParts, modelsOf } from './measureModels'
import type { ModelToMeasure } from './measureModels'
import { runsOf } from './plan'
import { prepareJobOf, textFingerprint } from './prepare'
import type { PlannedRun } from './plan'
import { isStop, workOf } from './runContext'
import type { RunContext } from './runContext'
import { trainJobOf } from './trainOne'

/** What a job done alone is given. */
export type JobContext = Pick<
  RunContext,
  'project' | 'measurements' | 'study' | 'prepared' | 'plan' | 'executor' | 'device' | 'signal'
>

/** What preparing text alone is given: there is no plan yet. */
export type TextContext = Pick<JobContext, 'project' | 'study' | 'executor' | 'signal'>

/** What came of a job done alone; `nothing`: all of it was there. */
export type JobState = 'done' | 'failed' | 'stopped' | 'nothing'

/** What is told of a job done alone. */
export interface JobNews {
  state: JobState
  label: string
  /** Steps that a run was trained further; 0 of what is measured. */
  steps: number
  /** True where a next try has less to do: it was done, or more of it is saved. */
  isFurther: boolean
  error: Outcome['error'] | null
}

/**
 * Prepares the text of a fingerprint; trains the run of it where that is not finished, else measures the model of it on the domains
 * that it lacks.
 *
 * Writes no record of the project, so that it may be done beside its host, on any machine that has the
 * folder: what came of it lies in `outcomes/` until the host takes it in. A run that is stopped keeps its
 * state, and goes on from there when it is done again.
 *
 * @param key fingerprint of the study's text, or of a run, of a merge or of an ensemble of its plan
 * @param planned gives what work on the planned study is given
 * @throws WorkbenchError `run/unknown`, `study/not-prepared`; what the job threw is in its outcome instead
 */
export async function runOne(
  key: string,
  assay: string,
  { text, planned }: { text: TextContext; planned: () => Promise<JobContext> },
  onProgress: (progress: Progress) => void
): Promise<JobNews> {
  const isText = key === textFingerprint(text.study, text.project.corpora)
  if (isText) return prepareAlone(key, assay, text, onProgress)
  return doPlanned(key, assay, await planned(), onProgress)
}

async function doPlanned(
  key: string,
  assay: string,
  context: JobContext,
  onProgress: (progress: Progress) => void
): Promise<JobNews> {
  const { project, study, plan } = context
  const run = runsOf(plan).find(({ fingerprint }) => fingerprint === key)
  const models = [...modelsOf(plan), ...earlierModels(planEarlier(study, plan))]
  const model = models.find(({ fingerprint }) => fingerprint === key)
  const isTrained = run !== undefined && isRunFinished(project.folder, key)
  if (!run && !model) throw unknownJob(key, study.name)
  const label = model?.label ?? run!.name
  const origin = { key, study: study.name, assay, host: hostname() }
  const before = await stepsOf(project.folder, key)
  const saved = await savedState(project.folder, key)
  const news = async (state: JobState, error: JobNews['error'] = null) => {
    const steps = (await stepsOf(project.folder, key)) - before
    const isMore = isFurther(await savedState(project.folder, key), saved)
    return { state, label, steps, isFurther: state === 'done' || isMore, error }
  }
  try {
    // A trainer of the study's own looks after its GPUs itself.
    if (!study.trainer) await assertGpuUsed(context.device)
    const done =
      run && !isTrained ? trainAlone(run, context, onProgress) : measureAlone(model!, context)
    const came = await done
    if (came === 'stopped' || came === 'nothing') return await news(came)
    await writeOutcome(project.folder, { ...origin, ...came })
    return await news('done')
  } catch (error) {
    const ended = await endedBy(error, origin, context)
    return news(ended.state, ended.error)
  }
}

/**
 * Stopped, or failed, which is left for whoever asked for it. What another process trains at this moment is no
 * failure of the run: nothing is left of it, and `error` says who has it.
 */
async function endedBy(
  thrown: unknown,
  origin: Pick<Outcome, 'key' | 'study' | 'assay' | 'host'>,
  { project, signal }: Pick<JobContext, 'project' | 'signal'>
): Promise<Pick<JobNews, 'state' | 'error'>> {
  const { code, message, details } = toPlain(thrown)
  // What is stopped from outside may lose its workers too: it goes on from its last resume point.
  const isStopped = isStop(thrown, signal) || (signal.aborted && code === 'worker/died')
  if (isStopped) return { state: 'stopped', error: null }
  const error = { code, message, details }
  if (code === 'run/claimed') return { state: 'stopped', error }
  await writeOutcome(project.folder, { ...origin, error })
  return { state: 'failed', error }
}

async function prepareAlone(
  key: string,
  assay: string,
  {
    project,
    study,
    executor,
    signal
  }: Pick<JobContext, 'project' | 'study' | 'executor' | 'signal'>,
  onProgress: (progress: Progress) => void
): Promise<JobNews> {
  const label = `text of ${study.name}`
  const origin = { key, study: study.name, assay, host: hostname() }
  try {
    const job = prepareJobOf(project, study)
    const prepared = await executor.prepare(key, job, { lane: 'wide', signal, onProgress })
    await writeOutcome(project.folder, { ...origin, prepared })
    return { state: 'done', label, steps: 0, isFurther: true, error: null }
  } catch (error) {
    const ended = await endedBy(error, origin, { project, signal })
    return { label, steps: 0, isFurther: false, ...ended }
  }
}

/** How far the curve of a run goes. */
async function stepsOf(project: string, run: string): Promise<number> {
  return (await lastPoint(project, run))?.step ?? 0
}

async function trainAlone(
  run: PlannedRun,
  context: JobContext,
  onProgress: (progress: Progress) => void
): Promise<Pick<Outcome, 'trained'> | 'stopped'> {
  const { executor, signal } = context
  await executor.begin(workOf(context, [run]))
  const { lane } = await executor.placeTraining(run.recipe, 1)
  const { outcome, result } = await executor.train(trainJobOf(run, context), {
    lane,
    signal,
    onProgress
  })
  return outcome === 'finished' ? { trained: result } : 'stopped'
}

async function measureAlone(
  model: ModelToMeasure,
  context: JobContext
): Promise<Pick<Outcome, 'measured'> | 'nothing'> {
  const { executor, signal } = context
  const domains = missingParts(model.fingerprint, context)
  if (domains.length === 0 || (await isLeft(model, domains, context))) return 'nothing'
  await executor.begin(workOf(context, []))
  const { lane, heldBytes } = await executor.placeMeasuring(1)
  const job = measureJobOf(model, domains, heldBytes, context)
  const result = await executor.measure(model.fingerprint, job, { lane, signal })
  const measurements: Measurement[] = measurementsOf(model, domains, job.definition, result.nats)
  return {
    measured: { measurements, averageMs: result.averageMs, evaluateMs: result.evaluateMs }
  }
}

/** True where an earlier try measured it, and nobody has taken that in yet. */
async function isLeft(
  { fingerprint }: ModelToMeasure,
  domains: readonly MeasuredPart[],
  { project, study }: JobContext
): Promise<boolean> {
  const left = (await readOutcome(project.folder, fingerprint))?.measured?.measurements ?? []
  const definition = measurementDefinition(study)
  return domains.every((domain) =>
    left.some((one) => one.domain === domain.fingerprint && one.definition === definition)
  )
}

function unknownJob(key: string, study: string): WorkbenchError {
  return new WorkbenchError(
    'run/unknown',
    `The study "${study}" has no run and no model of the fingerprint ${key.slice(0, 12)}. Either the study or its text was changed since, or it is another study's.`,
    { run: key, study }
  )
}
