/** Proxies side by side: what choosing by each would have cost, and how they differ. */
import { drawResamples } from '#engine/statistics/bootstrap'
import type { Resamples } from '#engine/statistics/bootstrap'
import { CHOICE_STATISTICS, choiceWorkspace } from '#engine/statistics/choosing'
import type { ChoiceStatistic } from '#engine/statistics/choosing'
import { percentileInterval } from '#engine/statistics/intervals'
import { FEWEST_PAIRS, pairWorkspace } from '#engine/statistics/pairs'
import { deriveSeed } from '#engine/statistics/random'
import type { Estimate } from '#shared/evidenceView'
import type { BudgetKind, Mixture } from '#shared/records'
import type { DocumentChoice, StudyResults } from '../results'
import { partitionSets } from './measureStratum'
import { isLoss, scoreStudy } from './scores'
import type { ProxyName, ScoredDomain } from './scores'
import { withinSize } from './strata'

/** One proxy on one domain, among mixtures of one size. */
export interface ProxyComparison extends Record<ChoiceStatistic, Estimate> {
  domain: string
  domainKind: ScoredDomain['kind']
  budget: BudgetKind
  proxy: ProxyName
  /** Mixtures compared with another. */
  n: number
  spearman: Estimate
  /** ρ among the quarter of each size that the proxy puts first: where choices are made. */
  topSpearman: Estimate
  /** This proxy's less the reference's, resampled as pairs; null for the reference itself. */
  difference: { accuracy: Estimate; spearman: Estimate } | null
}

/** What every other proxy is held against: the paper's own; of tables without it, their first. */
const REFERENCE_PROXY: ProxyName = 'merge-micro'

/** Spearman's ρ behind the statistics of choosing, in one row of numbers. */
const NUMBERS = [...CHOICE_STATISTICS, 'spearman', 'topSpearman'] as const

const SPEARMAN = CHOICE_STATISTICS.length

/**
 * Compares every proxy with the truth among mixtures of one size, on every domain and mean.
 *
 * Values are taken in nats per token: perplexities as their logs. Mixtures whose sequential model
 * is their merge are left out, as everywhere. Every proxy is measured on the mixtures that it and
 * the truth speak of; its difference to the reference on those that both speak of, with the same
 * resamples for both.
 *
 * Sizes are kept apart: a mean over them weighs each by its mixtures.
 */
export function compareProxies(
  results: StudyResults,
  options: { documents?: DocumentChoice } = {}
): ProxyComparison[] {
  const scores = scoreStudy(results, options.documents ?? 'all')
  const seed = deriveSeed(results.study.randomSeed, 'mixtures again')
  const drawn = new Map<string, Resamples>()
  const resamplesOf = (groups: Int32Array): Resamples => {
    const layout = groups.join(' ')
    const known = drawn.get(layout) ?? drawResamples(groups, seed)
    drawn.set(layout, known)
    return known
  }
  return scores.budgets.flatMap((budget) =>
    scores.domains.flatMap((domain, place) => {
      const inNats = (values: Float64Array) =>
        domain.name.endsWith('-log') ? values : values.map(Math.log)
      const truth = inNats(scores.sequential(budget, place))
      const columns = scores.proxies.flatMap((proxy): Column[] => {
        const values = scores.proxy(proxy, place, budget)
        if (!values) return []
        // Of counts and shares more is a lower loss.
        return [{ proxy, values: isLoss(proxy) ? inNats(values) : values.map((one) => -one) }]
      })
      const named = columns.find(({ proxy }) => proxy === REFERENCE_PROXY)
      const reference = named ?? columns.find(({ proxy }) => isLoss(proxy))
      const seen = new Map<string, Measured>()
      // Most proxies speak of the same mixtures: each is measured on them once.
      const on = (column: Column, known: readonly number[]): Measured => {
        const key = `${column.proxy}\n${known.join(' ')}`
        const found =
          seen.get(key) ?? measured(scores.mixtures, known, column.values, truth, resamplesOf)
        seen.set(key, found)
        return found
      }
      const knownTo = (...all: Float64Array[]) =>
        scores.mixtures.flatMap((_, i) =>
          [truth, ...all].every((values) => Number.isFinite(values[i])) ? [i] : []
        )
      return columns.map((column): ProxyComparison => {
        const { proxy, values } = column
        const own = on(column, knownTo(values))
        const isOther = reference !== undefined && proxy !== reference.proxy
        const both = isOther ? knownTo(values, reference.values) : null
        const differenceIn = (name: (typeof NUMBERS)[number]) =>
          differenceOf(on(column, both!), on(reference!, both!), name)
        return {
          domain: domain.name,
          domainKind: domain.kind,
          budget,
          proxy,
          n: own.n,
          ...estimatesOf(own, !isLoss(proxy)),
          difference: both && {
            accuracy: differenceIn('accuracy'),
            spearman: differenceIn('spearman')
          }
        }
      })
    })
  )
}

/** A proxy with its value of every mixture: nats per token, or less the more there is of a count. */
interface Column {
  proxy: ProxyName
  values: Float64Array
}

/** Numbers of a proxy on some mixtures: as they are, resampled, and dropped. */
interface Measured {
  n: number
  /** As {@link NUMBERS}; null with too few mixtures. */
  values: Float64Array | null
  /** By number and resample. */
  resampled: Float64Array[]
  /** By partition left out, then number. */
  dropped: Float64Array[]
}

function measured(
  mixtures: readonly Mixture[],
  known: readonly number[],
  values: Float64Array,
  truth: Float64Array,
  resamplesOf: (groups: Int32Array) => Resamples
): Measured {
  const own = known.map((i) => mixtures[i]!)
  const { items, groups } = withinSize(own)
  const sizes = new Set(groups).size
  const freedom = items.length - Math.max(0, sizes - 1)
  if (freedom < FEWEST_PAIRS) {
    return { n: items.length, values: null, resampled: [], dropped: [] }
  }
  const pick = (of: Float64Array) => Float64Array.from(items, (i) => of[known[i]!]!)
  const resamples = resamplesOf(groups)
  const sets = partitionSets(own, items).filter((set) => set.includes(1))
  const measure = measureOf(pick(values), pick(truth), groups)
  const resampled = NUMBERS.map(() => new Float64Array(resamples.resamples))
  for (let b = 0; b < resamples.resamples; b++) {
    const numbers = measure(resamples.counts, b * resamples.items)
    numbers.forEach((one, k) => (resampled[k]![b] = one))
  }
  const without = (set: Uint8Array) => Uint16Array.from(set, (gone) => 1 - gone)
  return {
    n: items.length,
    values: measure(null, 0).slice(),
    resampled,
    dropped: sets.map((set) => measure(without(set), 0).slice())
  }
}

/** All numbers of one proxy under some counts; the array is good until the next call. */
function measureOf(x: Float64Array, y: Float64Array, groups: Int32Array) {
  const choice = choiceWorkspace(x, y, groups)
  const pairs = pairWorkspace({ x, y, groups })
  const numbers = new Float64Array(NUMBERS.length)
  const correlations = new Float64Array(3)
  const top = new Uint16Array(groups.length)
  return (counts: Uint16Array | null, offset: number): Float64Array => {
    choice.measure(counts, offset, numbers)
    pairs.measure(counts, offset, correlations)
    numbers[SPEARMAN] = correlations[1]!
    choice.keepTopQuarter(counts, offset, top)
    const freedom = pairs.measure(top, 0, correlations)
    numbers[SPEARMAN + 1] = freedom < FEWEST_PAIRS ? NaN : correlations[1]!
    return numbers
  }
}

function estimatesOf(
  { values, resampled, dropped }: Measured,
  hasNoUnit: boolean
): Record<(typeof NUMBERS)[number], Estimate> {
  const entries = NUMBERS.map((name, k) => {
    const isMeaningless = hasNoUnit && (name === 'slope' || name === 'offset')
    if (!values || isMeaningless) return [name, UNKNOWN] as const
    const drops = dropped.map((numbers) => numbers[k]!)
    return [name, estimate(values[k]!, resampled[k]!, drops)] as const
  })
  return Object.fromEntries(entries) as Record<(typeof NUMBERS)[number], Estimate>
}

/** One proxy's number less another's, on the same mixtures and resamples. */
function differenceOf(one: Measured, other: Measured, name: (typeof NUMBERS)[number]): Estimate {
  if (!one.values || !other.values) return UNKNOWN
  const k = NUMBERS.indexOf(name)
  return estimate(
    one.values[k]! - other.values[k]!,
    one.resampled[k]!.map((value, b) => value - other.resampled[k]![b]!),
    one.dropped.map((numbers, set) => numbers[k]! - other.dropped[set]![k]!)
  )
}

/** What is not defined. */
export const UNKNOWN: Estimate = { value: null, interval: null, drop: null }

function estimate(value: number, resampled: Float64Array, drops: readonly number[]): Estimate {
  if (!Number.isFinite(value)) return UNKNOWN
  const known = drops.filter(Number.isFinite)
  return {
    value,
    interval: percentileInterval(resampled),
    drop: known.length === 0 ? null : { low: Math.min(...known), high: Math.max(...known) }
  }
}
