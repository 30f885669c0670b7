/** What a model costs to hold, train and run: parameters, FLOPs, bytes. */
import { elementsOfAll } from '#engine/parameters'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig, Recipe } from '#shared/records'
import { PRESETS } from './presets'
import { headSize, parameterShapes } from './shapes'

/** Bytes per parameter while training, and while measuring. */
const TRAINING_BYTES = 20
const EVALUATION_BYTES = 16

/** Number of parameters; tied embeddings count once. */
export function parameterCount(config: DecoderConfig): number {
  return elementsOfAll(parameterShapes(config))
}

/**
 * Floating-point operations of one forward pass, per predicted token.
 *
 * 2 per parameter that is multiplied (all but norms and a lookup table), and for attention
 * 4·layers·width·T/2, half of the full square because of the causal mask.
 *
 * @see Kaplan et al. 2020, arXiv 2001.08361, section 2.1
 */
export function evaluationFlopsPerToken(config: DecoderConfig): number {
  let multiplied = config.tieEmbeddings ? config.vocabularySize * config.hiddenSize : 0
  for (const [name, shape] of parameterShapes(config)) {
    const [rows, columns] = shape
    if (rows && columns && !isLookup(name)) multiplied += rows * columns
  }
  const attention = 2 * config.hiddenLayers * config.hiddenSize * config.contextLength
  return 2 * multiplied + attention
}

/** Tables that rows are looked up in: a tied embedding's product is counted apart. */
function isLookup(name: string): boolean {
  return /embed_tokens|embed_in|\.wte\.|\.wpe\./.test(name)
}

/** Floating-point operations of one training step, per token: the backward pass costs two forward ones. */
export function trainingFlopsPerToken(config: DecoderConfig): number {
  return 3 * evaluationFlopsPerToken(config)
}

/** float32 numbers held per layer and token between the forward and the backward pass. */
function keptPerToken(config: DecoderConfig): number {
  const { hiddenSize, intermediateSize, attentionHeads, keyValueHeads, contextLength } = config
  const projected = (attentionHeads + 2 * keyValueHeads) * headSize(config)
  const attention = projected + 2 * hiddenSize + attentionHeads * contextLength
  return attention + 4 * hiddenSize + 4 * intermediateSize
}

/**
 * Estimates the memory of training, in bytes: the peak of a step, tensors only.
 *
 * Weights, two moments, the gradient and its flat copy: 20 bytes per parameter. Then what each
 * layer keeps for the backward pass, and the logits of one chunk.
 */
export function trainingMemoryBytes(config: DecoderConfig, recipe: Recipe): number {
  const tokens = (recipe.microBatchSize ?? recipe.batchSize) * config.contextLength
  const kept = tokens * config.hiddenLayers * keptPerToken(config)
  const logits = 3 * Math.min(tokens * config.vocabularySize, 8_000_000)
  return TRAINING_BYTES * parameterCount(config) + 4 * (kept + logits)
}

/**
 * Says before a start how many trainings of a model the memory holds at once.
 *
 * @param availableBytes memory that tensors may fill; null when the device does not say
 * @returns at least 1; Infinity when the device does not say
 * @throws WorkbenchError `model/out-of-memory` with the bytes needed and the bytes there
 */
export function trainingsThatFit(
  config: DecoderConfig,
  recipe: Recipe,
  availableBytes: number | null
): number {
  return jobsThatFit(config, trainingMemoryBytes(config, recipe), availableBytes, {
    doing: 'Training',
    perParameter: TRAINING_BYTES,
    batch: `a step of ${recipe.microBatchSize ?? recipe.batchSize}`,
    smaller: 'microBatchSize'
  })
}

/**
 * Estimates the memory of measuring a model, in bytes, the branches of a merge not counted.
 *
 * Weights as they are read or averaged, packed and on the device twice for a moment: 16 bytes per
 * parameter. Then what one layer holds of a batch, and the logits of one chunk.
 */
export function evaluationMemoryBytes(config: DecoderConfig, batchSize: number): number {
  const tokens = batchSize * config.contextLength
  const logits = 3 * Math.min(tokens * config.vocabularySize, 8_000_000)
  return EVALUATION_BYTES * parameterCount(config) + 4 * (tokens * keptPerToken(config) + logits)
}

/** The same as `trainingsThatFit`, of measuring with so many windows per forward pass. */
export function evaluationsThatFit(
  config: DecoderConfig,
  batchSize: number,
  availableBytes: number | null
): number {
  return jobsThatFit(config, evaluationMemoryBytes(config, batchSize), availableBytes, {
    doing: 'Measuring',
    perParameter: EVALUATION_BYTES,
    batch: `a batch of ${batchSize}`,
    smaller: 'evaluation.batchSize'
  })
}

function jobsThatFit(
  config: DecoderConfig,
  neededBytes: number,
  availableBytes: number | null,
  say: { doing: string; perParameter: number; batch: string; smaller: string }
): number {
  if (availableBytes === null) return Infinity
  const count = Math.floor(availableBytes / neededBytes)
  if (count >= 1) return count
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  throw new WorkbenchError(
    'model/out-of-memory',
    `${say.doing} this model needs about ${gigabytes(neededBytes)} (${neededBytes} bytes): ` +
      `${parameterCount(config)} parameters at ${say.perParameter} bytes, and what ${say.batch} × ` +
      `${config.contextLength} tokens keeps. ` +
      `There are ${gigabytes(availableBytes)} (${availableBytes} bytes). ` +
      `Choose a smaller model, a smaller ${say.smaller} or a shorter contextLength.`,
    { neededBytes, availableBytes, parameters: parameterCount(config) }
  )
}

/** A preset with the parameters it has at some vocabulary. */
export interface PresetSize {
  preset: string
  parameters: number
}

/** Every preset's shape, and the parameters that it has with such a vocabulary. */
export function describePresets(
  vocabularySize: number
): { name: string; shape: (typeof PRESETS)[keyof typeof PRESETS]; parameters: number }[] {
  return Object.entries(PRESETS).map(([name, shape]) => ({
    name,
    shape,
    parameters: parameterCount({ ...shape, vocabularySize })
  }))
}

/**
 * The largest preset that can be trained in the memory there is, at a vocabulary and a recipe.
 *
 * @param availableBytes null when the device does not say; then nothing is known
 * @returns null where not even the smallest fits, or nothing is known
 */
export function largestTrainable(
  vocabularySize: number,
  recipe: Recipe,
  availableBytes: number | null
): PresetSize | null {
  if (availableBytes === null) return null
  const fitting = Object.entries(PRESETS)
    .map(([preset, shape]) => ({ preset, config: { ...shape, vocabularySize } }))
    .filter(({ config }) => trainingMemoryBytes(config, recipe) <= availableBytes)
    .map(({ preset, config }) => ({ preset, parameters: parameterCount(config) }))
    .sort((a, b) => b.parameters - a.parameters)
  return fitting[0] ?? null
}
