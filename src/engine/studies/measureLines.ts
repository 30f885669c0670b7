/** Measures models along straight lines in the space of weights, when somebody asks for it. */
import { assertTrained, measureNow } from './evaluateMixtures'
import type { RunContext } from './runContext'
import { modelsOnLines, planLines } from './weightLines'

/**
 * Averages and measures the models on the lines of a study; what is measured already is not
 * measured again, and a stop leaves what is measured by then.
 *
 * @param beforeWork called when there is something to compute; may refuse it
 * @throws WorkbenchError `run/missing` where branches are not trained; else what measuring the
 *   first that failed threw
 */
export async function measureLines(context: RunContext, beforeWork: () => void): Promise<void> {
  const { plan, project, study } = context
  assertTrained(plan.branches, project.folder)
  const models = modelsOnLines(planLines(plan, study.randomSeed), plan)
  await measureNow(models, context, beforeWork)
}
