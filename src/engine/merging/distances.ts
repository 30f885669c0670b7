/** How far models are apart where nothing is known of what they started from. */
import { WorkbenchError } from '#shared/errors'
import type { ModelDistances } from '#shared/modelInspection'
import { elementsOf } from '#engine/parameters'
import type { ParameterSource } from '#engine/parameters'
import { addProducts } from './branchDeltas'

/** Elements of all models together that are held at a time. */
const HELD = 1 << 22

/**
 * Measures ‖θ‖ of each model, ‖θa − θb‖ relative to their size, and the cosines between them.
 *
 * All tensors are one long vector, in which every weight counts the same. Reads block by block and
 * adds in float64; differences are squared as they are, since those of near models would drown in
 * the rounding of their norms. Tensors are found by name: their order may differ.
 *
 * @param models the first one's tensors are compared
 * @param options `onValues`: told after every block, of the values read of all models together
 * @throws WorkbenchError `merge/mismatch` naming a tensor that another model lacks or has otherwise
 */
export async function measureDistances(
  models: readonly { name: string; source: ParameterSource }[],
  options: {
    signal?: AbortSignal
    onValues?: (count: number) => void
    /** Tensors that count; all by default. */
    names?: readonly string[]
    /** Index of the model that the others started from. */
    origin?: number
  } = {}
): Promise<ModelDistances> {
  const [reference] = models
  if (!reference) throw new Error('distances are measured between models')
  const products = models.map(() => new Float64Array(models.length))
  const squares = models.map(() => new Float64Array(models.length))
  const step = Math.max(1024, Math.floor(HELD / models.length))
  for (const name of options.names ?? reference.source.shapes.keys()) {
    const length = lengthIn(models, name)
    for (let from = 0; from < length; from += step) {
      options.signal?.throwIfAborted()
      const to = Math.min(length, from + step)
      const values = await Promise.all(models.map(({ source }) => source.read(name, from, to)))
      addProducts(values, to - from, products)
      addSquaredDifferences(values, squares)
      options.onValues?.((to - from) * models.length)
    }
  }
  const norms = products.map((row, a) => Math.sqrt(row[a]!))
  return {
    models: models.map(({ name }) => name),
    norms,
    relativeDistances: squares.map((row, a) =>
      norms.map((_, b) => {
        const size = (products[a]![a]! + products[b]![b]!) / 2
        return size > 0 ? Math.sqrt(row[b]! / size) : 0
      })
    ),
    cosines: products.map((row, a) =>
      norms.map((norm, b) => {
        const lengths = norms[a]! * norm
        return lengths > 0 ? Math.max(-1, Math.min(1, row[b]! / lengths)) : null
      })
    ),
    ways:
      options.origin === undefined
        ? null
        : { from: models[options.origin]!.name, cosines: waysFrom(options.origin, squares) }
  }
}

/** Cosines of θa − θo and θb − θo, by the law of cosines: all three sides are measured. */
function waysFrom(origin: number, squares: readonly Float64Array[]): (number | null)[][] {
  return squares.map((row, a) =>
    Array.from(row, (apart, b) => {
      const [toA, toB] = [squares[origin]![a]!, squares[origin]![b]!]
      if (toA === 0 || toB === 0) return null
      return Math.max(-1, Math.min(1, (toA + toB - apart) / (2 * Math.sqrt(toA * toB))))
    })
  )
}

function addSquaredDifferences(values: readonly Float32Array[], squares: Float64Array[]): void {
  for (let a = 0; a < values.length; a++) {
    for (let b = 0; b < a; b++) {
      const [left, right] = [values[a]!, values[b]!]
      let sum = 0
      for (let i = 0; i < left.length; i++) sum += (left[i]! - right[i]!) ** 2
      squares[a]![b]! += sum
      squares[b]![a]! += sum
    }
  }
}

/** Elements of a tensor that all models have alike. */
function lengthIn(models: readonly { name: string; source: ParameterSource }[], name: string) {
  const expected = models[0]!.source.shapes.get(name)
  for (const { name: model, source } of models) {
    const found = source.shapes.get(name)
    if (expected && String(found) === String(expected)) continue
    throw new WorkbenchError(
      'merge/mismatch',
      `${model} has ${name} as [${found?.join(', ') ?? 'nothing'}], ${models[0]!.name} as [${expected?.join(', ') ?? 'nothing'}]. Only models of one shape can be compared.`,
      { model, tensor: name }
    )
  }
  return elementsOf(expected!)
}
