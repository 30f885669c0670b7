/** Measures models of a study on what they lack. */
import { existsSync } from 'node:fs'
import { WorkbenchError, toPlain } from '#shared/errors'
import { measuredParts } from '#shared/preparedText'
import type { MeasuredPart } from '#shared/preparedText'
import type { Measurement, ModelRole } from '#shared/records'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished } from '#engine/storage/runs'
import type { MeasureJob, MeasuredModel } from '#engine/workers/jobs'
import type { LaneName } from '#engine/workers/pool'
import { measuredText, measurementDefinition } from './measure'
import type { PlannedRepeat, PlannedRun, StudyPlan } from './plan'
import type { PlannedEnsemble, PlannedMerge } from './plannedMerges'
import { endsStudy, inParallel, isStop, noteFailure } from './runContext'
import type { RunContext, RunSummary } from './runContext'
import { tryAgain, whenThereIsRoom } from './tryAgain'

/** A model with the name it is told by. */
export interface ModelToMeasure {
  label: string
  role: ModelRole
  fingerprint: string
  model: MeasuredModel
  /** True where only its losses are asked for: of a task the right answers alone are measured. */
  isProbe?: true
}

/** Every model of a plan, in the order of measuring; one that stands for several comes twice. */
export function modelsOf(plan: StudyPlan): ModelToMeasure[] {
  return [
    ...seedModels(plan),
    ...plan.branches.map(trainedModel),
    ...plan.merges.map(mergedModel),
    ...plan.ensembles.map(ensembleOf),
    ...plan.sequentials.map(trainedModel),
    ...plan.repeats.flatMap((repeat) => [
      ...repeatedMerges(repeat),
      ...repeat.sequentials.map(trainedModel)
    ])
  ]
}

/** What needs a repeat's branches and nothing else. */
export function repeatedMerges(repeat: PlannedRepeat): ModelToMeasure[] {
  const merged = [...repeat.merges.map(mergedModel), ...repeat.ensembles.map(ensembleOf)]
  return [
    ...repeat.branches.map(trainedModel),
    ...merged.map((one) => ({ ...one, label: `${one.label} (random seed ${repeat.randomSeed})` }))
  ]
}

/** Fingerprints of what a plan measures, each once. */
export function distinctModels(plan: StudyPlan): string[] {
  return [...new Set(modelsOf(plan).map((model) => model.fingerprint))]
}

/** What a study measures on, domains and the other answers to tasks, and a model is not measured on. */
export function missingParts(
  model: string,
  context: Pick<RunContext, 'study' | 'prepared' | 'measurements'>
): MeasuredPart[] {
  const definition = measurementDefinition(context.study)
  return measuredParts(context.prepared.domains).filter(
    ({ fingerprint }) => !context.measurements.has(model, fingerprint, definition)
  )
}

/** The seed: trained here, or brought as a checkpoint. */
function seedModels({ seed, seedCheckpoint }: StudyPlan): ModelToMeasure[] {
  if (seed) return [trainedModel(seed)]
  if (!seedCheckpoint) return []
  const { fingerprint, folder } = seedCheckpoint
  return [{ label: 'seed', role: 'seed', fingerprint, model: { kind: 'checkpoint', folder } }]
}

/** A run's checkpoint. */
export function trainedModel(run: PlannedRun): ModelToMeasure {
  const kind = run.role === 'sequential' ? 'sequential ' : run.role === 'branch' ? 'branch ' : ''
  return {
    label: `${kind}${run.name}`,
    role: run.role,
    fingerprint: run.fingerprint,
    model: { kind: 'run', fingerprint: run.fingerprint }
  }
}

/**
 * Measures each model on the domains it has no measurement on, as many at once as memory holds.
 *
 * Models whose parts are not all trained are left out; one that fails is named in the summary.
 *
 * @param ownLane of the run that was just trained; else whatever serves best
 */
export async function measureAll(
  models: readonly ModelToMeasure[],
  context: RunContext,
  summary: RunSummary,
  ownLane?: LaneName
): Promise<void> {
  const todo = unmeasured(models, context)
  if (todo.length === 0) return
  const place = await context.executor.placeMeasuring(todo.length, ownLane)
  let done = 0
  await inParallel(todo, place.atOnce, context, async ({ model, domains }) => {
    try {
      await whenThereIsRoom(`measure ${model.fingerprint}`, context, () =>
        tryAgain(
          context.signal,
          () => measureOne(model, domains, place, context, summary),
          () => Promise.resolve()
        )
      )
      context.onEvent({ kind: 'measured', label: model.label, done: ++done, total: todo.length })
    } catch (error) {
      if (isStop(error, context.signal)) throw error
      const { code, message } = toPlain(error)
      if (endsStudy(code)) throw error
      noteFailure(summary, { name: model.label, code, message })
    }
  })
}

/** An average of branches. */
function mergedModel(merge: PlannedMerge): ModelToMeasure {
  return {
    label: `merge-${merge.merge} ${merge.mixture}`,
    role: 'merge',
    fingerprint: merge.fingerprint,
    model: { kind: 'merge', branches: merge.branches }
  }
}

/** What branches say of each token, averaged. */
function ensembleOf({ fingerprint, mixture, branches }: PlannedEnsemble): ModelToMeasure {
  const label = `ensemble ${mixture}`
  return { label, role: 'ensemble', fingerprint, model: { kind: 'ensemble', branches } }
}

/** Models whose parts are all trained, with what they lack a measurement on. */
export function unmeasured(models: readonly ModelToMeasure[], context: RunContext) {
  const seen = new Set<string>()
  const areDomains = new Set(context.prepared.domains.map(({ fingerprint }) => fingerprint))
  return models.flatMap((model) => {
    const parts = partsOf(model.model)
    const missing = missingParts(model.fingerprint, context)
    const domains = model.isProbe
      ? missing.filter(({ fingerprint }) => areDomains.has(fingerprint))
      : missing
    const { folder } = context.project
    const step = model.model.kind === 'merge' ? model.model.step : undefined
    const isReady = parts.every(
      (part) =>
        isRunFinished(folder, part) &&
        (step === undefined || existsSync(projectPaths.earlierCheckpoint(folder, part, step)))
    )
    if (seen.has(model.fingerprint) || domains.length === 0 || !isReady) return []
    seen.add(model.fingerprint)
    return [{ model, domains }]
  })
}

/** Runs that a model is made of. */
function partsOf(model: MeasuredModel): string[] {
  switch (model.kind) {
    case 'run':
      return [model.fingerprint]
    case 'checkpoint':
      return []
    case 'merge':
      return model.branches
        .map((branch) => branch.fingerprint)
        .filter((fingerprint) => fingerprint !== model.outside?.fingerprint)
    case 'ensemble':
      return model.branches.map((branch) => branch.fingerprint)
  }
}

async function measureOne(
  model: ModelToMeasure,
  domains: readonly MeasuredPart[],
  { lane, heldBytes }: { lane: LaneName; heldBytes: number },
  context: RunContext,
  summary: RunSummary
): Promise<void> {
  const job = measureJobOf(model, domains, heldBytes, context)
  const { signal } = context
  const result = await context.executor.measure(model.fingerprint, job, { lane, signal })
  // Stored first, told second.
  await context.measurements.add(measurementsOf(model, domains, job.definition, result.nats))
  summary.measured++
  summary.averageMs += result.averageMs
  summary.evaluateMs += result.evaluateMs
}

/** What is told to whoever measures a model on domains. */
export function measureJobOf(
  model: ModelToMeasure,
  domains: readonly MeasuredPart[],
  heldBytes: number,
  context: Parameters<typeof measuredText>[0]
): MeasureJob {
  return {
    ...measuredText(context, domains),
    label: model.label,
    model: model.model,
    heldBytes,
    keepTokens: model.role === 'branch' || model.role === 'ensemble'
  }
}

/**
 * What measuring gave, as it is stored.
 *
 * @param nats per document of each domain
 * @throws WorkbenchError `run/diverged` where a loss is not a number
 */
export function measurementsOf(
  model: ModelToMeasure,
  domains: readonly MeasuredPart[],
  definition: string,
  nats: readonly number[][]
): Measurement[] {
  const measurements = domains.map((domain, index): Measurement => ({
    model: model.fingerprint,
    domain: domain.fingerprint,
    definition,
    nats: nats[index]!
  }))
  if (measurements.some((one) => !one.nats.every(Number.isFinite))) {
    throw new WorkbenchError(
      'run/diverged',
      `The model ${model.label} gives a loss that is not a number. It is left out.`,
      { model: model.label }
    )
  }
  return measurements
}
