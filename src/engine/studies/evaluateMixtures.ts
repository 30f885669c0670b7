/** Measures mixtures that somebody asks for now, without running the whole study. */
import { WorkbenchError } from '#shared/errors'
import { isRunFinished } from '#engine/storage/runs'
import { measureAll, modelsOf, unmeasured } from './measureModels'
import type { ModelToMeasure } from './measureModels'
import type { PlannedRun, StudyPlan } from './plan'
import { emptySummary, isStop, workOf } from './runContext'
import type { RunContext } from './runContext'
import { mixturesNamed } from './sequentialChoice'

/** Names in one message at most. */
const MOST_NAMED = 10

/**
 * Averages and measures mixtures of a plan, with the seed and the branches that they are read
 * against; what is measured already is not measured again.
 *
 * A stop leaves what is measured by then.
 *
 * @param names of the plan's mixtures
 * @param beforeWork called when there is something to compute; may refuse it
 * @throws WorkbenchError `study/invalid` for a name that is not there; `run/missing` where a branch of them is not trained; else what measuring
 *   the first that failed threw
 */
export async function evaluateMixtures(
  names: readonly string[],
  context: RunContext,
  beforeWork: () => void
): Promise<void> {
  const part = partOf(context.plan, names)
  assertTrained(part.branches, context.project.folder)
  await measureNow(modelsOf(part), context, beforeWork)
}

/**
 * Measures models that somebody asked for; a stop leaves what is measured by then.
 *
 * @param beforeWork called when there is something to compute; may refuse it
 * @throws WorkbenchError what measuring the first that failed threw
 */
export async function measureNow(
  models: readonly ModelToMeasure[],
  context: RunContext,
  beforeWork: () => void
): Promise<void> {
  if (unmeasured(models, context).length === 0) return
  beforeWork()
  const summary = emptySummary()
  try {
    await context.executor.begin(workOf(context, []))
    await measureAll(models, context, summary)
  } catch (error) {
    if (!isStop(error, context.signal)) throw error
  }
  const [failed] = summary.failed
  if (failed) throw new WorkbenchError(failed.code, failed.message, { model: failed.name })
}

/**
 * A plan of some of its mixtures alone.
 *
 * @throws WorkbenchError `study/invalid` for a name that is not there
 */
export function partOf(plan: StudyPlan, names: readonly string[]): StudyPlan {
  const mixtures = mixturesNamed(names, plan.mixtures)
  const wanted = new Set(mixtures.map(({ name }) => name))
  const units = new Set(mixtures.flatMap((one) => one.units.map(({ unit }) => unit)))
  return {
    ...plan,
    mixtures,
    branches: plan.branches.filter(({ name }) => units.has(name)),
    merges: plan.merges.filter(({ mixture }) => wanted.has(mixture)),
    ensembles: plan.ensembles.filter(({ mixture }) => wanted.has(mixture)),
    sequentials: [],
    repeats: [],
    sequentialMixtures: [],
    pickedMixtures: [],
    awaitedMixtures: []
  }
}

/**
 * Refuses work on branches that are not there yet.
 *
 * @throws WorkbenchError `run/missing` naming them
 */
export function assertTrained(branches: readonly PlannedRun[], project: string): void {
  const missing = branches.filter(({ fingerprint }) => !isRunFinished(project, fingerprint))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name)
  const shown = names.slice(0, MOST_NAMED).join(', ') + (names.length > MOST_NAMED ? ', …' : '')
  throw new WorkbenchError(
    'run/missing',
    `${names.length === 1 ? 'The branch of' : `${names.length} branches, of`} ${shown}, ${names.length === 1 ? 'is' : 'are'} not trained yet. Run the study first: a merge is the average of its branches.`,
    { missing: names }
  )
}
