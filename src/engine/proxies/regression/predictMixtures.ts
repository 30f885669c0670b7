/** A regression as a proxy: predicted losses of all mixtures of a study on all domains. */
import { deriveSeed, seededRandom, shuffle } from '#engine/statistics/random'
import { crossValidated, foldsOf, pointsNeeded } from './crossValidation'
import type { CrossValidation } from './crossValidation'
import { fitRegression, note, tooFew } from './regression'
import type { Regression, RegressionKind, RegressionNote, RegressionOptions } from './regression'

/** What the losses to fit on are: of sequential models, which cost, or of merges, which do not. */
export type FittedOn = 'sequential' | 'merges'

/**
 * How a prediction came about: by fits that leave that mixture out in its turn, by a fit on it
 * too, or by a fit on all others that were to be fitted on; null where there is no prediction.
 */
export type PredictionOrigin = 'held-out' | 'in-sample' | 'unseen' | null

/** Mixtures fitted on at most, of more those drawn by the random seed: as many as RegMix trains. */
const MOST_POINTS = 512

interface PredictionOptions extends RegressionOptions {
  fittedOn: FittedOn
  /** The study's, for mixtures to fit on where they are many, and for parts to leave out. */
  randomSeed: number
  /** Leaves nothing out and gives no errors: predictions on merges need neither, and it takes long. */
  withoutErrors?: boolean
}

/** One domain's fit; with nothing in it but a note where too few mixtures are measured. */
export interface DomainRegression {
  /** The fit on all mixtures that are fitted on. */
  fit: Regression | null
  /** Errors on mixtures left out; null where they were not asked for either. */
  heldOut: CrossValidation | null
  notes: RegressionNote[]
}

export interface MixturePredictions {
  /** Nats per token by mixture, then domain; NaN where there is no prediction. */
  losses: Float64Array[]
  /** By mixture, then domain. */
  origins: PredictionOrigin[][]
  domains: DomainRegression[]
}

/** Mixtures to fit on: all, or of too many those drawn by the random seed. */
export function drawnFrom(measured: number[], randomSeed: number): number[] {
  if (measured.length <= MOST_POINTS) return measured
  return shuffle([...measured], seededRandom(deriveSeed(randomSeed, 'fitted on')))
    .slice(0, MOST_POINTS)
    .sort((a, b) => a - b)
}

function drawnNote(measured: number): RegressionNote {
  const message = `Fitted on ${String(MOST_POINTS)} of the ${String(measured)} measured mixtures, drawn by the study’s random seed.`
  return note('drawn', message)
}

/** Predicts all mixtures on one domain, of whose losses some are NaN. */
function predictDomain(
  kind: RegressionKind,
  shares: Float64Array[],
  losses: Float64Array,
  options: PredictionOptions
): { predictions: Float64Array; origins: PredictionOrigin[]; regression: DomainRegression } {
  const measured = [...losses.keys()].filter((i) => Number.isFinite(losses[i]))
  const used = drawnFrom(measured, options.randomSeed)
  const points = used.map((i) => ({ shares: shares[i]!, loss: losses[i]! }))
  const folds = foldsOf(points, options.randomSeed)
  const needed = pointsNeeded(folds)
  if (points.length < needed) {
    return {
      predictions: losses.map(() => NaN),
      origins: shares.map(() => null),
      regression: { fit: null, heldOut: null, notes: [tooFew(points.length, needed)] }
    }
  }
  const fit = fitRegression(kind, points, options)
  const isHeldOut = options.fittedOn === 'sequential'
  const isJudged = isHeldOut || !options.withoutErrors
  const heldOut = isJudged ? crossValidated(kind, points, folds, options) : null
  const predictions = Float64Array.from(shares, fit.predict)
  const origins = shares.map((): PredictionOrigin => 'unseen')
  used.forEach((i, place) => {
    if (heldOut && isHeldOut) predictions[i] = heldOut.predictions[place]!
    origins[i] = isHeldOut ? 'held-out' : 'in-sample'
  })
  const isDrawn = used.length < measured.length
  const notes = isDrawn ? [...fit.notes, drawnNote(measured.length)] : fit.notes
  return { predictions, origins, regression: { fit, heldOut, notes } }
}

/**
 * Predicts the loss of every mixture on every domain from what the mixtures are made of.
 *
 * Fitted on sequential models, a measured mixture gets the prediction of the fit without it: else
 * the agreement with its own truth would be partly with itself. Mixtures not measured get the fit
 * on all. Fitted on merges, all get the fit on all merges, their own among them: a merge is free,
 * is no truth, and the regression is then a smoothed merge. Held-out errors are given both ways.
 *
 * @param shares of each mixture, from {@link compositions}
 * @param losses nats per token by mixture, then domain, NaN where not measured: of sequential models of
 *   one budget, or of micro merges. `studies/evidence/scores.ts` holds every proxy in this form, and
 *   predictions come back in it, so that means over domains are formed of them as of the others
 * @returns no predictions on a domain with fewer than five measured mixtures; its note says so
 */
export function predictMixtures(
  kind: RegressionKind,
  shares: Float64Array[],
  losses: Float64Array[],
  options: PredictionOptions
): MixturePredictions {
  const domains = Array.from(losses[0] ?? [], (_, domain) => {
    const column = Float64Array.from(losses, (own) => own[domain]!)
    return predictDomain(kind, shares, column, options)
  })
  return {
    losses: shares.map((_, i) => Float64Array.from(domains, (one) => one.predictions[i]!)),
    origins: shares.map((_, i) => domains.map((one) => one.origins[i]!)),
    domains: domains.map((one) => one.regression)
  }
}
