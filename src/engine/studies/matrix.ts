/** Every mixture with every value there is of it, in the form that a screen draws. Pure. */
import type { Matrix } from '#shared/evidenceView'
import type { Mixture } from '#shared/records'
import { isLoss, isRegression, scoreStudy } from './evidence/scores'
import { sizeOf } from './evidence/strata'
import { memberNames } from './mixtures'
import type { StudyResults } from './results'
import { matrixTasks } from './taskMatrix'

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** Builds the matrix of a study: merges and the mean of branches as proxies, on all documents. */
export function studyMatrix(results: StudyResults): Matrix {
  const scores = scoreStudy(results, 'all')
  const units = results.prepared.partitions.flatMap((partition) => partition.baseUnits)
  const members = memberNames(results.study.mixtures.over, units)
  const table = (columnOf: (domain: number) => Float64Array | null) => {
    const columns = scores.domains.map((_, domain) => columnOf(domain))
    return scores.mixtures.map((_, row) =>
      columns.map((column) => (column ? orNull(column[row]!) : null))
    )
  }
  const proxies = scores.proxies.filter((name) => isLoss(name) && !isRegression(name))
  const tasks = matrixTasks(results, proxies)
  return {
    members,
    domains: scores.domains.map(({ name, kind, partition }) => ({ name, kind, partition })),
    seed: scores.domains.map((_, domain) => orNull(scores.seed(domain))),
    rows: scores.mixtures.map((mixture, row) => ({
      mixture: mixture.name,
      size: sizeOf(mixture),
      shares: sharesOf(mixture, members),
      isMerge: scores.budgets.every((budget) => scores.isMerge(budget, row))
    })),
    proxies: proxies.map((name) => ({
      name,
      values: table((domain) => scores.proxy(name, domain, scores.budgets[0]!))
    })),
    sequential: scores.budgets.map((budget) => ({
      budget,
      values: table((domain) => scores.everySequential(budget, domain)),
      areMerges: scores.mixtures.map((_, row) => scores.isMerge(budget, row))
    })),
    ...(tasks ? { tasks } : {})
  }
}

/** Share of each member in a mixture: its weight, or the same of all that are in it. */
function sharesOf(mixture: Mixture, members: string[]): number[] {
  const weights = new Map(mixture.members.map(({ name, weight }) => [name, weight]))
  return members.map((name) => {
    const weight = weights.get(name)
    if (weight === undefined) return 0
    return weight ?? 1 / mixture.members.length
  })
}
