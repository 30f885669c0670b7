/** How much of a spread is noise, from things measured several times; and what noise leaves to find. */
import { chiSquareQuantile } from './chiSquare'

/** A variance with the degrees of freedom it was estimated with; NaN with none. */
export interface VarianceEstimate {
  variance: number
  degrees: number
}

/**
 * Variance of one value around the mean of its own repeats, pooled over things.
 *
 * @param repeats values of each thing; one with fewer than two says nothing
 */
export function pooledVariance(repeats: readonly (readonly number[])[]): VarianceEstimate {
  let sum = 0
  let degrees = 0
  for (const values of repeats) {
    if (values.length < 2) continue
    const mean = meanOf(values)
    for (const value of values) sum += (value - mean) ** 2
    degrees += values.length - 1
  }
  return { variance: degrees > 0 ? sum / degrees : NaN, degrees }
}

/**
 * Residual variance of a table of things by repeats within groups: what is left when each thing keeps its
 * mean and each repeat may shift a whole group.
 *
 * For noise that things share (merges share branches): what moves all things of a group alike changes no
 * comparison within the group and is no noise of it.
 *
 * @param table values by thing, then repeat; every row of one length
 * @param groups group of each thing
 */
export function residualVariance(
  table: readonly (readonly number[])[],
  groups: Int32Array
): VarianceEstimate {
  const repeats = table[0]?.length ?? 0
  let sum = 0
  let degrees = 0
  for (const group of new Set(groups)) {
    const rows = table.filter((_, i) => groups[i] === group)
    const shift = Array.from({ length: repeats }, (_, r) => meanOf(rows.map((row) => row[r]!)))
    const whole = meanOf(shift)
    for (const row of rows) {
      const mean = meanOf(row)
      row.forEach((value, r) => (sum += (value - mean - shift[r]! + whole) ** 2))
    }
    degrees += (rows.length - 1) * (repeats - 1)
  }
  return { variance: degrees > 0 ? sum / degrees : NaN, degrees }
}

/** Variance of values around the mean of their group, unbiased; NaN where no group has two. */
export function varianceWithin(values: Float64Array, groups: Int32Array): number {
  const byGroup = new Map<number, number[]>()
  values.forEach((value, i) => byGroup.set(groups[i]!, [...(byGroup.get(groups[i]!) ?? []), value]))
  return pooledVariance([...byGroup.values()]).variance
}

/** 95 % interval of a standard deviation, for normal noise; null without degrees of freedom. */
export function deviationInterval({
  variance,
  degrees
}: VarianceEstimate): { low: number; high: number } | null {
  if (degrees < 1) return null
  const end = (p: number) => Math.sqrt((variance * degrees) / chiSquareQuantile(p, degrees))
  return { low: end(0.975), high: end(0.025) }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
