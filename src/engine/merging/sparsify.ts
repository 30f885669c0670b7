/**
 * What TIES, DARE and DELLA leave out of a model's differences to the base.
 *
 * Values are set to zero in place. What is then to be multiplied, so that the sum of magnitudes stays
 * what it was, is given back as one number, since it can go into the model's weight: nothing is
 * rounded for it. Names and counts follow mergekit.
 */

/** Draws numbers from 0 up to 1. */
export type Draw = () => number

/** The sum of magnitudes. */
function sumOfMagnitudes(values: Float32Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += Math.abs(values[i]!)
  return total
}

/**
 * Sets to zero what a mask has zero for.
 *
 * @param mask one number per value
 * @param rescale gives the factor that keeps the sum of magnitudes; 1 without
 */
export function applyMask(values: Float32Array, mask: Uint8Array, rescale: boolean): number {
  const before = rescale ? sumOfMagnitudes(values) : 0
  for (let i = 0; i < values.length; i++) if (mask[i] === 0) values[i] = 0
  if (!rescale) return 1
  const after = sumOfMagnitudes(values)
  return before < 1e-7 || after < 1e-7 ? 1 : before / after
}

/**
 * Marks the largest magnitudes; of equal ones the first.
 *
 * Two counts over the bits of the magnitudes find the smallest that is kept: no sorting, and as much
 * memory as the mask.
 *
 * @param density which share is kept, of a tensor that holds anything at least one value
 * @see Yadav et al. 2023, arXiv 2306.01708 (TIES)
 */
export function largestMask(values: Float32Array, density: number, mask: Uint8Array): void {
  const count = values.length
  if (density >= 1 || density <= 0 || count === 0) {
    mask.fill(density >= 1 ? 1 : 0)
    return
  }
  const bits = new Uint32Array(values.buffer, values.byteOffset, count)
  let left = Math.max(1, Math.trunc(density * count))
  const upper = new Uint32Array(1 << 15)
  for (let i = 0; i < count; i++) upper[(bits[i]! & 0x7fffffff) >>> 16]!++
  const bin = lastBin(upper, left)
  left -= bin.above
  const lower = new Uint32Array(1 << 16)
  for (let i = 0; i < count; i++) {
    if ((bits[i]! & 0x7fffffff) >>> 16 === bin.at) lower[bits[i]! & 0xffff]!++
  }
  const end = lastBin(lower, left)
  const smallest = bin.at * 0x10000 + end.at
  let equal = left - end.above
  for (let i = 0; i < count; i++) {
    const magnitude = bits[i]! & 0x7fffffff
    mask[i] = magnitude > smallest || (magnitude === smallest && equal-- > 0) ? 1 : 0
  }
}

/** Counted from the last bin down, the one in which a number is reached. */
function lastBin(bins: Uint32Array, wanted: number): { at: number; above: number } {
  let above = 0
  let at = bins.length - 1
  while (above + bins[at]! < wanted) above += bins[at--]!
  return { at, above }
}

/**
 * Marks each value with one probability.
 *
 * @see Yu et al. 2023, arXiv 2311.03099 (DARE)
 */
export function drawnMask(density: number, mask: Uint8Array, draw: Draw): void {
  for (let i = 0; i < mask.length; i++) mask[i] = density >= 1 || draw() < density ? 1 : 0
}

/**
 * The probabilities with which DELLA keeps a row's values: from density − epsilon for the smallest
 * magnitude to density + epsilon for the largest, by rank.
 *
 * @see Deep, Bhardwaj and Poria 2024, arXiv 2406.11617
 */
export function rankProbabilities(
  row: Float32Array,
  density: number,
  epsilon: number
): Float64Array {
  const bits = new Uint32Array(row.buffer, row.byteOffset, row.length)
  const probabilities = new Float64Array(row.length)
  const last = Math.max(1, row.length - 1)
  byMagnitude(bits).forEach((place, rank) => {
    probabilities[place] = density - epsilon + (rank / last) * 2 * epsilon
  })
  return probabilities
}

/** Places within a row, the smallest magnitude first. */
function byMagnitude(bits: Uint32Array): Float64Array | Uint32Array {
  const places = 2 ** 22
  if (bits.length > places) {
    const order = Uint32Array.from(bits, (_, place) => place)
    return order.sort((a, b) => (bits[a]! & 0x7fffffff) - (bits[b]! & 0x7fffffff))
  }
  // Magnitude and place in one number below 2⁵³, which sorts without a comparison of ours.
  const keys = Float64Array.from(bits, (value, place) => (value & 0x7fffffff) * places + place)
  return keys.sort().map((key) => key % places)
}

/**
 * Marks values by their ranks within each row.
 *
 * @param rowLength of the last side; a vector is one row
 */
export function rankedMask(
  values: Float32Array,
  options: { rowLength: number; density: number; epsilon: number },
  mask: Uint8Array,
  draw: Draw
): void {
  const { rowLength, density, epsilon } = options
  if (density >= 1 || density <= 0) {
    mask.fill(density >= 1 ? 1 : 0)
    return
  }
  for (let from = 0; from < values.length; from += rowLength) {
    const row = values.subarray(from, from + rowLength)
    const probabilities = rankProbabilities(row, density, epsilon)
    for (let i = 0; i < row.length; i++) mask[from + i] = draw() < probabilities[i]! ? 1 : 0
  }
}
