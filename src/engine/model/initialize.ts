/** First weights of a model. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { DecoderConfig } from '#shared/records'
import { elementsOf } from '#engine/parameters'
import type { ParameterSet } from '#engine/parameters'
import { parameterShapes, validateConfig } from './shapes'

/** Projections that write into the residual stream. */
const RESIDUAL = /(o_proj|down_proj)\.weight$/

/**
 * Draws initial weights from a random seed; the same seed gives the same bits on every machine
 * whose `Math.log`, `Math.cos` and `Math.sin` are V8's.
 *
 * Matrices are normal with `initializerRange` as standard deviation. Those that add to the
 * residual stream are divided by √(2·layers), so that its size at the end does not grow with
 * depth. Norms are 1.
 *
 * @throws WorkbenchError `model/invalid`
 * @see Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3
 */
export function initializeParameters(config: DecoderConfig, randomSeed: number): ParameterSet {
  validateConfig(config)
  const normal = normalSource(randomSeed)
  const residualScale = 1 / Math.sqrt(2 * config.hiddenLayers)
  const parameters: ParameterSet = new Map()
  for (const [name, shape] of parameterShapes(config)) {
    const data = new Float32Array(elementsOf(shape))
    if (shape.length === 1) {
      data.fill(1)
    } else {
      const deviation = config.initializerRange * (RESIDUAL.test(name) ? residualScale : 1)
      for (let index = 0; index < data.length; index++) data[index] = deviation * normal()
    }
    parameters.set(name, { shape, data })
  }
  return parameters
}

/** Standard normal numbers by Box and Muller, two from each pair of uniform ones. */
function normalSource(randomSeed: number): () => number {
  const generator = xoroshiro128plus(randomSeed)
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32
  let spare: number | null = null
  return () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}
