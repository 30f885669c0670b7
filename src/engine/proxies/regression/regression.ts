/** Regressions from what a mixture is made of to what it costs on a domain: one door to all kinds. */
import { WorkbenchError } from '#shared/errors'
import { fitBoostedTrees } from './boostedTrees'
import type { TreeSettings } from './boostedTrees'
import { fitLinear, fitRidge } from './linear'
import { fitMixingLaw, HUBER_DELTA } from './mixingLaw'
import { constantColumns, inOrder } from './points'
import type { Prediction, RegressionPoint } from './points'

export const REGRESSIONS = ['linear', 'ridge', 'mixing-law', 'boosted-trees'] as const
export type RegressionKind = (typeof REGRESSIONS)[number]

/** Fewest points that anything is fitted on. */
export const FEWEST_POINTS = 4

/** Mixtures from which fits on swarms of small models have been found to hold, by members. */
function enoughPoints(kind: RegressionKind, members: number): number {
  return kind === 'boosted-trees' ? 5 * members : 3 * (members + 1)
}

export interface RegressionOptions {
  /** Ridge: penalties to choose from, rising. */
  penalties?: number[]
  /** Mixing law: residuals beyond it, in nats per token, count only in proportion. */
  huberDelta?: number
  trees?: Partial<TreeSettings>
}

/** What a reader must know before believing a fit. */
export interface RegressionNote {
  kind:
    | 'too-few-points'
    | 'few-points'
    | 'constant-columns'
    | 'equal-losses'
    | 'no-slopes'
    | 'not-converged'
    | 'drawn'
  message: string
  /** Places of the shares it is about; empty where it is about the whole fit. */
  columns: number[]
}

export interface Regression {
  kind: RegressionKind
  /** Predicted nats per token. */
  predict: Prediction
  notes: RegressionNote[]
}

/** A note; on the whole fit unless columns are named. */
export function note(
  kind: RegressionNote['kind'],
  message: string,
  columns: number[] = []
): RegressionNote {
  return { kind, message, columns }
}

/** Why so many points are not enough, for an error or a note. */
export function tooFew(points: number, needed: number): RegressionNote {
  return note(
    'too-few-points',
    `A regression needs at least ${String(needed)} mixtures with a measured loss; there ${points === 1 ? 'is' : 'are'} ${String(points)}. Train or merge more mixtures of this study, and measure them.`
  )
}

/** @throws WorkbenchError `statistics/too-few` below the number needed */
export function requirePoints(points: RegressionPoint[], needed: number): void {
  if (points.length >= needed) return
  throw new WorkbenchError('statistics/too-few', tooFew(points.length, needed).message, {
    expected: needed,
    found: points.length
  })
}

/** Points that cannot be fitted are a mistake of the caller, who knows what is missing and why. */
function checkPoints(points: RegressionPoint[]): void {
  const width = points[0]!.shares.length
  for (const { shares, loss } of points) {
    if (shares.length !== width || ![loss, ...shares].every(Number.isFinite)) {
      throw new Error('every point needs a finite loss and as many finite shares as the others')
    }
  }
}

function notesOn(kind: RegressionKind, points: RegressionPoint[]): RegressionNote[] {
  const n = points.length
  const width = points[0]!.shares.length
  const constant = constantColumns(points)
  const notes: RegressionNote[] = []
  if (constant.length > 0) {
    notes.push(
      note(
        'constant-columns',
        `${String(constant.length)} of ${String(width)} members have the same share in all ${String(n)} mixtures fitted on: what more or less of them would do is not known.`,
        constant
      )
    )
  }
  const enough = enoughPoints(kind, width)
  if (n < enough) {
    notes.push(
      note(
        'few-points',
        `Fitted on ${String(n)} mixtures of ${String(width)} members: such fits have been found to hold from about ${String(enough)} on.`
      )
    )
  }
  return notes
}

function fitKind(
  kind: RegressionKind,
  points: RegressionPoint[],
  options: RegressionOptions
): { predict: Prediction; notes: RegressionNote[] } {
  switch (kind) {
    case 'linear':
      return { predict: fitLinear(points), notes: [] }
    case 'ridge': {
      const { predict, isFlat } = fitRidge(points, options.penalties)
      const message =
        'The largest penalty predicts points left out best: no straight function of the shares does better than the mean.'
      return { predict, notes: isFlat ? [note('no-slopes', message)] : [] }
    }
    case 'mixing-law': {
      const { predict, hasConverged } = fitMixingLaw(points, options.huberDelta ?? HUBER_DELTA)
      const message =
        'The search for the mixing law ended before its loss stopped falling: take its predictions with care.'
      return { predict, notes: hasConverged ? [] : [note('not-converged', message)] }
    }
    case 'boosted-trees':
      return { predict: fitBoostedTrees(points, options.trees), notes: [] }
  }
}

/**
 * Fits a regression on mixtures whose loss on one domain is known.
 *
 * The order of the points makes no difference, to the last digit. A fit says nothing of how well it
 * predicts: that is {@link crossValidated}'s.
 *
 * @throws WorkbenchError `statistics/too-few` with fewer than four points
 * @see Liu et al. 2024 (RegMix, arXiv:2407.01492); Ye et al. 2024 (mixing laws, arXiv:2403.16952);
 *   arXiv:2602.12237 (Olmix) for how many points are enough
 */
export function fitRegression(
  kind: RegressionKind,
  points: RegressionPoint[],
  options: RegressionOptions = {}
): Regression {
  requirePoints(points, FEWEST_POINTS)
  checkPoints(points)
  const ordered = inOrder(points)
  const { loss } = ordered[0]!
  if (ordered.every((point) => point.loss === loss)) {
    const message = 'All losses fitted on are equal: every mixture is predicted to cost the same.'
    return { kind, predict: () => loss, notes: [note('equal-losses', message)] }
  }
  const { predict, notes } = fitKind(kind, ordered, options)
  return { kind, predict, notes: [...notesOn(kind, ordered), ...notes] }
}
