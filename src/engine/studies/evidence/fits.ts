/** The errors of every regression, on what was trained and on merges, domain by domain. */
import { compositions } from '#engine/proxies/composition'
import { fitErrors } from '#engine/proxies/regression/fitErrors'
import type { FitErrors } from '#engine/proxies/regression/fitErrors'
import type { RegressionKind } from '#engine/proxies/regression/regression'
import type { BudgetKind } from '#shared/records'
import type { DocumentChoice, StudyResults } from '../results'
import { isFittedOnTruth, isRegression, scoreStudy } from './scores'
import type { FittedProxy, ScoredDomain } from './scores'

/** One regression on one domain. */
export interface FitRow extends FitErrors {
  domain: string
  domainKind: ScoredDomain['kind']
  /** Of the truth it is fitted on; null on merges. */
  budget: BudgetKind | null
  proxy: FittedProxy
}

/**
 * Errors of all fits on mixtures left out, in nats per token.
 *
 * On merges they say how well a regression stands for the merge, and nothing of the truth: that is
 * what the comparison of proxies tells.
 */
export function studyFits(
  results: StudyResults,
  options: { documents?: DocumentChoice } = {}
): FitRow[] {
  const scores = scoreStudy(results, options.documents ?? 'all')
  const { shares } = compositions(scores.mixtures)
  const plain = scores.domains.filter(({ kind }) => kind !== 'mean')
  const fits = scores.proxies.filter(isRegression).flatMap((proxy) => {
    const budgets = isFittedOnTruth(proxy) ? scores.budgets : [null]
    return budgets.map((budget) => ({ proxy, budget }))
  })
  return plain.flatMap(({ name, kind }, domain) =>
    fits.map(({ proxy, budget }): FitRow => {
      const losses = scores.fittedOn(proxy, budget ?? scores.budgets[0]!)!
      const regression = proxy.replace(/-merged$/, '') as RegressionKind
      const column = losses.map((own) => own[domain]!)
      const errors = fitErrors(regression, shares, column, results.study.randomSeed)
      return { domain: name, domainKind: kind, budget, proxy, ...errors }
    })
  )
}
