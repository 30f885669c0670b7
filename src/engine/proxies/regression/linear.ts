/** Losses as a straight function of shares, plain or with a penalty on slopes. */
import { decompose, dot } from '#engine/statistics/singularValues'
import type { Prediction, RegressionPoint } from './points'

/**
 * Singular values below this part of the largest count as 0. Shares sum to 1, so that one direction
 * has no spread; given with twelve digits, they leave some 1e-12 of it.
 */
const FLAT = 1e-9

/** From 10⁻⁶ to 10³, four to a decade: from next to none to next to no slopes. */
const PENALTIES = Array.from({ length: 37 }, (_, i) => 10 ** (i / 4 - 6))

/** Points less their mean, along the directions in which their shares spread. */
interface Spread {
  meanShares: Float64Array
  meanLoss: number
  /** Losses less their mean. */
  losses: Float64Array
  /** For each direction: places of the points along it, its singular value, the direction. */
  directions: { left: Float64Array; value: number; right: Float64Array }[]
}

function spreadOf(points: RegressionPoint[]): Spread {
  const n = points.length
  const meanShares = points[0]!.shares.map(
    (_, j) => points.reduce((sum, { shares }) => sum + shares[j]!, 0) / n
  )
  const meanLoss = points.reduce((sum, { loss }) => sum + loss, 0) / n
  const { left, values, right } = decompose(
    points.map(({ shares }) => shares.map((share, j) => share - meanShares[j]!))
  )
  const widest = values.reduce((most, value) => Math.max(most, value), 0)
  return {
    meanShares,
    meanLoss,
    losses: Float64Array.from(points, ({ loss }) => loss - meanLoss),
    directions: left.flatMap((column, k) =>
      values[k]! > FLAT * widest ? [{ left: column, value: values[k]!, right: right[k]! }] : []
    )
  }
}

function predictionOf(spread: Spread, penalty: number): Prediction {
  const { meanShares, meanLoss, losses, directions } = spread
  const slopes = new Float64Array(meanShares.length)
  for (const { left, value, right } of directions) {
    const along = (dot(left, losses) * value) / (value * value + penalty)
    for (let j = 0; j < slopes.length; j++) slopes[j]! += along * right[j]!
  }
  const intercept = meanLoss - dot(slopes, meanShares)
  return (shares) => intercept + dot(slopes, shares)
}

/**
 * Fits an intercept and one slope per share by least squares; of the many that fit alike, since
 * shares sum to 1, the one with the smallest slopes.
 *
 * A share that is the same at all points gets slope 0.
 *
 * @param points at least one
 * @see sklearn.linear_model.LinearRegression; tests/golden/proxies holds it to that
 */
export function fitLinear(points: RegressionPoint[]): Prediction {
  return predictionOf(spreadOf(points), 0)
}

/**
 * Mean squared error of each point predicted from all others, without fitting again: residuals of
 * one fit over what each point does not say about itself.
 *
 * @returns NaN where a point alone decides its own prediction
 */
function leftOutError({ losses, directions }: Spread, penalty: number): number {
  const n = losses.length
  const fitted = new Float64Array(n)
  const own = new Float64Array(n).fill(1 / n)
  for (const { left, value } of directions) {
    const kept = (value * value) / (value * value + penalty)
    const along = kept * dot(left, losses)
    for (let i = 0; i < n; i++) {
      fitted[i]! += along * left[i]!
      own[i]! += kept * left[i]! * left[i]!
    }
  }
  return losses.reduce((sum, loss, i) => sum + ((loss - fitted[i]!) / (1 - own[i]!)) ** 2 / n, 0)
}

/** A fit with the penalty that was chosen. */
interface RidgeFit {
  predict: Prediction
  /** Times the sum of squared slopes, against the sum of squared residuals. */
  penalty: number
  /** True where the largest penalty was best: that is, where no slope helps. */
  isFlat: boolean
}

/**
 * Fits an intercept and slopes that are held small, by as much as predicts points left out best.
 *
 * Shares are taken as they are, not scaled to one spread: they have one unit, and a member that is
 * little varied is one of which little is known. Of penalties that do alike the smallest is taken.
 *
 * @param points at least two
 * @param penalties to choose from, rising
 * @see sklearn.linear_model.RidgeCV without folds, which leaves points out in closed form as well
 */
export function fitRidge(points: RegressionPoint[], penalties: number[] = PENALTIES): RidgeFit {
  const spread = spreadOf(points)
  let penalty = penalties.at(-1)!
  let least = Infinity
  for (const one of penalties) {
    const error = leftOutError(spread, one)
    if (error < least) {
      least = error
      penalty = one
    }
  }
  return {
    predict: predictionOf(spread, penalty),
    penalty,
    isFlat: penalties.length > 1 && penalty === penalties.at(-1)
  }
}
