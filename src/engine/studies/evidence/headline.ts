/** The one number a study is summed up by, beside what counting units alone gives. */
import { countDecisions } from '#engine/statistics/decisions'
import type { Decisions } from '#engine/statistics/decisions'
import { percentileInterval } from '#engine/statistics/intervals'
import type { Interval } from '#engine/statistics/intervals'
import { pairWorkspace } from '#engine/statistics/pairs'
import { deriveSeed } from '#engine/statistics/random'
import { WorkbenchError } from '#shared/errors'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { BudgetKind, Mixture } from '#shared/records'
import type { DocumentChoice, StudyResults } from '../results'
import { measureStratum, ranked } from './measureStratum'
import { relabelMixtures } from './relabel'
import { canResample, resampleMeans } from './resampledChange'
import type { ResampledMeans, ResampledProxy } from './resampledChange'
import { isRegression, scoreStudy } from './scores'
import type { ProxyName, Scores } from './scores'
import { groupMixtures, withinSize } from './strata'
import type { Stratum } from './strata'

/** How well a proxy ranks comparable mixtures by their mean change over all domains. */
export interface HeadlineAgreement {
  proxy: ProxyName
  budget: BudgetKind
  /** Mixtures compared with another. */
  n: number
  /** Trained mixtures left out since they were picked, by the user or by a search. */
  picked: number
  /** Spearman's ρ of ranks centred within groups; null with too few mixtures or no difference. */
  spearman: number | null
  /**
   * 95 % interval over documents, resampled alike for every model; null where a domain has fewer
   * than two, since nothing can vary there.
   */
  documents: Interval | null
  /** 95 % interval over mixtures. */
  mixtures: Interval | null
  /** Range with the mixtures of one partition left out at a time. */
  drop: Interval | null
  /** Two-sided, by relabelling partitions; null where that cannot tell. */
  p: number | null
  relabellings: number
  smallestP: number | null
  /** Pairs of comparable mixtures that proxy and truth order alike, of those neither ties. */
  decisions: Decisions
}

/**
 * The headline: within mixtures of one size, how the proxy ranks the mean over domains of the
 * change in nats per token against the seed.
 *
 * Sizes are kept apart since larger mixtures merge more branches and, with the sum budget, train
 * longer. Mixtures that were picked, by the user or from a search's list, are left out: they may be
 * just those that a proxy flatters. The seed's own loss is the same for all mixtures and so leaves every rank as it is. One
 * row per truth budget and proxy; `count` shows what knowing the number of units alone gives, and
 * is null where it does not differ within a size.
 */
export function headlineAgreement(
  results: StudyResults,
  options: { documents?: DocumentChoice } = {}
): HeadlineAgreement[] {
  return headline(results, options.documents ?? 'all', withinSize, true)
}

/**
 * The headline for a few partitions that are alike: compares only mixtures that differ in nothing
 * but which of the named partitions they hold.
 *
 * A proxy may tell unlike partitions apart and fail between near ones; this shows the second by
 * itself. Two names take pairs of mixtures, one with each of them, the rest being equal. There is
 * no p-value: so few names have too few orders.
 *
 * @param partitions at least two names
 * @throws WorkbenchError `study/missing-partition` for a name that no mixture holds
 */
export function headlineAmong(
  results: StudyResults,
  partitions: string[],
  options: { documents?: DocumentChoice } = {}
): HeadlineAgreement[] {
  const units = results.mixtures.flatMap((mixture) => mixture.units)
  const partitionOf = new Map(units.map((one) => [one.unit, one.partition]))
  const known = [...new Set(partitionOf.values())].sort()
  const strangers = partitions.filter((name) => !known.includes(name))
  if (strangers.length > 0) {
    throw new WorkbenchError(
      'study/missing-partition',
      `No mixture of this study holds ${strangers.join(', ')}; its partitions are ${known.join(', ')}. Correct the name.`,
      { missing: strangers, available: known }
    )
  }
  const isNamed = (member: string) => partitions.includes(partitionOf.get(member) ?? member)
  const among = (mixtures: Mixture[]): Stratum =>
    groupMixtures('among', mixtures, ({ members }) => {
      const rest = members.filter(({ name }) => !isNamed(name))
      const own = members.filter(({ name }) => isNamed(name)).map(({ weight }) => weight)
      if (own.length === 0) return null
      return JSON.stringify([rest, own.sort()])
    })
  return headline(results, options.documents ?? 'all', among, false)
}

function headline(
  results: StudyResults,
  documents: DocumentChoice,
  stratify: (mixtures: Mixture[]) => Stratum,
  hasRelabelling: boolean
): HeadlineAgreement[] {
  const scores = scoreStudy(results, documents)
  const domain = scores.domains.findIndex(({ name }) => name === HEADLINE_DOMAIN)
  if (domain < 0) return []
  const isPicked = new Set(results.pickedMixtures)
  return scores.budgets.flatMap((budget) => {
    const all = scores.sequential(budget, domain)
    const truth = all.map((value, i) => (isPicked.has(scores.mixtures[i]!.name) ? NaN : value))
    const picked = all.filter((value, i) => Number.isFinite(value) && !Number.isFinite(truth[i]))
    const trained = scores.mixtures.filter((_, i) => Number.isFinite(truth[i]))
    const means = canResample(results, documents)
      ? resampleMeans(results, trained, documents)
      : null
    return scores.proxies.flatMap((proxy) => {
      const values = scores.proxy(proxy, domain, budget)
      if (!values) return []
      return headlineOf(
        { results, scores, means, stratify, hasRelabelling, budget, picked: picked.length },
        proxy,
        values,
        truth
      )
    })
  })
}

interface HeadlineContext {
  results: StudyResults
  scores: Scores
  /** Null where documents cannot be resampled. */
  means: ResampledMeans | null
  stratify: (mixtures: Mixture[]) => Stratum
  hasRelabelling: boolean
  budget: BudgetKind
  picked: number
}

function headlineOf(
  context: HeadlineContext,
  proxy: ProxyName,
  values: Float64Array,
  truth: Float64Array
): HeadlineAgreement {
  const { scores, budget, results, means } = context
  const { randomSeed } = results.study
  const trained = scores.mixtures.flatMap((_, i) => (Number.isFinite(truth[i]) ? [i] : []))
  /** Places among the trained mixtures, which `means` follows. */
  const both = trained.flatMap((i, place) => (Number.isFinite(values[i]) ? [place] : []))
  const mixtures = both.map((place) => scores.mixtures[trained[place]!]!)
  const x = Float64Array.from(both, (place) => values[trained[place]!]!)
  const y = Float64Array.from(both, (place) => truth[trained[place]!]!)
  const stratum = context.stratify(mixtures)
  const relabelling = context.hasRelabelling
    ? {
        table: relabelMixtures(
          mixtures,
          scores.mixtures,
          [],
          deriveSeed(randomSeed, 'relabelling', '')
        ),
        ...ranked(values)
      }
    : null
  const agreement = measureStratum(
    { randomSeed, mixtures, resamples: new Map() },
    stratum,
    x,
    y,
    relabelling
  )
  const { spearman, n, relabellings, smallestP } = agreement
  const resampled = (): ResampledPair[] | null =>
    means &&
    both.map((place, i) => ({
      x: means.proxies.get(proxy as ResampledProxy)?.[place] ?? x[i]!,
      y: means.sequential.get(budget)![place]!
    }))
  return {
    proxy,
    budget,
    n,
    picked: context.picked,
    spearman: spearman.value,
    // A regression would have to be fitted anew to every resample.
    documents:
      spearman.value === null || isRegression(proxy)
        ? null
        : documentInterval(resampled(), stratum),
    mixtures: spearman.interval,
    drop: spearman.drop,
    p: spearman.p,
    relabellings,
    smallestP,
    decisions: stratumDecisions(stratum, x, y)
  }
}

/** Losses of one mixture in every resample; a number where a proxy reads no documents. */
interface ResampledPair {
  x: Float64Array | number
  y: Float64Array
}

/** Percentile interval of ρ over resampled documents; mixtures stay as they are. */
function documentInterval(
  columns: ResampledPair[] | null,
  { items, groups }: Stratum
): Interval | null {
  if (columns === null) return null
  const resamples = columns[items[0]!]!.y.length
  const distribution = new Float64Array(resamples)
  const out = new Float64Array(3)
  const x = new Float64Array(items.length)
  const y = new Float64Array(items.length)
  for (let b = 0; b < resamples; b++) {
    items.forEach((item, i) => {
      const column = columns[item]!
      x[i] = typeof column.x === 'number' ? column.x : column.x[b]!
      y[i] = column.y[b]!
    })
    pairWorkspace({ x, y, groups }).measure(null, 0, out)
    distribution[b] = out[1]!
  }
  return percentileInterval(distribution)
}

/** Counts pairs of comparable mixtures that two columns order alike, of those neither ties. */
export function stratumDecisions(
  { items, groups }: Stratum,
  x: Float64Array,
  y: Float64Array
): Decisions {
  const pick = (values: Float64Array) => Float64Array.from(items, (i) => values[i]!)
  return countDecisions(pick(x), pick(y), (a, b) => groups[a] === groups[b])
}
