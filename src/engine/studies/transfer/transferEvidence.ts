/** How well a smaller model's merges foretell a larger model's training, domain by domain. */
import type { Estimate } from '#shared/evidenceView'
import type { BudgetKind } from '#shared/records'
import { studyAgreement } from '../agreement'
import { compareProxies } from '../evidence/comparison'
import type { AgreementStatistic } from '../evidence/measureStratum'
import { scoreStudy } from '../evidence/scores'
import type { MeasuredProxy, ProxyName, ScoredDomain } from '../evidence/scores'
import { toCsv } from '../export/csv'
import { TRANSFER_COLUMNS } from '../export/columns'
import { rankWithinSizes } from '../rankings'
import type { Ranking } from '../rankings'
import type { StudyResults } from '../results'
import { estimateCells } from '../tables'
import { transferResults } from './transferResults'

/** One of the smaller study's merges on one domain, among mixtures of one size. */
export interface TransferRow {
  domain: string
  domainKind: ScoredDomain['kind']
  budget: BudgetKind
  proxy: ProxyName
  /** Mixtures compared with another. */
  n: number
  pearson: AgreementStatistic
  spearman: AgreementStatistic
  kendall: AgreementStatistic
  /** Share of pairs that the smaller merge orders as the larger model's training does. */
  accuracy: Estimate
}

export interface TransferEvidence {
  small: string
  large: string
  /** Mixtures that are in both studies, and how many of them the larger model was trained on. */
  mixtures: number
  trained: number
  rows: TransferRow[]
  /** Within each size, by the mean over all domains; the proxy is the smaller study's. */
  rankings: Ranking[]
}

/**
 * Holds the smaller study's merges against the larger study's sequential models.
 *
 * Losses of two models have no unit in common that would matter: what is read is their order. The
 * smaller model's perplexities are higher, and only slope and offset would say by how much.
 *
 * @throws WorkbenchError as `transferResults`
 */
export function transferEvidence(small: StudyResults, large: StudyResults): TransferEvidence {
  const results = transferResults(small, large)
  const scores = scoreStudy(results, 'all')
  const proxies = scores.proxies.filter(
    (name): name is MeasuredProxy => name.startsWith('merge-') || name === 'ensemble'
  )
  const key = (row: { domain: string; budget: string; proxy: string }) =>
    [row.domain, row.budget, row.proxy].join('\n')
  const compared = new Map(compareProxies(results).map((row) => [key(row), row]))
  const rows = studyAgreement(results)
    .filter((row) => row.stratum === 'within-size')
    .filter(({ proxy }) => (proxies as ProxyName[]).includes(proxy))
    .map((row): TransferRow => {
      const { domain, domainKind, budget, proxy, n, pearson, spearman, kendall } = row
      const { accuracy } = compared.get(key(row))!
      return { domain, domainKind, budget, proxy, n, pearson, spearman, kendall, accuracy }
    })
  return {
    small: small.study.name,
    large: large.study.name,
    mixtures: results.mixtures.length,
    trained: new Set(
      results.models.flatMap(({ role, mixture }) => (role === 'sequential' ? mixture : []))
    ).size,
    rows,
    rankings: scores.budgets.flatMap((budget) =>
      rankWithinSizes(results, { budget, ...(proxies[0] ? { proxy: proxies[0] } : {}) })
    )
  }
}

/** The rows as CSV. */
export function transferCsv({ small, large, rows }: TransferEvidence): string {
  return toCsv(
    TRANSFER_COLUMNS,
    rows.map((row) => ({
      small,
      large,
      domain: row.domain,
      domain_kind: row.domainKind,
      budget: row.budget,
      proxy: row.proxy,
      n: row.n,
      ...estimateCells('pearson', row.pearson),
      ...estimateCells('spearman', row.spearman),
      ...estimateCells('kendall', row.kendall),
      ...estimateCells('accuracy', row.accuracy)
    }))
  )
}
