/** Mixtures in the order a proxy puts them in, beside the truth where it was trained. */
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { BudgetKind } from '#shared/records'
import type { SizeOffset } from '#shared/sizeOffset'
import { scoreStudy } from './evidence/scores'
import type { MeasuredProxy } from './evidence/scores'
import { levelProxy } from './evidence/sizeOffsets'
import { sizeOf } from './evidence/strata'
import type { DocumentChoice, StudyResults } from './results'

interface RankingOptions {
  /** Default `merge-micro`; of tables the first that they hold. */
  proxy?: MeasuredProxy
  /** A domain or a mean; default `mean-all-log`, the mean over all domains in nats per token. */
  domain?: string
  /** Default: the study's first. */
  budget?: BudgetKind
  documents?: DocumentChoice
}

/** One mixture in a ranking; ranks count from 1, the lowest value first, ties sharing the best. */
interface RankedMixture {
  mixture: string
  size: number
  rank: number
  /** The proxy's value: a perplexity, or nats per token on a `-log` mean. */
  proxyValue: number
  /** With its offset by size; null where that has not earned its place or does not reach. */
  levelledValue: number | null
  levelledRank: number | null
  /** The proxy's rank among those of the ranking that were also trained sequentially. */
  rankAmongTrained: number | null
  sequentialValue: number | null
  sequentialRank: number | null
  /** How much worse its sequential model is than the best one of the ranking, in its unit. */
  regret: number | null
}

/** What choosing by a proxy cost, among the mixtures of a ranking that were also trained. */
export interface Regret {
  /** The mixture that the proxy puts first. */
  chosen: string
  /** The mixture whose sequential model is best. */
  best: string
  /** Truth of the chosen less truth of the best: 0 when they are one. In the ranking's unit. */
  value: number
  /** What choosing blindly would cost on average: mean truth less the best. */
  blind: number
}

/** Mixtures of one ranking, best first. */
export interface Ranking {
  /** The one size they have; null for a ranking across sizes. */
  size: number | null
  proxy: MeasuredProxy
  domain: string
  budget: BudgetKind
  /** How many of them were also trained sequentially. */
  trained: number
  /** Null with fewer than two of them: there is nothing to choose between. */
  regret: Regret | null
  /** Why the order must not be read as it stands; null where it may be. */
  caution: string | null
  /** Across sizes: what makes them comparable; null where it cannot be learned. */
  offset: SizeOffset | null
  /** In the order of the levelled proxy where the offset earns its place, else in the proxy's. */
  mixtures: RankedMixture[]
}

const ACROSS_SIZES =
  'This ranking is across sizes and not comparable as it stands: larger mixtures average more ' +
  'branches, and with the sum budget their sequential models see more tokens. Compare mixtures ' +
  'of one size.'

interface Scored {
  mixture: string
  size: number
  proxy: number
  /** NaN where the proxy is not levelled. */
  levelled: number
  sequential: number
}

interface ScoredMixtures {
  list: Scored[]
  offset: SizeOffset | null
}

function scored(results: StudyResults, options: Required<RankingOptions>): ScoredMixtures {
  const scores = scoreStudy(results, options.documents)
  const domain = scores.domains.findIndex(({ name }) => name === options.domain)
  const values = domain < 0 ? null : scores.proxy(options.proxy, domain, options.budget)
  if (!values || !scores.proxies.includes(options.proxy)) return { list: [], offset: null }
  const truth = scores.budgets.includes(options.budget)
    ? scores.sequential(options.budget, domain)
    : null
  const level = truth && levelProxy(results, scores, options.proxy, domain, options.budget)
  const list = scores.mixtures
    .map((mixture, i) => ({
      mixture: mixture.name,
      size: sizeOf(mixture),
      proxy: values[i]!,
      levelled: level?.offset.isEarned ? level.values[i]! : NaN,
      sequential: truth?.[i] ?? NaN
    }))
    .filter((one) => Number.isFinite(one.proxy))
  return { list, offset: level?.offset ?? null }
}

/** Ranks values against a list: 1 + how many of it are lower. */
function ranker(values: number[]): (value: number) => number {
  const ranks = new Map<number, number>()
  Float64Array.from(values)
    .sort()
    .forEach((value, i) => {
      if (!ranks.has(value)) ranks.set(value, i + 1)
    })
  return (value) => ranks.get(value)!
}

/** Of several the one with the lowest value; the earlier of equals. */
function lowest(list: Scored[], valueOf: (one: Scored) => number): Scored {
  return list.reduce((best, one) => (valueOf(one) < valueOf(best) ? one : best))
}

function regretOf(trained: Scored[]): Regret | null {
  if (trained.length < 2) return null
  const chosen = lowest(trained, (one) => one.proxy)
  const best = lowest(trained, (one) => one.sequential)
  const mean = trained.reduce((sum, one) => sum + one.sequential, 0) / trained.length
  return {
    chosen: chosen.mixture,
    best: best.mixture,
    value: chosen.sequential - best.sequential,
    blind: mean - best.sequential
  }
}

function rankScored(
  { list, offset }: ScoredMixtures,
  options: Required<RankingOptions>,
  size: number | null
): Ranking {
  const { proxy, domain, budget } = options
  const trained = list.filter((one) => Number.isFinite(one.sequential))
  const rank = ranker(list.map((one) => one.proxy))
  const levelledRank = ranker(list.map((one) => one.levelled))
  const rankAmongTrained = ranker(trained.map((one) => one.proxy))
  const sequentialRank = ranker(trained.map((one) => one.sequential))
  const best = trained.reduce((least, one) => Math.min(least, one.sequential), Infinity)
  const mixtures = list
    .map((one): RankedMixture => {
      const isTrained = Number.isFinite(one.sequential)
      return {
        mixture: one.mixture,
        size: one.size,
        rank: rank(one.proxy),
        proxyValue: one.proxy,
        levelledValue: Number.isFinite(one.levelled) ? one.levelled : null,
        levelledRank: Number.isFinite(one.levelled) ? levelledRank(one.levelled) : null,
        rankAmongTrained: isTrained ? rankAmongTrained(one.proxy) : null,
        sequentialValue: isTrained ? one.sequential : null,
        sequentialRank: isTrained ? sequentialRank(one.sequential) : null,
        regret: isTrained ? one.sequential - best : null
      }
    })
    .sort((a, b) => byLevelled(a, b) || a.proxyValue - b.proxyValue)
  const caution = size === null ? ACROSS_SIZES : null
  const regret = regretOf(trained)
  const told = { size, proxy, domain, budget, trained: trained.length }
  return { ...told, regret, caution, offset, mixtures }
}

/** Those that are levelled first, by their levelled values. */
function byLevelled(a: RankedMixture, b: RankedMixture): number {
  const [one, other] = [a.levelledValue ?? Infinity, b.levelledValue ?? Infinity]
  return one === other ? 0 : one - other
}

function withDefaults(results: StudyResults, options: RankingOptions): Required<RankingOptions> {
  return {
    proxy: options.proxy ?? firstProxy(results),
    domain: options.domain ?? HEADLINE_DOMAIN,
    budget: options.budget ?? results.study.sequential.budgets[0]!,
    documents: options.documents ?? 'all'
  }
}

/** Tables may hold any of them alone. */
function firstProxy({ tables }: StudyResults): MeasuredProxy {
  return tables?.proxies[0]?.proxy ?? 'merge-micro'
}

/**
 * Ranks mixtures within each size, smallest size first: the only order in which a proxy may be
 * read as it stands.
 *
 * @returns one ranking per size that has a measured proxy; none for a domain that is not there
 */
export function rankWithinSizes(results: StudyResults, options: RankingOptions = {}): Ranking[] {
  const full = withDefaults(results, options)
  const { list } = scored(results, full)
  const sizes = [...new Set(list.map((one) => one.size))].sort((a, b) => a - b)
  return sizes.map((size) => rankScored({ list: sizedAlike(list, size), offset: null }, full, size))
}

/** Mixtures of one size as they stand: there is nothing to level. */
function sizedAlike(list: readonly Scored[], size: number): Scored[] {
  return list.filter((one) => one.size === size).map((one) => ({ ...one, levelled: NaN }))
}

/**
 * Ranks mixtures of all sizes together; its `caution` says why the proxy as it stands is no
 * comparison, and where an offset by size earns its place, they are in the order of the levelled proxy.
 */
export function rankAcrossSizes(results: StudyResults, options: RankingOptions = {}): Ranking {
  const full = withDefaults(results, options)
  return rankScored(scored(results, full), full, null)
}

/** Names of mixtures whose sequential model is measured and is not their merge. */
export function trainedMixtures(results: StudyResults): string[] {
  const scores = scoreStudy(results, 'all')
  const truths = scores.budgets.flatMap((budget) =>
    scores.domains.map((_, domain) => scores.sequential(budget, domain))
  )
  return scores.mixtures
    .filter((_, i) => truths.some((values) => Number.isFinite(values[i])))
    .map(({ name }) => name)
}
