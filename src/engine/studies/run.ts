/** Runs a study: plan = study − what exists; do the rest. */
import { hostname } from 'node:os'
import { WorkbenchError, toPlain } from '#shared/errors'
import type {
  HeldOutDomain,
  Measurement,
  Prepared,
  Progress,
  Recipe,
  Run,
  Study
} from '#shared/records'
import { trainingsThatFit } from '#engine/model/config'
import type { Measurements } from '#engine/storage/measurements'
import type { Project } from '#engine/storage/project'
import { isRunFinished } from '#engine/storage/runs'
import { projectPaths } from '#engine/storage/paths'
import type { ComputeDevice, MeasuredModel } from '#engine/workers/jobs'
import type { LaneName, WorkerPool } from '#engine/workers/pool'
import { measurementDefinition } from './measure'
import type { PlannedRun, StudyPlan } from './plan'

/** What running tells: the newest version of a record, or how far something is. */
export type StudyEvent =
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

/** What one call of {@link runStudy} did. */
export interface RunSummary {
  trained: number
  measured: number
  failed: { name: string; code: string; message: string }[]
  /** True when it was asked to stop before everything was done. */
  wasStopped: boolean
  /** Wall time spent averaging and evaluating merges, ms summed over workers. */
  averageMs: number
  evaluateMs: number
}

interface ModelToMeasure {
  label: string
  fingerprint: string
  model: MeasuredModel
}

/**
 * Trains what is missing and measures every model on every domain.
 *
 * Order: seed, branches, their measurements and those of all merges, then sequential models, each
 * measured as soon as it is trained: whenever one stops, what is there answers something. A run
 * that fails is reported and left out; the study goes on.
 *
 * @throws WorkbenchError `model/out-of-memory` before anything starts; `storage/disk-full`;
 *   `backend/unavailable`
 */
export async function runStudy(context: RunContext): Promise<RunSummary> {
  const summary: RunSummary = {
    trained: 0,
    measured: 0,
    failed: [],
    wasStopped: false,
    averageMs: 0,
    evaluateMs: 0
  }
  const { plan, signal } = context
  await assertMemory(context)
  try {
    if (plan.seed) {
      await trainAll([plan.seed], context, summary)
      if (!isRunFinished(context.project.folder, plan.seed.fingerprint))
        return ended(summary, signal)
    }
    await trainAll(plan.branches, context, summary)
    await measureAll(
      [
        ...seedModels(plan),
        ...plan.branches.map(trainedModel),
        ...plan.merges.map((merge): ModelToMeasure => ({
          label: `merge-${merge.merge} ${merge.mixture}`,
          fingerprint: merge.fingerprint,
          model: { kind: 'merge', branches: merge.branches }
        }))
      ],
      context,
      summary
    )
    await trainAll(plan.sequentials, context, summary, true)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return ended(summary, signal)
}

/** Every recipe that is still to be trained must fit before the first run is begun. */
async function assertMemory(context: RunContext): Promise<void> {
  const { plan, project } = context
  const groups = [plan.seed ? [plan.seed] : [], plan.branches, plan.sequentials]
  for (const runs of groups) {
    const [first] = missingRuns(project.folder, runs)
    if (first) await place(first.recipe, 1, context)
  }
}

/** In which lane the runs of a recipe train, and how many of them at once. */
async function place(
  recipe: Recipe,
  runs: number,
  context: RunContext
): Promise<{ lane: LaneName; atOnce: number }> {
  const { isGpu } = await context.device()
  const fitting = trainingsThatFit(context.plan.config, recipe, isGpu ? null : availableMemory())
  const atOnce = Math.min(runs, fitting, context.pool.width('narrow'))
  // Several small models on one GPU may be faster; nobody has measured it yet.
  return isGpu || atOnce < 2 ? { lane: 'wide', atOnce: 1 } : { lane: 'narrow', atOnce }
}

/** Bytes that this machine, or the container it is, could still fill. */
export function availableMemory(): number {
  return process.availableMemory()
}

function ended(summary: RunSummary, signal: AbortSignal): RunSummary {
  return { ...summary, wasStopped: signal.aborted }
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
  const { lane, atOnce } = await place(first.recipe, missing.length, context)
  await inParallel(missing, atOnce, context, async (run) => {
    const isTrained = await trainOne(run, lane, context, summary)
    if (isTrained && measureEach) await measureAll([trainedModel(run)], context, summary, lane)
  })
}

/** Works a list off, so many at once. */
async function inParallel<Item>(
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
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function trainOne(
  planned: PlannedRun,
  lane: LaneName,
  context: RunContext,
  summary: RunSummary
): Promise<boolean> {
  const { project, pool, study, prepared, signal } = context
  const head = (change: Partial<Run>): Run => ({
    fingerprint: planned.fingerprint,
    role: planned.role,
    name: planned.name,
    mixture: planned.mixture,
    budget: planned.budget,
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
  await save(head({}))
  try {
    const result = await pool.run(
      'train',
      {
        project: project.folder,
        fingerprint: planned.fingerprint,
        label: planned.name,
        config: context.plan.config,
        recipe: planned.recipe,
        start: planned.start,
        draws: planned.draws,
        replay: planned.replay,
        randomSeed: planned.randomSeed,
        endOfTextId: prepared.tokenizer.endOfTextId,
        tokenizerFile: projectPaths.tokenizer(project.folder, prepared.tokenizer.fingerprint),
        heldOut: heldOutOf(planned, study, prepared),
        keepMoments: planned.keepMoments
      },
      {
        lane,
        matmulPrecision: planned.recipe.matmulPrecision,
        signal,
        onProgress: (progress) => context.onEvent({ kind: 'progress', key, progress })
      }
    )
    await save(
      head({
        state: result.outcome === 'finished' ? 'done' : 'stopped',
        finalLoss: result.finalLoss,
        elapsedMs: result.elapsedMs,
        tokensPerSecond: result.tokensPerSecond,
        backend: result.backend,
        device: result.device,
        threads: result.threads,
        host: result.host
      })
    )
    if (result.outcome === 'stopped') return false
    summary.trained++
    return true
  } catch (error) {
    if (signal.aborted) {
      await save(head({ state: 'stopped' }))
      throw error
    }
    const plain = toPlain(error)
    if (plain.code === 'storage/disk-full' || plain.code === 'backend/unavailable') {
      // The disk may be too full even for this; the error that is told is the first.
      await save(head({ state: 'stopped' })).catch(() => undefined)
      throw error
    }
    await save(head({ state: 'failed', error: { code: plain.code, message: plain.message } }))
    summary.failed.push({ name: planned.name, code: plain.code, message: plain.message })
    return false
  } finally {
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

/** The seed: trained here, or brought as a checkpoint. */
function seedModels({ seed, seedCheckpoint }: StudyPlan): ModelToMeasure[] {
  if (seed) return [trainedModel(seed)]
  if (!seedCheckpoint) return []
  const { fingerprint, folder } = seedCheckpoint
  return [{ label: 'seed', fingerprint, model: { kind: 'checkpoint', folder } }]
}

function trainedModel(run: PlannedRun): ModelToMeasure {
  const kind = run.role === 'sequential' ? 'sequential ' : run.role === 'branch' ? 'branch ' : ''
  return {
    label: `${kind}${run.name}`,
    fingerprint: run.fingerprint,
    model: { kind: 'run', fingerprint: run.fingerprint }
  }
}

async function measureAll(
  models: readonly ModelToMeasure[],
  context: RunContext,
  summary: RunSummary,
  ownLane?: LaneName
): Promise<void> {
  const todo = unmeasured(models, context)
  if (todo.length === 0) return
  const lane = ownLane ?? ((await context.device()).isGpu ? 'wide' : 'narrow')
  let done = 0
  await inParallel(todo, context.pool.width(lane), context, async ({ model, domains }) => {
    try {
      await measureOne(model, domains, lane, context, summary)
      context.onEvent({ kind: 'measured', label: model.label, done: ++done, total: todo.length })
    } catch (error) {
      if (context.signal.aborted) throw error
      const { code, message } = toPlain(error)
      summary.failed.push({ name: model.label, code, message })
    }
  })
}

/** Models whose parts are all trained, with the domains they lack a measurement on. */
function unmeasured(models: readonly ModelToMeasure[], context: RunContext) {
  const definition = measurementDefinition(context.study)
  const seen = new Set<string>()
  return models.flatMap((model) => {
    const parts = partsOf(model.model)
    const domains = context.prepared.domains.filter(
      (domain) => !context.measurements.find(model.fingerprint, domain.fingerprint, definition)
    )
    const isReady = parts.every((part) => isRunFinished(context.project.folder, part))
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
      return model.branches.map((branch) => branch.fingerprint)
  }
}

async function measureOne(
  model: ModelToMeasure,
  domains: readonly HeldOutDomain[],
  lane: LaneName,
  context: RunContext,
  summary: RunSummary
): Promise<void> {
  const { study, prepared } = context
  const definition = measurementDefinition(study)
  const result = await context.pool.run(
    'measure',
    {
      project: context.project.folder,
      label: model.label,
      config: context.plan.config,
      model: model.model,
      domains: domains.map(({ name, fingerprint }) => ({ name, fingerprint })),
      window: study.model.contextLength,
      batchSize: study.evaluation.batchSize,
      endOfTextId: prepared.tokenizer.endOfTextId
    },
    { lane, signal: context.signal }
  )
  const measurements = domains.map((domain, index): Measurement => ({
    model: model.fingerprint,
    domain: domain.fingerprint,
    definition,
    nats: result.nats[index]!
  }))
  if (measurements.some((one) => !one.nats.every(Number.isFinite))) {
    throw new WorkbenchError(
      'run/diverged',
      `The model ${model.label} gives a loss that is not a number. It is left out.`,
      { model: model.label }
    )
  }
  // Stored first, told second.
  await context.measurements.add(measurements)
  summary.measured++
  summary.averageMs += result.averageMs
  summary.evaluateMs += result.evaluateMs
}
