/** Measures averaging beside a plain copy, in the same run. */
import { sinkTo, sourceOf } from '#engine/parameters'
import type { ParameterSet } from '#engine/parameters'
import { averageUniform } from './average'

/** Tensors of a model this large are averaged in pieces of so many elements. */
const TENSOR = 1 << 22

/** What averaging reached; rates count bytes read and bytes written. */
export interface MergingRate {
  bytesPerSecond: number
  /** The same of `Float32Array.set` from one model into another, alternating with the averages. */
  copyBytesPerSecond: number
  peakBytes: number
  shape: string
}

/**
 * Averages models of random numbers held in memory, alternating with copies; the best of each.
 *
 * @param options how many models, float32 parameters of each, and how often
 */
export async function benchMerging(options: {
  models: number
  parameters: number
  repetitions: number
}): Promise<MergingRate> {
  const { models, parameters, repetitions } = options
  const sets = Array.from({ length: models }, (_, index) => randomModel(parameters, index + 1))
  const sources = sets.map((set, index) => sourceOf(set, `model ${index + 1}`))
  const target = randomModel(parameters, 0)
  let averageSeconds = Infinity
  let copySeconds = Infinity
  for (let round = 0; round < repetitions; round++) {
    const copyAt = performance.now()
    for (const [name, { data }] of sets[round % models]!) target.get(name)!.data.set(data)
    const averageAt = performance.now()
    await averageUniform(sources, sinkTo(target))
    averageSeconds = Math.min(averageSeconds, (performance.now() - averageAt) / 1000)
    copySeconds = Math.min(copySeconds, (averageAt - copyAt) / 1000)
  }
  const bytesPerSecond = (4 * parameters * (models + 1)) / averageSeconds
  return {
    bytesPerSecond,
    copyBytesPerSecond: (4 * parameters * 2) / copySeconds,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    shape: `${models} models of ${parameters} float32 parameters`
  }
}

function randomModel(parameters: number, salt: number): ParameterSet {
  const model: ParameterSet = new Map()
  for (let from = 0; from < parameters; from += TENSOR) {
    const length = Math.min(TENSOR, parameters - from)
    const data = new Float32Array(length)
    for (let i = 0; i < length; i++)
      data[i] = Math.fround(((i * 2654435761 + salt * 97) >>> 8) / 2 ** 24)
    model.set(`tensor.${model.size}`, { shape: [length], data })
  }
  return model
}
