/** How far a regression is off on mixtures that it was not fitted on, by leaving out one and a tenth. */
import { crossValidated, FOLDS, foldsOf, pointsNeeded } from './crossValidation'
import type { CrossValidation } from './crossValidation'
import { drawnFrom } from './predictMixtures'
import type { RegressionKind } from './regression'

export interface FitErrors {
  /** Mixtures fitted on. */
  n: number
  /** Each composition left out by itself; null with too few mixtures, or more than 64. */
  one: CrossValidation | null
  /** In ten parts; null with too few mixtures. */
  tenth: CrossValidation | null
}

/**
 * @param shares of each mixture
 * @param losses of each mixture on one domain, nats per token; NaN where there is none
 * @param randomSeed the study's, for the parts
 */
export function fitErrors(
  kind: RegressionKind,
  shares: readonly Float64Array[],
  losses: ArrayLike<number>,
  randomSeed: number
): FitErrors {
  const measured = shares.flatMap((_, i) => (Number.isFinite(losses[i]) ? [i] : []))
  const points = drawnFrom(measured, randomSeed).map((i) => ({
    shares: shares[i]!,
    loss: losses[i]!
  }))
  const judged = (folds: Int32Array) =>
    points.length < pointsNeeded(folds) ? null : crossValidated(kind, points, folds)
  const [alone, parts] = [foldsOf(points, randomSeed), foldsOf(points, randomSeed, FOLDS)]
  const isAlone = new Set(alone).size === new Set(points.map((one) => one.shares.join())).size
  return {
    n: points.length,
    one: isAlone ? judged(alone) : null,
    tenth: judged(parts)
  }
}
