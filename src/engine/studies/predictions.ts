/** Writes down what proxies say of sequential models before these are trained. */
import { isRunFinished } from '#engine/storage/runs'
import { addPredictions, predictionKey, readPredictions } from '#engine/storage/predictions'
import { measurementDefinition } from './measure'
import { describeReport } from './report'
import type { RunContext } from './runContext'

/**
 * Predicts every sequential model that is not trained and of which nothing was predicted before.
 *
 * Merges and ensembles say later what they said before; regressions and offsets do not, since they are fitted on
 * what was trained. Only what was written down in advance is a prediction.
 */
export async function predictBeforeTraining(context: RunContext): Promise<void> {
  const { project, pool, study, prepared, plan, signal } = context
  const definition = measurementDefinition(study)
  const before = await readPredictions(project.folder)
  const open = plan.sequentials.filter(
    ({ fingerprint }) =>
      !isRunFinished(project.folder, fingerprint) &&
      !before.has(predictionKey({ run: fingerprint, definition }))
  )
  if (open.length === 0) return
  const report = describeReport({ project, study, prepared, plan })
  const isOpen = new Set(open.map(({ fingerprint }) => fingerprint))
  const runs = report.sequentials.filter(({ fingerprint }) => isOpen.has(fingerprint))
  const predicted = await pool.run('predict', { report, runs }, { signal, lane: 'aside' })
  const at = new Date().toISOString()
  await addPredictions(
    project.folder,
    predicted
      .filter(({ losses }) => Object.keys(losses).length > 0)
      .map((one) => ({ ...one, definition, at }))
  )
}
