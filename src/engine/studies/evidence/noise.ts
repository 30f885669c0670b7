/** Noise between random seeds: how far one training differs from the next, and what that leaves to find. */
import { CHOICE_STATISTICS, choiceWorkspace } from '#engine/statistics/choosing'
import {
  deviationInterval,
  pooledVariance,
  residualVariance,
  varianceWithin
} from '#engine/statistics/noise'
import type { VarianceEstimate } from '#engine/statistics/noise'
import { FEWEST_PAIRS, pairWorkspace } from '#engine/statistics/pairs'
import type { Noise } from '#shared/evidenceView'
import type { BudgetKind, Mixture } from '#shared/records'
import type { DocumentChoice, StudyResults } from '../results'
import { scoreStudy } from './scores'
import type { ProxyName, Scores } from './scores'
import { withinSize } from './strata'

/** Proxies besides merges that are made of branches alone, and so differ when branches are trained again. */
const OF_BRANCHES: readonly ProxyName[] = [
  'ensemble',
  'branch-mean',
  'branch-mean-log',
  'best-branch',
  'proxy'
]

/** A difference of two values is told from noise at 95 % beyond so many deviations of one of them. */
const TIE_DEVIATIONS = 1.96 * Math.SQRT2

/** One budget and domain, its values in nats per token. */
interface Place {
  budget: BudgetKind
  domain: number
}

/** Agreement among mixtures of one size. */
interface Agreement {
  spearman: number
  accuracy: number
}

/** Variance within sizes, and how much of it is noise. */
interface Spread {
  variance: number
  noise: number
}

/**
 * Measures noise from what was trained again with other random seeds: one row per budget, domain or mean, and
 * proxy that is made of branches. Empty where nothing was trained again.
 *
 * - Noise of sequential models: the deviation of one from the mean of its repeats, pooled over mixtures.
 * - Noise of a proxy: what is left between seeds when each mixture keeps its mean and each seed may shift all
 *   mixtures of one size. Branches are shared by merges, so no resampling of mixtures sees it.
 * - Ceiling: agreement that a proxy right about every mixture would reach through that noise.
 * - Ties: pairs of one size whose sequential losses differ by less than noise would by chance (95 %).
 *
 * @see DataDecide, arXiv 2504.11393, for noise between random seeds beside decisions
 */
export function measureNoise(
  results: StudyResults,
  options: { documents?: DocumentChoice } = {}
): Noise[] {
  const { repeats = [], tables } = results
  if (repeats.length === 0) return []
  const documents = options.documents ?? 'all'
  const own = scoreStudy(results, documents)
  const others = repeats.map(({ randomSeed, models }) => {
    const seed = results.models.filter(({ role }) => role === 'seed')
    const scores = scoreStudy({ ...results, models: [...seed, ...models], repeats: [] }, documents)
    return { randomSeed, scores }
  })
  // Of tables the study's own values are means over all seeds, and so is their noise smaller.
  const isMean = tables !== undefined
  return own.budgets.flatMap((budget) =>
    own.domains.flatMap((_, domain) => noiseAt({ budget, domain }, own, others, isMean))
  )
}

function noiseAt(
  place: Place,
  own: Scores,
  others: readonly { randomSeed: number; scores: Scores }[],
  isMean: boolean
): Noise[] {
  const { name: domain, kind: domainKind } = own.domains[place.domain]!
  const inNats = (values: Float64Array) => (domain.endsWith('-log') ? values : values.map(Math.log))
  const truthOf = (scores: Scores) => inNats(scores.sequential(place.budget, place.domain))
  const truth = truthOf(own)
  const again = others.map(({ scores }) => truthOf(scores))
  const repeated = [...truth.keys()].map((i) =>
    [...(isMean ? [] : [truth]), ...again].map((values) => values[i]!).filter(Number.isFinite)
  )
  const single = pooledVariance(repeated)
  if (single.degrees === 0) return []
  const counts = repeated.map((values) => values.length).filter((count) => count > 1)
  const perMean = counts.reduce((sum, count) => sum + 1 / count, 0) / counts.length
  const ofTruth = isMean ? { ...single, variance: single.variance * perMean } : single

  return own.proxies
    .filter((proxy) => proxy.startsWith('merge-') || OF_BRANCHES.includes(proxy))
    .flatMap((proxy): Noise[] => {
      const proxyOf = (scores: Scores) => {
        const values = scores.proxy(proxy, place.domain, place.budget)
        return values && inNats(values)
      }
      const values = proxyOf(own)
      if (!values) return []
      const known = [...truth.keys()].filter(
        (i) => Number.isFinite(truth[i]) && Number.isFinite(values[i])
      )
      const { items, groups } = withinSize(known.map((i) => own.mixtures[i]!))
      const compared = items.map((item) => known[item]!)
      if (compared.length < FEWEST_PAIRS) return []
      const pick = (of: Float64Array) => Float64Array.from(compared, (i) => of[i]!)
      const [x, y] = [pick(values), pick(truth)]
      const again = others.flatMap(({ randomSeed, scores }) => {
        const of = proxyOf(scores)
        const picked = of && pick(of)
        return picked?.some(Number.isFinite) ? [{ randomSeed, x: picked }] : []
      })
      const tried = [...(isMean ? [] : [x]), ...again.map((one) => one.x)]
      const ofProxy = noiseOf(
        tried,
        compared.map((i) => own.mixtures[i]!),
        isMean
      )
      const spread = { variance: varianceWithin(y, groups), noise: ofTruth.variance }
      const proxySpread = ofProxy && {
        variance: varianceWithin(x, groups),
        noise: ofProxy.variance
      }
      const threshold = TIE_DEVIATIONS * Math.sqrt(ofTruth.variance)
      return [
        {
          domain,
          domainKind,
          budget: place.budget,
          proxy,
          n: compared.length,
          spread: Math.sqrt(spread.variance),
          truth: { ...deviation(ofTruth), repeated: counts.length },
          ofProxy: ofProxy && deviation(ofProxy),
          ceiling: {
            perfect: ceiling(spread, null),
            sameNoise: proxySpread && ceiling(spread, proxySpread)
          },
          beyondNoise: beyondNoise(x, y, groups, threshold),
          otherSeeds: again.map((one) => ({
            randomSeed: one.randomSeed,
            ...agreement(
              one.x,
              y,
              compared.map((i) => own.mixtures[i]!)
            )
          }))
        }
      ]
    })
}

/**
 * Noise of a proxy between seeds, on the mixtures that all of them say something of: a study that was
 * stopped, or whose branches failed, has some merges of a seed and not all.
 *
 * Merges share branches, so that a few branches make the noise of many merges: its degrees of freedom
 * are those of the branches, where these are fewer.
 *
 * @param tried values of the compared mixtures, seed by seed; NaN where a seed says nothing
 * @param isMean true where the study's own values are means over the seeds
 */
function noiseOf(
  tried: readonly Float64Array[],
  mixtures: readonly Mixture[],
  isMean: boolean
): VarianceEstimate | null {
  if (tried.length < 2) return null
  const whole = [...mixtures.keys()].filter((i) => tried.every((one) => Number.isFinite(one[i])))
  const { items, groups } = withinSize(whole.map((i) => mixtures[i]!))
  const shared = items.map((item) => whole[item]!)
  const { variance, degrees } = residualVariance(
    shared.map((i) => tried.map((one) => one[i]!)),
    groups
  )
  if (degrees === 0) return null
  const branches = new Set(shared.flatMap((i) => mixtures[i]!.units.map(({ unit }) => unit))).size
  return {
    variance: isMean ? variance / tried.length : variance,
    degrees: Math.min(degrees, (branches - 1) * (tried.length - 1))
  }
}

function deviation(estimate: VarianceEstimate): NonNullable<Noise['ofProxy']> {
  return {
    deviation: Math.sqrt(estimate.variance),
    interval: deviationInterval(estimate),
    degrees: estimate.degrees
  }
}

/**
 * Agreement that a proxy right about every mixture has through noise, were values normal.
 *
 * Pearson's r is the root of the product of both reliabilities, the shares of variance that are no noise; ρ is
 * 6/π · asin(r/2) and the share of pairs ordered alike ½ + asin(r)/π, as they are of normal pairs.
 *
 * @see Kruskal 1958, JASA 53: ordinal measures of association, for both formulae
 */
function ceiling(spread: Spread, ofProxy: Spread | null): Agreement {
  const reliability = ({ variance, noise }: Spread) => Math.max(0, 1 - noise / variance)
  const r = Math.sqrt(reliability(spread) * (ofProxy ? reliability(ofProxy) : 1))
  return { spearman: (6 / Math.PI) * Math.asin(r / 2), accuracy: 0.5 + Math.asin(r) / Math.PI }
}

/** Agreement of what a proxy says something of; null with too few to tell. */
function agreement(
  said: Float64Array,
  truth: Float64Array,
  mixtures: readonly Mixture[]
): { spearman: number | null; accuracy: number | null } {
  const both = [...mixtures.keys()].filter((i) => Number.isFinite(said[i]))
  const { items, groups } = withinSize(both.map((i) => mixtures[i]!))
  if (items.length < FEWEST_PAIRS) return { spearman: null, accuracy: null }
  const pick = (of: Float64Array) => Float64Array.from(items, (item) => of[both[item]!]!)
  const [x, y] = [pick(said), pick(truth)]
  const correlations = new Float64Array(3)
  pairWorkspace({ x, y, groups }).measure(null, 0, correlations)
  const choices = new Float64Array(CHOICE_STATISTICS.length)
  choiceWorkspace(x, y, groups).measure(null, 0, choices)
  const known = (value: number) => (Number.isFinite(value) ? value : null)
  return {
    spearman: known(correlations[1]!),
    accuracy: known(choices[CHOICE_STATISTICS.indexOf('accuracy')]!)
  }
}

/** Pairs of one group further apart in truth than a threshold, and how many of them x orders alike. */
function beyondNoise(
  x: Float64Array,
  y: Float64Array,
  groups: Int32Array,
  threshold: number
): Noise['beyondNoise'] {
  let pairs = 0
  let ties = 0
  let alike = 0
  for (let i = 0; i < y.length; i++) {
    for (let j = 0; j < i; j++) {
      if (groups[i] !== groups[j]) continue
      pairs++
      const apart = y[i]! - y[j]!
      if (Math.abs(apart) < threshold) ties++
      else if (apart * (x[i]! - x[j]!) > 0) alike++
    }
  }
  return { pairs, ties, alike, accuracy: pairs > ties ? alike / (pairs - ties) : null }
}
