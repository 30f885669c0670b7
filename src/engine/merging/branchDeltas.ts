/** How far branches went from their seed, and whether they went the same way. */
import { elementsOf } from '#engine/parameters'
import type { ParameterSource } from '#engine/parameters'
import type { BranchGeometry } from '#shared/diagnosis'
import { checkSameShapes } from './average'

/** Elements of all models together that are held at a time: 16 MB as float64. */
const HELD = 1 << 21

/**
 * Measures ‖θ − θ₀‖ / ‖θ₀‖ of each branch and the cosines of their differences θ − θ₀.
 *
 * Every weight counts the same: all tensors are one long vector. Reads tensor by tensor, in blocks
 * that are smaller the more branches there are, and adds in float64. Costs branches² / 2
 * multiplications per weight.
 *
 * @param branches same names and shapes as the seed
 * @throws WorkbenchError `merge/mismatch` naming the first parameter that differs
 */
export async function measureDeltas(
  seed: ParameterSource,
  branches: readonly { name: string; source: ParameterSource }[],
  options: { signal?: AbortSignal } = {}
): Promise<BranchGeometry> {
  for (const { source } of branches) checkSameShapes(seed, source)
  const products = branches.map(() => new Float64Array(branches.length))
  let seedSquares = 0
  const step = Math.max(1024, Math.floor(HELD / (branches.length + 1)))
  const deltas = branches.map(() => new Float64Array(step))
  for (const [name, shape] of seed.shapes) {
    const length = elementsOf(shape)
    for (let from = 0; from < length; from += step) {
      options.signal?.throwIfAborted()
      const to = Math.min(length, from + step)
      const start = await seed.read(name, from, to)
      for (const value of start) seedSquares += value * value
      for (const [b, { source }] of branches.entries()) {
        const own = await source.read(name, from, to)
        const delta = deltas[b]!
        for (let i = 0; i < own.length; i++) delta[i] = own[i]! - start[i]!
      }
      addProducts(deltas, to - from, products)
    }
  }
  const seedNorm = Math.sqrt(seedSquares)
  const norms = products.map((row, b) => Math.sqrt(row[b]!))
  return {
    seedNorm,
    branches: branches.map(({ name }, b) => ({ name, relativeDistance: norms[b]! / seedNorm })),
    cosines: products.map((row, a) =>
      norms.map((norm, b) => {
        const lengths = norms[a]! * norm
        return lengths > 0 ? Math.max(-1, Math.min(1, row[b]! / lengths)) : null
      })
    )
  }
}

/** Adds the products of all pairs, each with itself too, over the first elements. */
export function addProducts(
  deltas: readonly (Float64Array | Float32Array)[],
  count: number,
  products: Float64Array[]
): void {
  for (let a = 0; a < deltas.length; a++) {
    for (let b = 0; b <= a; b++) {
      const [left, right] = [deltas[a]!, deltas[b]!]
      let sum = 0
      for (let i = 0; i < count; i++) sum += left[i]! * right[i]!
      products[a]![b]! += sum
      if (a !== b) products[b]![a]! += sum
    }
  }
}
