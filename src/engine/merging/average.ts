/** Averages models, parameter by parameter. No tensors library: the same bits everywhere. */
import { WorkbenchError } from '#shared/errors'
import { elementsOf, isFiniteThroughout, notFiniteError } from '#engine/parameters'
import type { ParameterSink, ParameterSource } from '#engine/parameters'
import { BLOCK, createAverageBlock } from './wasmKernel'
import type { AverageBlock } from './wasmKernel'

/** Elements read at a time from a file: 4 MB, whatever the number and size of the models. */
const FILE_BLOCK = 1 << 20

/** Scales weights so that they sum to 1.
 *
 * @throws WorkbenchError `study/invalid-weights` for one that is negative or not a number, or
 *   when all are zero
 */
export function normalizedWeights(weights: readonly number[]): number[] {
  const wrong = weights.findIndex((weight) => !(weight >= 0) || !Number.isFinite(weight))
  if (wrong >= 0) {
    throw new WorkbenchError(
      'study/invalid-weights',
      `Weights of a merge are at least 0; weight ${wrong + 1} is ${weights[wrong]}.`,
      { index: wrong, found: String(weights[wrong]) }
    )
  }
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (!(sum > 0)) {
    throw new WorkbenchError(
      'study/invalid-weights',
      'The weights of a merge sum to zero; at least one must be above 0.',
      {}
    )
  }
  return weights.map((weight) => weight / sum)
}

/**
 * Averages branches of one architecture, tensor by tensor, into a sink.
 *
 * Adds in float64 in the order given and rounds once. Weights are scaled to sum to 1; a model of
 * weight 0 is not read. Holds one averaged tensor and one block of a source at a time.
 *
 * @param sources at least one; same names, same shapes
 * @throws WorkbenchError `merge/empty`; `merge/mismatch` naming the first parameter that differs;
 *   `study/invalid-weights`; `checkpoint/invalid` naming the model that holds NaN or infinity
 */
export async function averageWeighted(
  sources: readonly ParameterSource[],
  weights: readonly number[],
  sink: ParameterSink,
  options: { signal?: AbortSignal; onProgress?: (doneParameters: number) => void } = {}
): Promise<void> {
  const [reference] = sources
  if (!reference) {
    throw new WorkbenchError('merge/empty', 'A merge needs at least one model; none was given.')
  }
  if (weights.length !== sources.length) {
    throw new Error(`${sources.length} models were given ${weights.length} weights`)
  }
  for (const source of sources) checkSameShapes(reference, source)
  const scaled = normalizedWeights(weights)
  const parts = sources
    .map((source, index) => ({ source, weight: scaled[index]! }))
    .filter(({ weight }) => weight > 0)
  const average = createAverageBlock(parts.map(({ weight }) => weight))
  let done = 0
  for (const [name, shape] of reference.shapes) {
    options.signal?.throwIfAborted()
    const length = elementsOf(shape)
    const data = sink.memoryFor?.(name, length) ?? new Float32Array(length)
    await averageTensor(parts, name, data, average)
    if (!isFiniteThroughout(data)) throw await notFiniteIn(parts, name)
    await sink.write(name, shape, data)
    done += data.length
    options.onProgress?.(done)
  }
}

/** Averages with equal weights; see {@link averageWeighted}. */
export function averageUniform(
  sources: readonly ParameterSource[],
  sink: ParameterSink
): Promise<void> {
  return averageWeighted(
    sources,
    sources.map(() => 1),
    sink
  )
}

interface Part {
  source: ParameterSource
  weight: number
}

/** Which of the models it came of: an average of numbers is one. */
async function notFiniteIn(parts: readonly Part[], name: string): Promise<WorkbenchError> {
  for (const { source } of parts) {
    if (!isFiniteThroughout(await source.read(name))) return notFiniteError(source.label, name)
  }
  return notFiniteError('the average', name)
}

async function averageTensor(
  parts: readonly Part[],
  name: string,
  data: Float32Array,
  average: AverageBlock
): Promise<void> {
  if (parts.every(({ source }) => source.isHeld)) {
    averageBlocks(
      parts.map(({ source }) => source.read(name) as Float32Array),
      data,
      average
    )
    return
  }
  const step = Math.max(BLOCK, Math.floor(FILE_BLOCK / parts.length))
  for (let from = 0; from < data.length; from += step) {
    const to = Math.min(data.length, from + step)
    const values = await Promise.all(parts.map(({ source }) => source.read(name, from, to)))
    averageBlocks(values, data.subarray(from, to), average)
  }
}

function averageBlocks(
  models: readonly Float32Array[],
  result: Float32Array,
  average: AverageBlock
): void {
  for (let from = 0; from < result.length; from += BLOCK) {
    average(models, from, Math.min(result.length, from + BLOCK), result)
  }
}

/**
 * Asserts that two models have the same parameters, in whatever order: that of a model from outside
 * follows from how it was cut into files.
 *
 * @throws WorkbenchError `merge/mismatch` naming the first that differs
 */
export function checkSameShapes(reference: ParameterSource, source: ParameterSource): void {
  const found = [...source.shapes]
  const describe = (name: string, shape: readonly number[]) => `${name} [${shape.join(', ')}]`
  const refuse = (index: number, expected: string, instead: string) => {
    throw new WorkbenchError(
      'merge/mismatch',
      `${source.label} cannot be merged with ${reference.label}: parameter ${index + 1} is ${instead} there and ${expected} here. Only models of one architecture can be averaged.`,
      { expected, found: instead, model: source.label, reference: reference.label }
    )
  }
  for (const [index, [name, shape]] of [...reference.shapes].entries()) {
    const own = source.shapes.get(name)
    if (own && String(own) === String(shape)) continue
    // In the place of one that is missing there may be one of another name.
    const [other, otherShape] = own ? [name, own] : (found[index] ?? [])
    const isOther = other !== undefined && (own || !reference.shapes.has(other))
    refuse(index, describe(name, shape), isOther ? describe(other, otherShape!) : 'nothing')
  }
  const more = found.findIndex(([name]) => !reference.shapes.has(name))
  if (more >= 0) refuse(more, 'nothing', describe(...found[more]!))
}
