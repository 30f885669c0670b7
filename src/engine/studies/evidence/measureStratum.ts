/** Agreement of one proxy with the truth in one stratum, with all its intervals. */
import { bootstrapIntervals, drawResamples, dropIntervals } from '#engine/statistics/bootstrap'
import type { Resamples } from '#engine/statistics/bootstrap'
import type { Interval } from '#engine/statistics/intervals'
import { denseLevels, FEWEST_PAIRS, pairWorkspace, STATISTICS } from '#engine/statistics/pairs'
import type { StatisticName } from '#engine/statistics/pairs'
import { deriveSeed } from '#engine/statistics/random'
import { relabelledP } from '#engine/statistics/relabelling'
import type { Relabellings } from '#engine/statistics/relabelling'
import type { Mixture } from '#shared/records'
import { holdsPartition } from '#engine/proxies/composition'
import type { Stratum } from './strata'

/** One correlation with what surrounds it; null throughout where it is not defined. */
export interface AgreementStatistic {
  value: number | null
  /** 95 % BCa interval over mixtures. */
  interval: Interval | null
  /** Smallest and largest value with the mixtures of one partition left out at a time. */
  drop: Interval | null
  /** Two-sided, by relabelling partitions. */
  p: number | null
  /** The same corrected by Holm over the domains asked about at once; null on means over them. */
  holm: number | null
}

/** All statistics of one stratum. */
export interface StratumAgreement extends Record<StatisticName, AgreementStatistic> {
  /** Mixtures that were compared with another. */
  n: number
  /** Relabellings behind the p-values. */
  relabellings: number
  /** Smallest p-value they can give. */
  smallestP: number | null
}

/** What the rows of one study share, made once. */
export interface AgreementContext {
  randomSeed: number
  /** Mixtures with a pair; a stratum's items are places in it. */
  mixtures: Mixture[]
  /** Resamples by layout of groups. */
  resamples: Map<string, Resamples>
}

function resamplesFor(context: AgreementContext, groups: Int32Array): Resamples {
  const layout = groups.join(' ')
  const known = context.resamples.get(layout)
  if (known) return known
  const drawn = drawResamples(groups, deriveSeed(context.randomSeed, 'mixtures again'))
  context.resamples.set(layout, drawn)
  return drawn
}

/**
 * Correlates a proxy with the truth in one stratum.
 *
 * Fewer than four comparable mixtures (as many as give the freedom of four in one group) give no
 * number at all: three dots line up by chance too often for one to be read.
 *
 * @param x proxy value of each of the context's mixtures
 * @param y sequential value of each
 * @param relabelling null: no p-value; `proxy` holds the value of every mixture of the study
 */
export function measureStratum(
  context: AgreementContext,
  stratum: Stratum,
  x: Float64Array,
  y: Float64Array,
  relabelling: { table: Relabellings; proxy: Float64Array; levels: Int32Array } | null
): StratumAgreement {
  const { items, groups } = stratum
  const pick = (values: Float64Array) => Float64Array.from(items, (i) => values[i]!)
  const estimates = new Float64Array(3).fill(NaN)
  const workspace = pairWorkspace({ x: pick(x), y: pick(y), groups })
  const freedom = items.length === 0 ? 0 : workspace.measure(null, 0, estimates)
  if (freedom < FEWEST_PAIRS || Number.isNaN(estimates[0])) return undefinedAgreement(items.length)

  const intervals = bootstrapIntervals(workspace, estimates, groups, resamplesFor(context, groups))
  const dropped = dropIntervals(workspace, partitionSets(context.mixtures, items))
  const relabelled = relabelling
    ? relabelledP(
        workspace,
        estimates,
        relabelling.table,
        items,
        relabelling.proxy,
        relabelling.levels
      )
    : { p: [null, null, null], relabellings: 0, smallest: null }
  const statistic = (s: number): AgreementStatistic => ({
    value: estimates[s]!,
    interval: intervals[s]!,
    drop: dropped[s]!,
    p: relabelled.p[s]!,
    holm: null
  })
  return {
    n: items.length,
    relabellings: relabelled.relabellings,
    smallestP: relabelled.smallest,
    pearson: statistic(0),
    spearman: statistic(1),
    kendall: statistic(2)
  }
}

function undefinedAgreement(n: number): StratumAgreement {
  const none: AgreementStatistic = { value: null, interval: null, drop: null, p: null, holm: null }
  const all = Object.fromEntries(STATISTICS.map((name) => [name, none]))
  return { n, relabellings: 0, smallestP: null, ...(all as Record<StatisticName, typeof none>) }
}

/** For each partition, which of the items hold it. */
export function partitionSets(
  mixtures: readonly Mixture[],
  items: readonly number[]
): Uint8Array[] {
  const partitions = new Set(
    items.flatMap((i) => mixtures[i]!.units.map(({ partition }) => partition))
  )
  return [...partitions].map((partition) =>
    Uint8Array.from(items, (i) => Number(holdsPartition(mixtures[i]!, partition)))
  )
}

/** Values of one proxy with their ranks, as relabelling looks them up. */
export function ranked(proxy: Float64Array): { proxy: Float64Array; levels: Int32Array } {
  return { proxy, levels: denseLevels(proxy) }
}
