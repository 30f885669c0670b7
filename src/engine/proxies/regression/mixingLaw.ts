/** The exponential mixing law: what a domain costs falls exponentially with the shares that help. */
import { fitRobustly } from '#engine/statistics/levenbergMarquardt'
import type { Curve } from '#engine/statistics/levenbergMarquardt'
import { dot } from '#engine/statistics/singularValues'
import { fitLinear } from './linear'
import type { Prediction, RegressionPoint } from './points'

/**
 * Residuals beyond this many nats per token count only in proportion: about what another random
 * seed changes in a small model's loss, so that only what is more than noise counts as wild.
 */
export const HUBER_DELTA = 0.02

/** Where the floor may begin: this many ranges of the losses below the lowest of them. */
const FLOOR_STARTS = [0.1, 0.5, 2, 10, Infinity]

/** Steps from each start, after which only the best is followed to its end. */
const FIRST_STEPS = 30

/**
 * A mixture of one member alone may lie above the floor by the lowest loss and this many ranges of
 * the losses. Without a limit, losses that are mere noise are followed to predictions of any size.
 */
const MOST_RANGES = 100

/** Loss = floor + scale · exp(Σ exponentⱼ · shareⱼ). */
interface MixingLaw {
  predict: Prediction
  /** c: nats per token that no mixture goes below. */
  floor: number
  /** k, in nats per token. */
  scale: number
  /**
   * t: by how much e-fold each member's share changes what lies above the floor; below 0 it helps.
   * Shares sum to 1, so that only their differences can be known: they are given with mean 0.
   */
  exponents: Float64Array
  /** False where the search ended before the loss stopped falling. */
  hasConverged: boolean
}

/**
 * Floor and exponents with k inside them: since shares sum to 1, k · exp(Σ tⱼ rⱼ) is
 * exp(Σ (tⱼ + ln k) rⱼ), which has no parameter too many.
 */
function curveOf(points: RegressionPoint[]): Curve {
  const m = points[0]!.shares.length + 1
  return {
    evaluate: (parameters, values, derivatives) => {
      const exponents = parameters.subarray(1)
      points.forEach(({ shares }, i) => {
        const above = Math.exp(dot(exponents, shares))
        values[i] = parameters[0]! + above
        derivatives[i * m] = 1
        for (let j = 1; j < m; j++) derivatives[i * m + j] = above * shares[j - 1]!
      })
    }
  }
}

/** Exponents that fit the logarithm of what lies above a floor, as a straight function of shares. */
function startAt(floor: number, points: RegressionPoint[]): Float64Array {
  const width = points[0]!.shares.length
  const line = fitLinear(
    points.map(({ shares, loss }) => ({ shares, loss: Math.log(loss - floor) }))
  )
  const corner = (j: number) => line(Float64Array.from({ length: width }, (_, k) => +(j === k)))
  return Float64Array.from({ length: width + 1 }, (_, j) => (j === 0 ? floor : corner(j - 1)))
}

/**
 * Fits the mixing law of one domain by Huber's loss, from five floors, and keeps the best.
 *
 * The floor is held at 0 or above, as a loss in nats is, and k above 0. Without that, losses that
 * lie nearly on a straight line would send floor and k to −∞ and ∞. Where points are fewer than
 * members, the answer is the one near the straight fit of the logarithms.
 *
 * @param points at least two, with losses that differ
 * @param delta residuals beyond it, in nats per token, count only in proportion
 * @see Ye et al. 2024, arXiv:2403.16952, equation 1 for one domain; scipy.optimize.least_squares
 */
export function fitMixingLaw(points: RegressionPoint[], delta = HUBER_DELTA): MixingLaw {
  const losses = Float64Array.from(points, ({ loss }) => loss)
  const lowest = losses.reduce((least, loss) => Math.min(least, loss), Infinity)
  const range = losses.reduce((most, loss) => Math.max(most, loss), -Infinity) - lowest
  // Scores that are no losses may lie below 0; they still get a floor that is finite.
  const bound = lowest > 0 ? 0 : lowest - FLOOR_STARTS.at(-2)! * range
  const floors = FLOOR_STARTS.map((ranges) => Math.max(bound, lowest - ranges * range))
  const width = points[0]!.shares.length
  const highestCorner = Math.log(lowest - bound + MOST_RANGES * range)
  const limits = {
    delta,
    lowest: new Float64Array(width + 1).fill(-Infinity).fill(bound, 0, 1),
    highest: new Float64Array(width + 1).fill(highestCorner).fill(lowest + range, 0, 1)
  }
  const curve = curveOf(points)
  const begun = [...new Set(floors)].map((floor) =>
    fitRobustly(curve, losses, startAt(floor, points), { ...limits, mostSteps: FIRST_STEPS })
  )
  const first = begun.reduce((least, fit) => (fit.cost < least.cost ? fit : least))
  const best = first.hasConverged ? first : fitRobustly(curve, losses, first.parameters, limits)
  const floor = best.parameters[0]!
  const inner = best.parameters.slice(1)
  const level = inner.reduce((sum, exponent) => sum + exponent, 0) / inner.length
  return {
    predict: (shares) => floor + Math.exp(dot(inner, shares)),
    floor,
    scale: Math.exp(level),
    exponents: inner.map((exponent) => exponent - level),
    hasConverged: best.hasConverged
  }
}
