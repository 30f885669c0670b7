/** How findings are put together, and what all of them read. */
import type { Claim, Finding, MeasuredNumber } from '#shared/diagnosis'
import type { BudgetKind, Mixture } from '#shared/records'
import type { StudyResults } from '#engine/studies/results'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import { scoreStudy } from '../scores'
import type { ProxyName, Scores } from '../scores'
import { STATEMENTS, THRESHOLDS } from './thresholds'

/** A study as claims read it: losses are means over all domains, in nats per token. */
export interface DiagnosedStudy {
  results: StudyResults
  scores: Scores
  mixtures: Mixture[]
  /** The proxy that is diagnosed: the micro merge, else the first there is; null without any. */
  proxy: ProxyName | null
  /** Loss that a proxy says of each mixture; all NaN where it says nothing. */
  proxyLosses(name: ProxyName): Float64Array
  /** Loss of each mixture's sequential model; those that are their merge as `evidence` asks. */
  truth(budget: BudgetKind, which: 'every' | 'evidence'): Float64Array
}

/** Reads a study's results as claims need them. */
export function diagnosedStudy(results: StudyResults): DiagnosedStudy {
  const scores = scoreStudy(results, 'all')
  const { mixtures } = scores
  const domain = scores.domains.findIndex(({ name }) => name === HEADLINE_DOMAIN)
  const nothing = new Float64Array(mixtures.length).fill(NaN)
  const merge = results.study.merges[0]
  const proxy = results.tables?.proxies[0]?.proxy ?? (merge ? (`merge-${merge}` as const) : null)
  return {
    results,
    scores,
    mixtures,
    proxy,
    proxyLosses: (name) => {
      if (domain < 0 || !scores.proxies.includes(name)) return nothing
      return scores.proxy(name, domain, scores.budgets[0]!) ?? nothing
    },
    truth: (budget, which) => {
      if (domain < 0) return nothing
      return which === 'every'
        ? scores.everySequential(budget, domain)
        : scores.sequential(budget, domain)
    }
  }
}

/** A number behind a verdict; what is not finite is not defined. */
export function measured(name: string, value: number | null, unit = ''): MeasuredNumber {
  return { name, value: value !== null && Number.isFinite(value) ? value : null, unit }
}

/** Puts a finding together with the claim's words and threshold. */
export function finding(
  claim: Claim,
  budget: BudgetKind | null,
  of: Pick<Finding, 'verdict' | 'measure' | 'why'> & { numbers?: MeasuredNumber[] }
): Finding {
  const { verdict, measure, why, numbers = [] } = of
  const [statement, threshold] = [STATEMENTS[claim], THRESHOLDS[claim]]
  return { claim, statement, budget, verdict, measure, threshold, why, numbers }
}

/** Mean of values, at least one. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export const NATS = 'nats/token'
