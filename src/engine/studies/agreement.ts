/** How far each proxy may be trusted: pairs, and their agreement in every stratum. */
import { holm } from '#engine/statistics/holm'
import { fitLines } from '#engine/statistics/leastSquares'
import { STATISTICS } from '#engine/statistics/pairs'
import { deriveSeed } from '#engine/statistics/random'
import type { Relabellings } from '#engine/statistics/relabelling'
import type { Fit } from '#shared/fittedLine'
import type { BudgetKind, Mixture } from '#shared/records'
import { measureStratum, ranked } from './evidence/measureStratum'
import type { AgreementContext, StratumAgreement } from './evidence/measureStratum'
import { relabelMixtures } from './evidence/relabel'
import { isLoss, scoreStudy } from './evidence/scores'
import type { ProxyName, ScoredDomain, Scores } from './evidence/scores'
import { sizeOf, STRATA_BY_PRESENCE, strataOf } from './evidence/strata'
import type { Stratum } from './evidence/strata'
import type { DocumentChoice, StudyResults } from './results'

interface AgreementOptions {
  /** Default `all`. */
  documents?: DocumentChoice
}

export { headlineAgreement, headlineAmong } from './evidence/headline'
export type { HeadlineAgreement } from './evidence/headline'

/** One mixture on one domain: what a proxy said and what sequential training gave. */
export interface Pair {
  mixture: string
  /** Number of the mixture's members. */
  size: number
  budget: BudgetKind
  domain: string
  domainKind: ScoredDomain['kind']
  proxy: ProxyName
  /** A perplexity; nats per token on `-log` means; a count or a share for these baselines. */
  proxyPerplexity: number
  sequentialPerplexity: number
  /** False where the sequential model is the merge, one branch: agreement leaves it out. */
  isEvidence: boolean
}

/** Agreement of one proxy on one domain in one stratum. */
export interface AgreementRow extends StratumAgreement {
  domain: string
  domainKind: ScoredDomain['kind']
  budget: BudgetKind
  stratum: string
  proxy: ProxyName
  /** Lines through the pairs; null where no statistic is said, and for proxies that are no losses. */
  fit: StratumFit | null
}

/** Least-squares lines of the truth on a proxy in one stratum, one per group. */
export interface StratumFit {
  plain: Fit | null
  /** Of their natural logs, as log axes show them; null on means that are logs already. */
  log: Fit | null
}

/** Pairs of one budget, domain and proxy, in the order of the study's mixtures. */
interface PairColumn {
  budget: BudgetKind
  domain: ScoredDomain
  proxy: ProxyName
  /** Proxy values of all mixtures. */
  values: Float64Array
  /** Mixtures with both numbers. */
  mixtures: Mixture[]
  /** Whether each is evidence: its sequential model is not its merge. */
  isEvidence: boolean[]
  x: Float64Array
  y: Float64Array
}

function* pairColumns(scores: Scores, which: 'all' | 'evidence'): Generator<PairColumn> {
  for (const budget of scores.budgets) {
    for (const [place, domain] of scores.domains.entries()) {
      const truth =
        which === 'all' ? scores.everySequential(budget, place) : scores.sequential(budget, place)
      for (const proxy of scores.proxies) {
        const values = scores.proxy(proxy, place, budget)
        if (!values) continue
        const both = scores.mixtures.flatMap((_, i) =>
          Number.isFinite(values[i]) && Number.isFinite(truth[i]) ? [i] : []
        )
        yield {
          budget,
          domain,
          proxy,
          values,
          mixtures: both.map((i) => scores.mixtures[i]!),
          isEvidence: both.map((i) => !scores.isMerge(budget, i)),
          x: Float64Array.from(both, (i) => values[i]!),
          y: Float64Array.from(both, (i) => truth[i]!)
        }
      }
    }
  }
}

/**
 * Lists every pair of a study: one mixture, one domain or mean, one proxy, one truth budget.
 *
 * Only mixtures with both numbers have a pair. `share` has none on domains without a partition.
 * Mixtures whose sequential model is their merge are listed, and marked as no evidence.
 */
export function studyPairs(results: StudyResults, options: AgreementOptions = {}): Pair[] {
  const scores = scoreStudy(results, options.documents ?? 'all')
  return [...pairColumns(scores, 'all')].flatMap(({ budget, domain, proxy, mixtures, ...of }) =>
    mixtures.map((mixture, i) => ({
      mixture: mixture.name,
      size: sizeOf(mixture),
      budget,
      domain: domain.name,
      domainKind: domain.kind,
      proxy,
      proxyPerplexity: of.x[i]!,
      sequentialPerplexity: of.y[i]!,
      isEvidence: of.isEvidence[i]!
    }))
  )
}

/**
 * Correlates every proxy with sequential perplexity over mixtures, for each domain and mean, truth
 * budget and stratum.
 *
 * Mixtures whose sequential model is their merge (one unit, the sum budget) are left out: they
 * agree whatever the proxy is worth.
 *
 * Deterministic: all randomness follows from the study's random seed. Rows with fewer than four
 * comparable mixtures carry their n and no number. Baselines stand beside the merges: what a merge
 * is worth is what it adds to them.
 *
 * @see Na et al. 2024, arXiv 2410.15661: proxy against sequential perplexity across mixtures
 */
export function studyAgreement(
  results: StudyResults,
  options: AgreementOptions = {}
): AgreementRow[] {
  const scores = scoreStudy(results, options.documents ?? 'all')
  const { randomSeed } = results.study
  const resamples: AgreementContext['resamples'] = new Map()
  const tables = new Map<string, Relabellings>()
  const tableFor = (mixtures: Mixture[], partition: string | null): Relabellings => {
    const key = [partition ?? '', ...mixtures.map(({ name }) => name)].join('\n')
    const known = tables.get(key)
    if (known) return known
    const fixed = mixtures.flatMap((mixture) => membersOf(mixture, partition))
    const seed = deriveSeed(randomSeed, 'relabelling', partition ?? '')
    const table = relabelMixtures(mixtures, scores.mixtures, fixed, seed)
    tables.set(key, table)
    return table
  }
  const rows: AgreementRow[] = []
  for (const { budget, domain, proxy, values, mixtures, x, y } of pairColumns(scores, 'evidence')) {
    const context = { randomSeed, mixtures, resamples }
    const lookup = ranked(values)
    for (const stratum of strataOf(mixtures, domain.partition)) {
      const isByPresence = STRATA_BY_PRESENCE.includes(stratum.name)
      const table = tableFor(mixtures, isByPresence ? domain.partition : null)
      const measured = measureStratum(context, stratum, x, y, { table, ...lookup })
      const hasFit = measured.pearson.value !== null && isLoss(proxy)
      rows.push({
        domain: domain.name,
        domainKind: domain.kind,
        budget,
        stratum: stratum.name,
        proxy,
        ...measured,
        fit: hasFit ? fitStratum(stratum, x, y, !domain.name.endsWith('-log')) : null
      })
    }
  }
  return corrected(rows)
}

/** Corrects p-values over the domains of each budget, proxy and stratum: they are asked at once. */
function corrected(rows: readonly AgreementRow[]): AgreementRow[] {
  const families = new Map<string, AgreementRow[]>()
  for (const row of rows) {
    if (row.domainKind === 'mean') continue
    const key = [row.budget, row.proxy, row.stratum].join('\n')
    families.set(key, [...(families.get(key) ?? []), row])
  }
  const found = new Map<AgreementRow, AgreementRow>()
  for (const family of families.values()) {
    const [pearson, spearman, kendall] = STATISTICS.map((name) =>
      holm(family.map((row) => row[name].p))
    )
    family.forEach((row, i) => {
      found.set(row, {
        ...row,
        pearson: { ...row.pearson, holm: pearson![i]! },
        spearman: { ...row.spearman, holm: spearman![i]! },
        kendall: { ...row.kendall, holm: kendall![i]! }
      })
    })
  }
  return rows.map((row) => found.get(row) ?? row)
}

function fitStratum(
  { items, groups }: Stratum,
  x: Float64Array,
  y: Float64Array,
  isPerplexity: boolean
): StratumFit {
  const pick = (values: Float64Array) => Float64Array.from(items, (i) => values[i]!)
  const [ownX, ownY] = [pick(x), pick(y)]
  return {
    plain: fitLines(ownX, ownY, groups),
    log: isPerplexity ? fitLines(ownX.map(Math.log), ownY.map(Math.log), groups) : null
  }
}

/** Members of a mixture that are a partition or one of its units. */
function membersOf(mixture: Mixture, partition: string | null): string[] {
  const names = mixture.members.map((member) => member.name)
  const own = mixture.units.flatMap((unit) => (unit.partition === partition ? [unit.unit] : []))
  return names.filter((name) => name === partition || own.includes(name))
}
