/** What every mixture makes of the tasks among the domains, in the form that a screen draws. Pure. */
import { TASK_METRICS } from '#shared/evidenceView'
import type { MatrixTasks, TaskMetric } from '#shared/evidenceView'
import type { MergeKind, Mixture } from '#shared/records'
import { chosenDocuments, indexModels } from './results'
import type { MeasuredDomain, ModelResult, StudyResults } from './results'
import { taskScore } from './taskScores'
import type { TaskScore } from './taskScores'

type Find = (mixture: Mixture) => ModelResult | undefined
type Scored = (TaskScore | null)[]

/**
 * Builds the tasks of a study's matrix, on all items; null where no domain is a task.
 *
 * @param proxies those of the matrix: merges and ensembles are read, means over branches are none
 */
export function matrixTasks(results: StudyResults, proxies: readonly string[]): MatrixTasks | null {
  const tasks = results.domains.filter(isTask)
  if (tasks.length === 0) return null
  const { mixtures, study } = results
  const models = indexModels(results)
  const chosen = tasks.map((domain) => chosenDocuments(domain, 'all'))
  const isTruth = new Set(results.sequentialMixtures)
  const scoresOf = (model: ModelResult | undefined): Scored =>
    tasks.map((domain, t) => taskScore(model, domain, chosen[t]!))
  const ofProxies = proxies.flatMap((name) => {
    const find = findOf(name, models)
    return find ? [{ name, scores: mixtures.map((mixture) => scoresOf(find(mixture))) }] : []
  })
  const ofTruth = study.sequential.budgets.map((budget) => ({
    budget,
    scores: mixtures.map((mixture) =>
      scoresOf(isTruth.has(mixture.name) ? models.sequential(mixture, budget) : undefined)
    )
  }))
  const seed = scoresOf(models.seed)
  return {
    domains: tasks.map(({ name, kind, partition }) => ({
      name,
      kind,
      partition: partition ?? null
    })),
    withoutChoices: tasks.flatMap(({ name, otherAnswers }) => (otherAnswers ? [] : [name])),
    metrics: TASK_METRICS.map((metric) => ({
      metric,
      seed: read(seed, metric),
      proxies: ofProxies.map(({ name, scores }) => ({ name, values: table(scores, metric) })),
      sequential: ofTruth.map(({ budget, scores }) => ({ budget, values: table(scores, metric) }))
    }))
  }
}

/** True for a domain of which contexts are seen and not scored. */
function isTask({ perDocument }: MeasuredDomain): boolean {
  return perDocument.contexts !== undefined
}

/** The model that a proxy reads of a mixture; null where it reads more than one. */
function findOf(name: string, models: ReturnType<typeof indexModels>): Find | null {
  if (name === 'ensemble') return (mixture) => models.ensemble(mixture)
  if (!name.startsWith('merge-')) return null
  return (mixture) => models.merge(mixture, name.slice('merge-'.length) as MergeKind)
}

function read(scores: Scored, metric: TaskMetric): (number | null)[] {
  return scores.map((score) => score?.[metric] ?? null)
}

function table(rows: readonly Scored[], metric: TaskMetric): (number | null)[][] {
  return rows.map((scores) => read(scores, metric))
}
