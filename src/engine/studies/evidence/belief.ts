/** How far the proxies of a study may be believed, in the form that a screen is told. Pure. */
import type { Belief, Ranking as ToldRanking } from '#shared/evidenceView'
import { headlineAgreement, studyAgreement } from '../agreement'
import { compareProxies } from './comparison'
import { measureNoise } from './noise'
import { scorePredictions } from './predicted'
import { isRegression, measuredProxies, scoreStudy } from './scores'
import { untriedPartitions } from '../mixtures'
import { rankAcrossSizes, rankWithinSizes, trainedMixtures } from '../rankings'
import type { Ranking } from '../rankings'
import type { StudyResults } from '../results'

/** Rows of one ranking that are told at most. */
const LISTED = 200

/**
 * Gathers headline, agreement and the rankings of every proxy and truth budget.
 *
 * Costs seconds, since every interval is 2,000 resamples: a job for a worker.
 */
export function studyBelief(results: StudyResults): Belief {
  const ways = results.study.sequential.budgets.flatMap((budget) =>
    measuredProxies(results.study).map((proxy) => ({ budget, proxy }))
  )
  return {
    headline: headlineAgreement(results),
    agreement: studyAgreement(results),
    comparison: compareProxies(results),
    noise: measureNoise(results),
    predicted: scorePredictions(results),
    rankings: [
      ...ways.flatMap((way) => rankWithinSizes(results, way)),
      ...ways.map((way) => rankAcrossSizes(results, way))
    ]
      .filter(({ mixtures }) => mixtures.length > 1)
      .map(shortened),
    fitted: fittedValues(results),
    untried: untriedPartitions(results.mixtures, trainedMixtures(results))
  }
}

/** Regressions are fitted here and not with the matrix, since that takes a while. */
function fittedValues(results: StudyResults): Belief['fitted'] {
  const scores = scoreStudy(results, 'all')
  const regressions = scores.proxies.filter(isRegression)
  return scores.budgets.flatMap((budget) => {
    const truths = scores.domains.map((_, domain) => scores.sequential(budget, domain))
    const trained = scores.mixtures.flatMap((_, i) =>
      truths.some((values) => Number.isFinite(values[i])) ? [i] : []
    )
    if (trained.length === 0) return []
    return regressions.map((proxy) => {
      const columns = scores.domains.map((_, domain) => scores.proxy(proxy, domain, budget))
      const valueOf = (i: number) => (column: Float64Array | null) => {
        const value = column?.[i]
        return value !== undefined && Number.isFinite(value) ? value : null
      }
      return {
        proxy,
        budget,
        mixtures: trained.map((i) => scores.mixtures[i]!.name),
        values: trained.map((i) => columns.map(valueOf(i)))
      }
    })
  })
}

function shortened(ranking: Ranking): ToldRanking {
  const mixtures = ranking.mixtures.slice(0, LISTED)
  return { ...ranking, mixtures, left: ranking.mixtures.length - mixtures.length }
}
