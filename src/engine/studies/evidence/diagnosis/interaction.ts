/** Whether what partitions are worth adds up, by what an additive fit to the truth leaves. */
import { holdsPartition, partitionShare } from '#engine/proxies/composition'
import { correlationP } from '#engine/statistics/distributions'
import { projectionOff } from '#engine/statistics/projection'
import type { Projection } from '#engine/statistics/projection'
import { dot } from '#engine/statistics/singularValues'
import type { Finding, MeasuredNumber } from '#shared/diagnosis'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { Noise } from '#shared/evidenceView'
import type { BudgetKind, Mixture } from '#shared/records'
import { measureNoise } from '../noise'
import { withinSize } from '../strata'
import { finding, meanOf, measured, NATS } from './finding'
import type { DiagnosedStudy } from './finding'
import { FALSE_ALARM, FEWEST_LEFT, THRESHOLDS } from './thresholds'

/** Spread this small, in nats per token, is rounding. */
const ROUNDING = 1e-9

/** What an additive fit leaves of the truth. */
interface AdditiveFit {
  columns: Map<string, Float64Array>
  projection: Projection
  residual: Float64Array
  freedom: number
}

/** Two partitions that are together in some mixtures. */
interface PartitionPair {
  name: string
  /** What mixtures that hold both are worse by than the sum of their parts, on average, nats per token. */
  effect: number
  /** Correlation of residual and pair, both less what is additive; null where they are one. */
  correlation: number | null
}

/**
 * Whether partitions interact.
 *
 * Among mixtures of one size the truth is fitted by one term per partition, of its share or of its
 * presence, whichever leaves less. Left variance alone may be noise: a yes needs one pair of
 * partitions that explains more of it than chance would among so many pairs.
 */
export function diagnoseInteraction(study: DiagnosedStudy, budget: BudgetKind): Finding {
  const losses = study.truth(budget, 'every')
  const trained = study.mixtures.flatMap((_, i) => (Number.isFinite(losses[i]) ? [i] : []))
  const stratum = withinSize(trained.map((i) => study.mixtures[i]!))
  const mixtures = stratum.items.map((place) => study.mixtures[trained[place]!]!)
  const truth = Float64Array.from(stratum.items, (place) => losses[trained[place]!]!)
  const sizes = [...new Set(stratum.groups)].map((group) =>
    Float64Array.from(stratum.groups, (own) => Number(own === group))
  )
  const measure = (value: number | null) => measured('variance that additive terms leave', value)
  const cannotTell = (why: string, numbers: MeasuredNumber[] = []) =>
    finding('interaction', budget, { verdict: 'cannot tell', measure: measure(null), why, numbers })
  if (mixtures.length === 0) {
    return cannotTell('No two mixtures of one size were trained sequentially.')
  }
  const within = projectionOff(sizes).off(truth)
  const spread = dot(within, within) / (truth.length - sizes.length)
  if (Math.sqrt(spread) < ROUNDING) {
    return cannotTell('The sequential models of one size do not differ in loss.')
  }
  const fit = additiveFit(mixtures, sizes, truth)
  const counted = [
    measured('mixtures', mixtures.length),
    measured('degrees of freedom left', fit.freedom)
  ]
  if (fit.freedom < FEWEST_LEFT) {
    return cannotTell(
      `An additive fit to ${mixtures.length} mixtures leaves ${fit.freedom} degrees of freedom, fewer than ${FEWEST_LEFT}: it fits whatever they are.`,
      counted
    )
  }
  const left = dot(fit.residual, fit.residual) / fit.freedom
  const share = left / spread
  const pairs = pairsOf(mixtures, fit)
  const numbers = [
    ...counted,
    measured('standard deviation of the truth within sizes', Math.sqrt(spread), NATS),
    measured('standard deviation that is left', Math.sqrt(left), NATS),
    ...pairs.map(({ name, effect }) => measured(`effect of ${name}`, effect, NATS))
  ]
  const told = { measure: measure(share), numbers }
  if (share < THRESHOLDS.interaction) {
    const why = 'One term for each partition explains what mixtures of one size differ by.'
    return finding('interaction', budget, { ...told, verdict: 'no', why })
  }
  const [strongest] = pairs
  // Of as many pairs as there are, the best one stands out by chance.
  const p = strongest?.correlation
    ? Math.min(1, correlationP(strongest.correlation, fit.freedom + 1) * pairs.length)
    : 1
  told.numbers.push(measured('p of the strongest pair, corrected for their number', p))
  if (p < FALSE_ALARM) {
    const side = strongest!.effect > 0 ? 'worse' : 'better'
    const why = `Additive terms leave much, and a pair explains it: mixtures with ${strongest!.name} are ${side} than their parts.`
    return finding('interaction', budget, { ...told, verdict: 'yes', why })
  }
  const noise = measureNoise(study.results).find(
    (row) => row.budget === budget && row.domain === HEADLINE_DOMAIN
  )
  if (noise) told.numbers.push(measured('noise between random seeds', noise.truth.deviation, NATS))
  const why = `Additive terms leave much, but no pair of partitions stands out: ${noiseWords(Math.sqrt(left), noise)}.`
  return finding('interaction', budget, { ...told, verdict: 'cannot tell', why })
}

/** What is left beside what trainings under other random seeds differ by, where that is known. */
function noiseWords(left: number, noise: Noise | undefined): string {
  if (!noise) return 'it may be noise'
  const { deviation, interval } = noise.truth
  const of = `${left.toFixed(4)} nats per token are left, and random seeds alone make ${deviation.toFixed(4)}`
  if (left <= deviation) return `it is no more than noise (${of})`
  if (interval && left > interval.high) {
    return `it is more than noise (${of}), so that several pairs or more than two partitions together may interact`
  }
  return `it may be noise (${of}, up to ${interval ? interval.high.toFixed(4) : 'more'})`
}

function additiveFit(mixtures: Mixture[], sizes: Float64Array[], truth: Float64Array): AdditiveFit {
  const names = mixtures.flatMap(({ units }) => units.map(({ partition }) => partition))
  const partitions = [...new Set(names)].sort()
  const terms = [
    partitionShare,
    (mixture: Mixture, name: string) => Number(holdsPartition(mixture, name))
  ]
  const fits = terms.map((term): AdditiveFit & { left: number } => {
    const columns = new Map(
      partitions.map((name) => [name, Float64Array.from(mixtures, (one) => term(one, name))])
    )
    const projection = projectionOff([...sizes, ...columns.values()])
    const residual = projection.off(truth)
    const freedom = truth.length - projection.rank
    const left = freedom > 0 ? dot(residual, residual) / freedom : Infinity
    return { columns, projection, residual, freedom, left }
  })
  return fits.reduce((best, one) => (one.left < best.left ? one : best))
}

/** Pairs that some mixtures hold and others do not, the one that explains most first. */
function pairsOf(
  mixtures: Mixture[],
  { columns, projection, residual }: AdditiveFit
): PartitionPair[] {
  const names = [...columns.keys()]
  const length = Math.sqrt(dot(residual, residual))
  const pairs = names.flatMap((a, i) =>
    names.slice(i + 1).flatMap((b): PartitionPair[] => {
      const both = mixtures.flatMap((mixture, place) =>
        holdsPartition(mixture, a) && holdsPartition(mixture, b) ? [place] : []
      )
      if (both.length === 0) return []
      const product = columns.get(a)!.map((value, place) => value * columns.get(b)![place]!)
      const own = projection.off(product)
      const ownLength = Math.sqrt(dot(own, own))
      const isTold = ownLength > 1e-9 * Math.sqrt(dot(product, product)) && length > 0
      const correlation = isTold ? dot(own, residual) / ownLength / length : null
      // Of the pair's own term, fitted beside the additive ones: their mean residual would hold what
      // other pairs leave in the same mixtures.
      const slope = isTold ? dot(own, residual) / ownLength ** 2 : 0
      return [
        {
          name: `${a} with ${b}`,
          effect: slope * meanOf(both.map((place) => product[place]!)),
          correlation: correlation === null ? null : Math.max(-1, Math.min(1, correlation))
        }
      ]
    })
  )
  const strength = ({ correlation }: PartitionPair) => Math.abs(correlation ?? 0)
  return pairs.sort((a, b) => strength(b) - strength(a))
}
