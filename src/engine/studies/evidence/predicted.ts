/** Predictions that were written down before training, held against what training gave. */
import { CHOICE_STATISTICS, choiceWorkspace } from '#engine/statistics/choosing'
import type { RunPrediction, SequentialRun } from '#engine/workers/reportJobs'
import type { Predicted } from '#shared/evidenceView'
import type { BudgetKind, ChosenBy } from '#shared/records'
import { chosenDocuments } from '../results'
import type { StudyResults } from '../results'
import { isLoss, lossOn, scoreStudy } from './scores'
import { withinSize } from './strata'

/** What one proxy had said of one sequential model on one domain, in nats per token. */
export interface PredictedLoss {
  mixture: string
  budget: BudgetKind
  chosenBy: ChosenBy | null
  proxy: string
  domain: string
  /** Sequential models that were measured when it was said. */
  trained: number
  predicted: number
  /** What training gave; null where it is not trained yet. */
  sequential: number | null
}

/**
 * What all proxies say now of mixtures: counts, shares and overlaps left out, since they are no losses.
 *
 * @param runs sequential models, trained or not
 */
export function predictRuns(
  results: StudyResults,
  runs: readonly SequentialRun[]
): RunPrediction[] {
  const scores = scoreStudy(results, 'all')
  const place = new Map(scores.mixtures.map(({ name }, i) => [name, i]))
  const fingerprints = new Map(results.domains.map(({ name, fingerprint }) => [name, fingerprint]))
  const proxies = scores.proxies.filter(isLoss)
  const domains = [...scores.domains.entries()].filter(([, { kind }]) => kind !== 'mean')
  // A column holds all mixtures: asked for once, not once for every run.
  const budgets = new Map(
    scores.budgets.map((budget) => {
      const columns = proxies.map((proxy) => ({
        proxy,
        values: domains.map(([d]) => scores.proxy(proxy, d, budget))
      }))
      const known = domains[0] ? scores.everySequential(budget, domains[0][0]) : new Float64Array()
      return [budget, { columns, trained: known.filter(Number.isFinite).length }]
    })
  )
  return runs.map(({ fingerprint: run, mixture, budget }) => {
    const row = place.get(mixture)!
    const { columns, trained } = budgets.get(budget)!
    const said = columns.map(({ proxy, values }) => {
      const losses = domains.flatMap(([, { name }], i): [string, number][] => {
        const loss = Math.log(values[i]?.[row] ?? NaN)
        return Number.isFinite(loss) ? [[fingerprints.get(name)!, loss]] : []
      })
      return [proxy, Object.fromEntries(losses)] as const
    })
    return {
      run,
      trained,
      losses: Object.fromEntries(said.filter(([, losses]) => Object.keys(losses).length > 0))
    }
  })
}

/** Every stored prediction beside what came of it, in the order of training, domains and proxies. */
export function predictedLosses({
  predictions = [],
  models,
  domains
}: StudyResults): PredictedLoss[] {
  const byRun = new Map(models.map((model) => [model.fingerprint, model]))
  return predictions.flatMap(({ fingerprint, mixture, budget, chosenBy, prediction }) =>
    domains.flatMap((domain) =>
      Object.entries(prediction.losses).flatMap(([proxy, losses]): PredictedLoss[] => {
        const predicted = losses[domain.fingerprint]
        if (predicted === undefined) return []
        const loss = lossOn(byRun.get(fingerprint), domain, chosenDocuments(domain, 'all'))
        return [
          {
            mixture,
            budget,
            chosenBy,
            proxy,
            domain: domain.name,
            trained: prediction.trained,
            predicted,
            sequential: Number.isFinite(loss) ? loss : null
          }
        ]
      })
    )
  )
}

/**
 * How good predictions were that were written down before training: one row per budget and proxy, on the mean
 * over all domains in nats per token. Runs that are not trained, or measured on fewer domains, do not count.
 */
export function scorePredictions(results: StudyResults): Predicted[] {
  const byProxy = new Map<string, Map<string, PredictedLoss[]>>()
  for (const one of predictedLosses(results)) {
    const key = `${one.budget}\n${one.proxy}`
    const mixtures = byProxy.get(key) ?? new Map<string, PredictedLoss[]>()
    mixtures.set(one.mixture, [...(mixtures.get(one.mixture) ?? []), one])
    byProxy.set(key, mixtures)
  }
  const mixtureOf = new Map(results.mixtures.map((mixture) => [mixture.name, mixture]))
  const mean = (values: readonly number[]) =>
    values.reduce((sum, one) => sum + one, 0) / values.length
  return [...byProxy.values()].flatMap((mixtures): Predicted[] => {
    const known = [...mixtures].flatMap(([name, losses]) => {
      const mixture = mixtureOf.get(name)
      const isWhole = losses.length === results.domains.length
      const truth = losses.flatMap(({ sequential }) => sequential ?? [])
      if (!mixture || !isWhole || truth.length < losses.length) return []
      return [{ mixture, said: mean(losses.map(({ predicted }) => predicted)), came: mean(truth) }]
    })
    const { budget, proxy } = [...mixtures.values()][0]![0]!
    const { items, groups } = withinSize(known.map(({ mixture }) => mixture))
    const pick = (of: 'said' | 'came') => Float64Array.from(items, (i) => known[i]![of])
    const choices = new Float64Array(CHOICE_STATISTICS.length).fill(NaN)
    if (items.length > 1) {
      choiceWorkspace(pick('said'), pick('came'), groups).measure(null, 0, choices)
    }
    const accuracy = choices[CHOICE_STATISTICS.indexOf('accuracy')]!
    const errors = known.map(({ said, came }) => said - came)
    return [
      {
        budget,
        proxy,
        predicted: mixtures.size,
        trained: known.length,
        meanError: errors.length > 0 ? mean(errors) : null,
        meanAbsoluteError: errors.length > 0 ? mean(errors.map(Math.abs)) : null,
        accuracy: Number.isFinite(accuracy) ? accuracy : null
      }
    ]
  })
}
