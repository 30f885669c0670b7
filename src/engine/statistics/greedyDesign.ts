/** Which points tell most of a linear model if they are measured next. Pure. */
import { dot } from './singularValues'

/**
 * What is taken to be known of each term beforehand, as a part of what one measurement of a point of
 * usual length tells: terms are some ten times as large as the noise of a measurement.
 */
const PRIOR = 0.01

/** Points of average composition that each group counts as measured: so that a group can be begun. */
const GROUP_PRIOR = 0.5

/** Gains closer than this part of each other are equal: the first point is chosen. */
const EQUAL = 1e-9

/** A point that was chosen. */
export interface DesignStep {
  item: number
  /** Half the log of the factor by which the determinant of the information grows, in nats. */
  information: number
  /** Variance of each term less the mean of all before and after, over the measurements' variance. */
  before: Float64Array
  after: Float64Array
}

/**
 * Chooses points one after the other, each the one that tells most of the terms given those before
 * it: the determinant of the terms' information, with one free constant per group, grows most.
 *
 * @param points by item, one number per term, less the mean of its group
 * @param groups group of each item; only points of one group are compared
 * @param taken items that are measured already
 * @param open items that may be chosen, each once
 * @see Chaloner & Verdinelli 1995, "Bayesian experimental design: a review", section 2.1
 */
export function greedyDesign(
  points: readonly Float64Array[],
  groups: Int32Array,
  { taken, open, count }: { taken: readonly number[]; open: readonly number[]; count: number }
): DesignStep[] {
  const terms = points[0]?.length ?? 0
  let inverse = Array.from({ length: terms }, (_, i) =>
    Float64Array.from({ length: terms }, (_, j) => (i === j ? 1 / PRIOR : 0))
  )
  const counts = new Map<number, number>()
  const sums = new Map<number, Float64Array>()

  /** Adding a point is one more outer product: of it less its group's mean so far. */
  const looked = (item: number) => {
    const group = groups[item]!
    const weight = GROUP_PRIOR + (counts.get(group) ?? 0)
    const sum = sums.get(group)
    const away = points[item]!.map((value, term) => value - (sum?.[term] ?? 0) / weight)
    const along = Float64Array.from(inverse, (row) => dot(row, away))
    const share = weight / (weight + 1)
    return { along, share, grows: 1 + share * dot(away, along) }
  }
  const add = (item: number): void => {
    const { along, share, grows } = looked(item)
    inverse = inverse.map((row, i) =>
      row.map((value, j) => value - (share * along[i]! * along[j]!) / grows)
    )
    const group = groups[item]!
    counts.set(group, (counts.get(group) ?? 0) + 1)
    const sum = sums.get(group) ?? new Float64Array(terms)
    sums.set(
      group,
      sum.map((value, term) => value + points[item]![term]!)
    )
  }

  for (const item of taken) add(item)
  const left = new Set(open)
  const steps: DesignStep[] = []
  while (steps.length < count && left.size > 0) {
    let best = -1
    let most = -Infinity
    for (const item of left) {
      const information = Math.log(looked(item).grows) / 2
      if (best >= 0 && information <= most * (1 + EQUAL)) continue
      best = item
      most = information
    }
    const before = contrasts(inverse)
    add(best)
    left.delete(best)
    steps.push({ item: best, information: most, before, after: contrasts(inverse) })
  }
  return steps
}

/**
 * Variance of each term less the mean of all: where compositions sum to 1 nothing tells of the mean
 * itself.
 */
function contrasts(covariance: readonly Float64Array[]): Float64Array {
  const means = covariance.map((row) => row.reduce((sum, value) => sum + value, 0) / row.length)
  const overall = means.reduce((sum, value) => sum + value, 0) / means.length
  return Float64Array.from(covariance, (row, i) => row[i]! - 2 * means[i]! + overall)
}
