/** How well a regression predicts mixtures that it was not fitted on. */
import { spearman } from '#engine/statistics/correlation'
import { deriveSeed, seededRandom, shuffle } from '#engine/statistics/random'
import { FEWEST_POINTS, fitRegression, requirePoints } from './regression'
import type { RegressionKind, RegressionOptions } from './regression'
import type { RegressionPoint } from './points'

/** Up to so many compositions each is left out alone. */
const MOST_LEFT_OUT_ALONE = 64
export const FOLDS = 10

export interface CrossValidation {
  /** How many times it was fitted, each time without one part of the points. */
  folds: number
  /** Nats per token of each point, by the fit without it. */
  predictions: Float64Array
  /** Root of the mean squared error, in nats per token. */
  rmse: number
  /** Mean of the absolute errors, in nats per token. */
  mae: number
  /**
   * Rank correlation of predictions and losses; null where it is not defined.
   *
   * A regression that has learnt nothing predicts the mean of the other points, which is the lower
   * the higher the one left out: it has −1 here, and not 0.
   */
  spearman: number | null
  /** The RMSE of predicting the mean of the other points: what a regression must stay below. */
  meanRmse: number
}

/**
 * Divides points into parts to be left out in turn: each composition alone up to so many of them,
 * else ten parts drawn by the random seed.
 *
 * Points of one composition (the same mixture with other random seeds) go out together, since any
 * of them tells of the others.
 *
 * @returns part of each point, from 0 without gaps
 */
export function foldsOf(
  points: RegressionPoint[],
  randomSeed: number,
  mostAlone = MOST_LEFT_OUT_ALONE
): Int32Array {
  const keys = points.map(({ shares }) => shares.join())
  const distinct = [...new Set(keys)]
  const isAlone = distinct.length <= mostAlone
  const order = isAlone
    ? distinct
    : shuffle(distinct, seededRandom(deriveSeed(randomSeed, 'folds')))
  const foldOf = new Map(order.map((key, i) => [key, isAlone ? i : i % FOLDS]))
  return Int32Array.from(keys, (key) => foldOf.get(key)!)
}

/** Fewest points of which the largest part can be left out and the rest still fitted on. */
export function pointsNeeded(folds: Int32Array): number {
  const sizes = new Map<number, number>()
  for (const fold of folds) sizes.set(fold, (sizes.get(fold) ?? 0) + 1)
  return FEWEST_POINTS + Math.max(1, ...sizes.values())
}

/**
 * Predicts every point by fits that have not seen it.
 *
 * @param folds part of each point, from {@link foldsOf}; each part is left out once
 * @throws WorkbenchError `statistics/too-few` where fewer than four points would be left to fit on
 */
export function crossValidated(
  kind: RegressionKind,
  points: RegressionPoint[],
  folds: Int32Array,
  options: RegressionOptions = {}
): CrossValidation {
  requirePoints(points, pointsNeeded(folds))
  const predictions = new Float64Array(points.length)
  const means = new Float64Array(points.length)
  const names = new Set(folds)
  for (const fold of names) {
    const rest = points.filter((_, i) => folds[i] !== fold)
    const { predict } = fitRegression(kind, rest, options)
    const mean = rest.reduce((sum, { loss }) => sum + loss, 0) / rest.length
    points.forEach(({ shares }, i) => {
      if (folds[i] !== fold) return
      predictions[i] = predict(shares)
      means[i] = mean
    })
  }
  const losses = Float64Array.from(points, ({ loss }) => loss)
  const errors = losses.map((loss, i) => predictions[i]! - loss)
  return {
    folds: names.size,
    predictions,
    rmse: rootMeanSquare(errors),
    mae: errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length,
    spearman: spearman(predictions, losses)?.value ?? null,
    meanRmse: rootMeanSquare(losses.map((loss, i) => means[i]! - loss))
  }
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
}
