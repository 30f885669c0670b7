/** Inner products of tensors with one another, read by blocks and summed in float64. */
import { STRIP } from './combineKernel'
import type { InnerProducts } from './sphere'
import type { StoredTensor, Strip, TensorWork } from './streamCombine'

/** Tensors of one shape. */
export interface Vectors {
  values: number
  /** Values that stand for a vector of their own; all of the tensor's, or those of a row. */
  rowLength: number
  vectors: readonly StoredTensor[]
  /** What is taken from each of them first. */
  origin: StoredTensor | null
}

/**
 * Inner products of k tensors, row by row.
 *
 * Differences to the origin are taken before anything is multiplied: they are small beside the
 * tensors themselves, and products of those would hide them.
 *
 * @param look reads through the tensors
 * @returns k × k products of each row
 */
export async function rowProducts(
  { values, rowLength, vectors, origin }: Vectors,
  look: (work: TensorWork) => Promise<void>
): Promise<InnerProducts[]> {
  const k = vectors.length
  const rows = Math.ceil(values / rowLength)
  const sums = new Float64Array(rows * k * k)
  const decoded = vectors.map(() => new Float64Array(STRIP))
  const inputs = origin ? [...vectors, origin] : vectors
  const decode = ({ kernel, addresses, count }: Strip) =>
    vectors.forEach(({ dtype }, i) => {
      kernel.add(dtype, addresses[i]!, count, 1, true)
      if (origin) kernel.add(origin.dtype, addresses[k]!, count, -1, false)
      decoded[i]!.set(kernel.sums.subarray(0, count))
    })
  await look({
    values,
    inputs,
    target: null,
    fill: (strip) => {
      decode(strip)
      for (let at = 0; at < strip.count;) {
        const row = Math.floor((strip.from + at) / rowLength)
        const end = Math.min(strip.count, (row + 1) * rowLength - strip.from)
        for (let i = 0; i < k; i++) {
          for (let j = i; j < k; j++) {
            sums[(row * k + i) * k + j]! += productOf(decoded[i]!, decoded[j]!, at, end)
          }
        }
        at = end
      }
    }
  })
  return Array.from({ length: rows }, (_, row) =>
    vectors.map((_, i) =>
      vectors.map((_, j) => sums[(row * k + Math.min(i, j)) * k + Math.max(i, j)]!)
    )
  )
}

function productOf(a: Float64Array, b: Float64Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += a[i]! * b[i]!
  return sum
}
