/** What running a study would cost from here, on this machine. */
import { localSettingsOf } from '#shared/executors'
import { tokensRead } from '#shared/preparedText'
import { evaluationMemoryBytes, trainingMemoryBytes, trainingsThatFit } from '#engine/model/config'
import { isRunFinished } from '#engine/storage/runs'
import { planSummary } from './cost'
import type { PlanSummary } from './cost'
import { distinctModels, missingParts } from './measureModels'
import { measuredRate } from './measuredRate'
import { DevicePlaces } from '#engine/executors/devicePlaces'
import { availableMemory } from '#engine/executors/localExecutor'
import { runsOf } from './plan'
import { missingRuns } from './run'
import type { RunContext } from './runContext'

/**
 * Estimates time, memory and disk from a rate that is measured where it is not known yet.
 *
 * @throws WorkbenchError `model/out-of-memory` when a run cannot fit at all
 */
export async function plannedCost(context: RunContext): Promise<PlanSummary> {
  const { project, pool, study, prepared, plan } = context
  const device = await context.device()
  const availableBytes = device.isGpu ? null : availableMemory()
  const runs = runsOf(plan)
  const left = study.trainer ? [] : missingRuns(project.folder, runs)
  for (const recipe of new Set(left.map((run) => run.recipe))) {
    trainingsThatFit(plan.config, recipe, availableBytes)
  }
  const needed = study.trainer
    ? evaluationMemoryBytes(plan.config, study.evaluation.batchSize)
    : trainingMemoryBytes(plan.config, study.branch)
  const fitting = Math.max(1, Math.floor((availableBytes ?? Infinity) / needed))
  const here = localSettingsOf(study.executor)
  const places = new DevicePlaces(here, { pool, project: project.folder, device: context.device })
  const { config } = plan
  const choice = study.trainer
    ? null
    : await places.choose(config, { recipe: study.branch, runs: left.length })
  const models = distinctModels(plan)
  const missing = models.filter((model) => missingParts(model, context).length > 0)
  const own = new Set(runs.map(({ fingerprint }) => fingerprint))
  const heads = project.runs.filter(({ fingerprint }) => own.has(fingerprint))
  const measured = { pool, project: project.folder, config, study, device, fitting, choice, heads }
  return planSummary(
    study,
    plan,
    await measuredRate(measured),
    {
      device: choice?.names.join(', ') ?? device.name,
      availableBytes,
      freeDiskBytes: await context.room.free()
    },
    (fingerprint) => isRunFinished(project.folder, fingerprint),
    {
      total: models.length,
      missing: missing.length,
      tokensEach: tokensRead(prepared.domains)
    }
  )
}
