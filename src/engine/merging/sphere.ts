/**
 * Merges whose result is a sum of the models with factors that follow from their angles.
 *
 * All that these methods ask of tensors is their inner products: with those known, SLERP and the rest
 * are a few numbers per tensor, and the merge itself is a weighted sum like any other. So tensors are
 * read twice by blocks and never held whole. Names and constants follow mergekit.
 */
import { WorkbenchError } from '#shared/errors'

/** Inner products of k vectors with one another, k × k. */
export type InnerProducts = readonly (readonly number[])[]

const clamped = (cosine: number) => Math.max(-1, Math.min(1, cosine))
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const scaled = (values: readonly number[], by: number) => values.map((value) => value * by)

/** The length of a sum of vectors with factors. */
function lengthOf(factors: readonly number[], products: InnerProducts): number {
  let square = 0
  factors.forEach((a, i) => factors.forEach((b, j) => (square += a * b * products[i]![j]!)))
  return Math.sqrt(Math.max(0, square))
}

/** Inner products of vectors that are divided by numbers first. */
function dividedBy(products: InnerProducts, divisors: readonly number[]): number[][] {
  return products.map((row, i) => row.map((value, j) => value / (divisors[i]! * divisors[j]!)))
}

const lengthsOf = (products: InnerProducts) => products.map((row, i) => Math.sqrt(row[i]!))

/** Along the great circle, or along the line where that is not defined. */
function onCircle(t: number, angle: number | null): number[] {
  if (angle === null) return [1 - t, t]
  const sine = Math.sin(angle)
  return [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine]
}

/**
 * Spherical linear interpolation between two tensors; nearly parallel ones go by the line.
 *
 * @param t 0 gives the first, 1 the second
 * @returns a factor for each
 * @see Shoemake 1985, "Animating rotation with quaternion curves"
 */
export function slerpFactors(products: InnerProducts, t: number): number[] {
  const [a, b] = lengthsOf(products).map((length) => (length > 1e-8 ? length : 1))
  const cosine = clamped(products[0]![1]! / (a! * b!))
  return onCircle(t, Math.abs(cosine) > 0.9995 ? null : Math.acos(cosine))
}

/**
 * SLERP by weights: the second's share of their sum says how far to go.
 *
 * @param weights of the two; half-way where they sum to zero
 */
export function nuslerpFactors(products: InnerProducts, weights: readonly number[]): number[] {
  const total = sum(weights)
  const t = Math.abs(total) < 1e-6 ? 0.5 : weights[1]! / total
  const [a, b] = lengthsOf(products).map((length) => Math.max(length, 1e-7))
  const cosine = clamped(products[0]![1]! / (a! * b!))
  return onCircle(t, 1 - cosine ** 2 <= 1e-16 ? null : Math.acos(cosine))
}

/**
 * Barycentric interpolation on a sphere: in the space that touches it at the weighted mean.
 *
 * @param options `eps` as in mergekit: a length below it is none
 * @throws WorkbenchError `merge/undefined` where more than two directions cancel
 */
export function multislerpFactors(
  products: InnerProducts,
  weights: readonly number[],
  options: { normalize: boolean; eps: number }
): number[] {
  if (products.length === 1) return [1]
  const { normalize, eps } = options
  const shares = normalize ? scaled(weights, 1 / sum(weights)) : [...weights]
  const lengths = lengthsOf(products)
  const divisors = lengths.map((length) => length + eps)
  const units = dividedBy(products, divisors)
  const meanLength = lengthOf(shares, units)
  if (meanLength < eps) {
    if (products.length === 2) return shares
    throw undefinedMerge('multislerp', 'the directions of the models cancel each other out')
  }
  const mean = scaled(shares, 1 / meanLength)
  const cosines = units.map((row) => sum(row.map((value, j) => value * mean[j]!)))
  const along = sum(shares.map((share, i) => share * cosines[i]!))
  const tangent = shares.map((share, i) => share - along * mean[i]!)
  const angle = lengthOf(tangent, units) + eps
  const radius = sum(lengths.map((length, i) => length * shares[i]!))
  return mean.map(
    (value, i) =>
      ((value * Math.cos(angle) + (tangent[i]! * Math.sin(angle)) / angle) * radius) / divisors[i]!
  )
}

/**
 * The point of a sphere whose squared angles to the models' directions sum to the least, scaled to
 * their mean length.
 *
 * @param options `tol`: a step or a length below it is none
 * @see Karcher 1977, "Riemannian center of mass and mollifier smoothing"
 */
export function karcherFactors(
  products: InnerProducts,
  options: { maxIterations: number; tol: number }
): number[] {
  const { maxIterations, tol } = options
  if (products.length === 1) return [1]
  const lengths = lengthsOf(products)
  const isThere = lengths.map((length) => length > tol)
  const count = isThere.filter(Boolean).length
  if (count === 0) return lengths.map(() => 0)
  const units = dividedBy(
    products,
    lengths.map((length) => length || 1)
  )
  const share = isThere.map((there) => (there ? 1 / count : 0))
  const toUnit = (factors: number[], or: number[]) => {
    const length = lengthOf(factors, units)
    return length < tol ? or : scaled(factors, 1 / length)
  }
  const first = isThere.indexOf(true)
  let mean = toUnit(
    share,
    share.map((_, i) => (i === first ? 1 : 0))
  )
  for (let step = 0; step < maxIterations; step++) {
    const tangent = towards(mean, { units, share, tol })
    const angle = lengthOf(tangent, units)
    if (angle < tol) break
    const moved = mean.map(
      (value, i) => Math.cos(angle) * value + (Math.sin(angle) * tangent[i]!) / angle
    )
    mean = toUnit(moved, moved)
  }
  const radius = sum(lengths) / lengths.length
  return mean.map((value, i) => (lengths[i]! > 0 ? (value * radius) / lengths[i]! : 0))
}

/** The weighted mean of the arcs from a point to the directions, as a tangent there. */
function towards(
  mean: readonly number[],
  { units, share, tol }: { units: InnerProducts; share: readonly number[]; tol: number }
): number[] {
  const tangent = mean.map(() => 0)
  units.forEach((row, i) => {
    const cosine = clamped(sum(row.map((value, j) => value * mean[j]!)))
    const angle = Math.acos(cosine)
    if (share[i] === 0 || angle < tol) return
    const step = (share[i]! * angle) / Math.sin(angle)
    tangent[i]! += step
    mean.forEach((value, j) => (tangent[j]! -= step * cosine * value))
  })
  return tangent
}

/**
 * Model Stock: from the base towards the mean of the models, as far as their angles say.
 *
 * @param products of the models' differences to the base
 * @returns factors of those differences
 * @see Jang, Yun and Han 2024, arXiv 2403.19522
 */
export function modelStockFactors(products: InnerProducts): number[] {
  const lengths = lengthsOf(products)
  const cosines: number[] = []
  products.forEach((row, i) => {
    for (let j = i + 1; j < row.length; j++) {
      cosines.push(clamped(row[j]! / Math.max(lengths[i]! * lengths[j]!, 1e-6)))
    }
  })
  const cosine = sum(cosines) / cosines.length
  const count = products.length
  const denominator = 1 + (count - 1) * cosine
  const t = Math.abs(denominator) < 1e-6 ? 0 : (count * cosine) / denominator
  return products.map(() => t / count)
}

/** The error for a merge that the numbers leave undefined. */
function undefinedMerge(method: string, problem: string): WorkbenchError {
  return new WorkbenchError(
    'merge/undefined',
    `${method} is not defined here: ${problem}. Choose other weights or another method.`,
    { method }
  )
}
