/** The matrix in another metric: what models make of tasks, in the place of losses. Pure. */
import { TASK_METRICS } from '#shared/evidenceView'
import type { Matrix, TaskMetric } from '#shared/evidenceView'

/** Losses of all domains, or a metric of the tasks among them. */
export type MatrixMetric = 'loss' | TaskMetric

export const METRICS: readonly MatrixMetric[] = ['loss', ...TASK_METRICS]

/** A metric as the screen names it. */
export const METRIC_WORDS: Record<MatrixMetric, string> = {
  loss: 'loss',
  accuracy: 'accuracy',
  accuracyPerByte: 'accuracy per byte',
  normalizedProbability: 'p(gold)'
}

/** A matrix as it is shown; without a metric its values are losses. */
export type ShownMatrix = Matrix & { metric?: TaskMetric }

/** The columns of a metric: of tasks alone but for losses, which are there of all domains. */
export function matrixIn(matrix: Matrix, metric: MatrixMetric): ShownMatrix {
  const found =
    metric === 'loss' ? null : matrix.tasks?.metrics.find((one) => one.metric === metric)
  if (!found || metric === 'loss') return matrix
  return {
    ...matrix,
    metric,
    domains: matrix.tasks!.domains,
    seed: found.seed,
    proxies: found.proxies,
    sequential: found.sequential.map(({ budget, values }, b) => ({
      budget,
      values,
      areMerges: matrix.sequential[b]!.areMerges
    }))
  }
}

/** What to say of tasks that a metric is not known of; null where there are none. */
export function withoutChoicesWords({ tasks }: Matrix, metric: MatrixMetric): string | null {
  const names = tasks?.withoutChoices ?? []
  if (metric === 'loss' || names.length === 0) return null
  const [one, are] = names.length === 1 ? ['it', 'is'] : ['them', 'are']
  return `${names.join(', ')} ${are} there with the right answers alone, without choices or from an earlier import: a dash stands for what is not measured. Where there are choices, import ${one} again under another name.`
}
