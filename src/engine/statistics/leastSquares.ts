/** Least-squares lines through pairs, one per group with one slope for all. */
import type { Fit, FittedLine } from '#shared/fittedLine'
import { correlationP } from './distributions'

const TAILS = 0.05

/**
 * Student's t beyond which 5 % lie on both sides together, by bisection of {@link correlationP}:
 * t and the correlation r = t / √(ν + t²) have one p.
 *
 * @param freedom degrees of freedom ν, at least 1
 */
export function studentQuantile(freedom: number): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 64; step++) {
    const middle = (low + high) / 2
    if (correlationP(middle, freedom + 2) > TAILS) low = middle
    else high = middle
  }
  const r = (low + high) / 2
  return r * Math.sqrt(freedom / ((1 - r) * (1 + r)))
}

/**
 * Fits y on x. Several groups get parallel lines, each through its own mean, as Pearson's r within
 * groups has it: values less the mean of their group.
 *
 * @param groups group of each pair, from 0 without gaps
 * @returns null where there is no spread of x, a value is not finite, or fewer than one degree of
 *   freedom is left (n − groups − 1)
 * @see numpy.linalg.lstsq with one column per group; tests/golden/statistics holds it to that
 */
export function fitLines(x: Float64Array, y: Float64Array, groups: Int32Array): Fit | null {
  const members: number[][] = []
  groups.forEach((group, i) => (members[group] ??= []).push(i))
  const lines = members.map((items) => lineThrough(items, x, y))
  const freedom = x.length - lines.length - 1
  if (freedom < 1) return null
  let xx = 0
  let xy = 0
  groups.forEach((group, i) => {
    const line = lines[group]!
    xx += (x[i]! - line.meanX) ** 2
    xy += (x[i]! - line.meanX) * (y[i]! - line.meanY)
  })
  const slope = xy / xx
  let left = 0
  groups.forEach((group, i) => {
    const line = lines[group]!
    left += (y[i]! - line.meanY - slope * (x[i]! - line.meanX)) ** 2
  })
  const reach = studentQuantile(freedom) * Math.sqrt(left / freedom)
  if (!(xx > 0) || !Number.isFinite(slope) || !Number.isFinite(reach)) return null
  return { slope, reach, squares: xx, lines }
}

function lineThrough(items: number[], x: Float64Array, y: Float64Array): FittedLine {
  const mean = (values: Float64Array) =>
    items.reduce((sum, i) => sum + values[i]!, 0) / items.length
  let from = Infinity
  let to = -Infinity
  for (const i of items) {
    from = Math.min(from, x[i]!)
    to = Math.max(to, x[i]!)
  }
  return { n: items.length, meanX: mean(x), meanY: mean(y), from, to }
}
