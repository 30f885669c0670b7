/** Reads the numbers that PyTorch and transformers gave, as the engine's records. */
import { readFileSync } from 'node:fs'
import type { DecoderConfig, Recipe } from '#shared/records'
import { RecipeSchema } from '#shared/records'
import { parameterShapes } from '#engine/model/config'
import type { ParameterSet } from '#engine/parameters'

interface Shape {
  hidden: number
  layers: number
  heads: number
  kv: number
  inner: number
  vocab: number
  tied: boolean
}

interface StoredCase {
  shape: Shape
  weights: Record<string, number[]>
  batches: number[][]
  logits: number[]
  loss: number
  gradients: Record<string, number[]>
  training: { losses: number[]; gradientNorms: number[]; weights: Record<string, number[]> }
  measuring: { window: number; endOfTextId: number; documents: number[][]; nats: number[] }
}

interface Stored {
  time: number
  batch: number
  optimizer: {
    lr: number
    betas: [number, number]
    eps: number
    weight_decay: number
    clip: number
  }
  cases: Record<string, StoredCase>
}

const stored = JSON.parse(readFileSync(new URL('./llama.json', import.meta.url), 'utf8')) as Stored

/** Relative error allowed between float32 implementations of the same mathematics. */
export const FLOAT32_TOLERANCE = 1e-4

export const goldenRecipe: Recipe = RecipeSchema.parse({
  batchSize: stored.batch,
  peakLearningRate: stored.optimizer.lr,
  schedule: 'constant',
  beta1: stored.optimizer.betas[0],
  beta2: stored.optimizer.betas[1],
  epsilon: stored.optimizer.eps,
  weightDecay: stored.optimizer.weight_decay,
  gradientClip: stored.optimizer.clip
})

export const goldenCases = Object.entries(stored.cases).map(([name, one]) => {
  const config: DecoderConfig = {
    hiddenSize: one.shape.hidden,
    hiddenLayers: one.shape.layers,
    attentionHeads: one.shape.heads,
    keyValueHeads: one.shape.kv,
    intermediateSize: one.shape.inner,
    vocabularySize: one.shape.vocab,
    tieEmbeddings: one.shape.tied,
    contextLength: stored.time,
    ropeTheta: 10000,
    rmsNormEpsilon: 1e-5,
    initializerRange: 0.02
  }
  return {
    name,
    config,
    parameters: asParameters(config, one.weights),
    batches: one.batches.map((ids) => Int32Array.from(ids)),
    logits: one.logits,
    loss: one.loss,
    gradients: asParameters(config, one.gradients),
    training: { ...one.training, parameters: asParameters(config, one.training.weights) },
    measuring: {
      ...one.measuring,
      documents: one.measuring.documents.map((ids) => Int32Array.from(ids))
    }
  }
})

function asParameters(config: DecoderConfig, values: Record<string, number[]>): ParameterSet {
  return new Map(
    [...parameterShapes(config)].map(([name, shape]) => {
      const data = values[name]
      if (!data) throw new Error(`${name} is missing in llama.json`)
      return [name, { shape, data: Float32Array.from(data) }]
    })
  )
}

/** Largest difference, as a share of the largest number expected. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity
  let largest = 0
  let difference = 0
  for (let index = 0; index < expected.length; index++) {
    largest = Math.max(largest, Math.abs(expected[index]!))
    const apart = Math.abs(found[index]! - expected[index]!)
    if (!(apart <= difference)) difference = apart
  }
  return difference / largest
}

/** The worst relative error over all parameters. */
export function worstError(found: ParameterSet, expected: ParameterSet): number {
  const errors = [...expected].map(([name, { data }]) =>
    relativeError(found.get(name)?.data ?? [], data)
  )
  return Math.max(...errors)
}
