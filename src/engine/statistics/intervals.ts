/** Endpoints of 95 % intervals from what resampling gave. */
import { normalCdf, normalQuantile } from './distributions'

/** Both ends of an interval, in the statistic's own unit. */
export interface Interval {
  low: number
  high: number
}

/**
 * Resamples behind every interval.
 *
 * At 2,000 an end of a 95 % interval rests on 50 values beyond it and moves between random seeds
 * by about a twentieth of the interval's width; ten times as many would cost ten times as much to
 * change the second digit of a width that is itself an estimate.
 */
export const RESAMPLES = 2000

/** Share of resamples that must give a number before an interval is said. */
const DEFINED_SHARE = 0.5

const TAIL = 0.025

/** A quantile of sorted values by linear interpolation (NumPy's default). */
export function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (high - low) * (position - below)
}

/** The resamples that gave a number, sorted; null where too few did. */
function definedSorted(distribution: Float64Array): Float64Array | null {
  const defined = distribution.filter((value) => Number.isFinite(value))
  if (defined.length === 0 || defined.length < DEFINED_SHARE * distribution.length) return null
  return defined.sort()
}

/**
 * The percentile interval: what lies between the 2.5th and 97.5th percentile of the resamples.
 *
 * @returns null where fewer than half of the resamples gave a number
 */
export function percentileInterval(distribution: Float64Array): Interval | null {
  const sorted = definedSorted(distribution)
  return sorted && { low: quantile(sorted, TAIL), high: quantile(sorted, 1 - TAIL) }
}

/** The statistic with one pair left out at a time, by the group the pair was drawn from. */
export type Jackknife = Float64Array[]

/** Efron's acceleration from a jackknife over one or several groups; null where it is constant. */
function acceleration(jackknife: Jackknife): number | null {
  let cubes = 0
  let squares = 0
  for (const values of jackknife) {
    const n = values.length
    const mean = values.reduce((sum, value) => sum + value, 0) / n
    for (const value of values) {
      const influence = ((n - 1) / n) * (mean - value)
      cubes += influence ** 3
      squares += influence ** 2
    }
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : null
}

/**
 * The bias-corrected and accelerated interval.
 *
 * Correlations near ±1 are skewed, which plain percentiles ignore. Where the correction is not
 * defined (all resamples on one side, a constant jackknife) the percentile interval is returned.
 *
 * @returns null where fewer than half of the resamples gave a number
 * @see Efron 1987, doi 10.1080/01621459.1987.10478410; scipy.stats.bootstrap
 */
export function bcaInterval(
  distribution: Float64Array,
  estimate: number,
  jackknife: Jackknife
): Interval | null {
  const sorted = definedSorted(distribution)
  if (!sorted) return null
  let below = 0
  let upTo = 0
  for (const value of sorted) {
    if (value < estimate) below++
    if (value <= estimate) upTo++
  }
  const bias = normalQuantile((below + upTo) / (2 * sorted.length))
  const skew = acceleration(jackknife)
  if (!Number.isFinite(bias) || skew === null || !Number.isFinite(skew)) {
    return { low: quantile(sorted, TAIL), high: quantile(sorted, 1 - TAIL) }
  }
  const end = (share: number): number => {
    const z = bias + normalQuantile(share)
    return quantile(sorted, normalCdf(bias + z / (1 - skew * z)))
  }
  return { low: end(TAIL), high: end(1 - TAIL) }
}
