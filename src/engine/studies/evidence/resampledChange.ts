/** Mean loss over all domains in every resample of the documents, paired between models. */
import { BRANCH_PROXIES } from '#engine/proxies/branchProxies'
import { drawDocuments, resampledLosses } from '#engine/statistics/documents'
import { deriveSeed } from '#engine/statistics/random'
import type { BudgetKind, MergeKind, Mixture } from '#shared/records'
import { chosenDocuments, indexModels } from '../results'
import type { DocumentChoice, MeasuredDomain, ModelResult, StudyResults } from '../results'
import { domainsWithText } from './scores'

/**
 * Seed of a domain's document resamples: one for all models, so that they are paired.
 *
 * @returns 32 bits
 */
export function documentSeed(randomSeed: number, domain: MeasuredDomain): number {
  return deriveSeed(randomSeed, 'documents again', domain.fingerprint)
}

/** Proxies whose loss can be resampled over documents. */
export type ResampledProxy = `merge-${MergeKind}` | 'ensemble' | keyof typeof BRANCH_PROXIES

const branchProxies = Object.entries(BRANCH_PROXIES) as [
  keyof typeof BRANCH_PROXIES,
  (typeof BRANCH_PROXIES)['branch-mean']
][]

/** Mean over domains of the loss, in nats per token, by mixture: one value per resample. */
export interface ResampledMeans {
  proxies: Map<ResampledProxy, Float64Array[]>
  sequential: Map<BudgetKind, Float64Array[]>
}

/** Whether every domain has documents to draw again: two at least. */
export function canResample(results: StudyResults, documents: DocumentChoice): boolean {
  return domainsWithText(results, documents).every(
    (domain) => chosenDocuments(domain, documents).length > 1
  )
}

/**
 * Resamples the documents of every domain and averages losses over domains.
 *
 * The change against the seed differs from this by one number per resample, which no ranking sees.
 * Works domain by domain, so that memory holds one column per mixture and proxy.
 *
 * @param mixtures the mixtures wanted
 */
export function resampleMeans(
  results: StudyResults,
  mixtures: Mixture[],
  documents: DocumentChoice
): ResampledMeans {
  const models = indexModels(results)
  const domains = domainsWithText(results, documents)
  const units = [...new Set(mixtures.flatMap((one) => one.units.map(({ unit }) => unit)))]
  const means: ResampledMeans = { proxies: new Map(), sequential: new Map() }
  for (const domain of domains) {
    const chosen = chosenDocuments(domain, documents)
    const tokens = chosen.map((i) => domain.perDocument.tokens[i]!)
    const drawn = drawDocuments(tokens, documentSeed(results.study.randomSeed, domain))
    const lossesOf = (model: ModelResult | undefined): Float64Array => {
      const nats = model?.nats.get(domain.name)
      if (!nats) return new Float64Array(drawn.resamples).fill(NaN)
      return resampledLosses(
        drawn,
        chosen.map((i) => nats[i]!)
      )
    }
    const add = <K>(into: Map<K, Float64Array[]>, key: K, columns: Float64Array[]): void => {
      const sums = into.get(key) ?? columns.map((column) => new Float64Array(column.length))
      into.set(key, sums)
      columns.forEach((column, i) => {
        for (let b = 0; b < column.length; b++) sums[i]![b]! += column[b]! / domains.length
      })
    }
    for (const kind of results.study.merges) {
      const columns = mixtures.map((mixture) => lossesOf(models.merge(mixture, kind)))
      add(means.proxies, `merge-${kind}`, columns)
    }
    const ensembles = mixtures.map((mixture) => lossesOf(models.ensemble(mixture)))
    add(means.proxies, 'ensemble', ensembles)
    const branches = new Map(units.map((unit) => [unit, lossesOf(models.branch(unit))]))
    for (const [name, of] of branchProxies) {
      const columns = mixtures.map((mixture) =>
        Float64Array.from({ length: drawn.resamples }, (_, b) =>
          of(mixture, (unit) => branches.get(unit)![b]!)
        )
      )
      add(means.proxies, name, columns)
    }
    for (const budget of results.study.sequential.budgets) {
      const columns = mixtures.map((mixture) => lossesOf(models.sequential(mixture, budget)))
      add(means.sequential, budget, columns)
    }
  }
  return means
}
