/** A model's shape and how it is trained; part of the records. Plain data; no behaviour. */
import { z } from 'zod'
import type { Architecture } from './architecture'

const count = z.number().int().nonnegative()
const positive = z.number().int().positive()

// ── model ────────────────────────────────────────────────────────────────────────────────────

/** Shape of a Llama-family decoder; the camel-case twin of Hugging Face's `LlamaConfig`. */
export const DecoderShapeSchema = z.strictObject({
  hiddenSize: positive,
  hiddenLayers: positive,
  attentionHeads: positive,
  /** Equal to `attentionHeads` unless attention is grouped. */
  keyValueHeads: positive,
  intermediateSize: positive,
  /** Predicted tokens per training sequence, T. */
  contextLength: positive,
  ropeTheta: z.number().positive().default(10000),
  rmsNormEpsilon: z.number().positive().default(1e-5),
  tieEmbeddings: z.boolean().default(false),
  /** Standard deviation of the initial weights. */
  initializerRange: z.number().positive().default(0.02)
})
export type DecoderShape = z.infer<typeof DecoderShapeSchema>

/** A decoder with its vocabulary: everything that decides shapes. */
export type DecoderConfig = DecoderShape & {
  vocabularySize: number
  /** Set where the model is no plain Llama. */
  architecture?: Architecture
}

// ── training recipe ──────────────────────────────────────────────────────────────────────────

/** How a run is trained. Everything in it is part of the run's fingerprint. */
export const RecipeSchema = z.strictObject({
  /** Sequences per optimizer step. */
  batchSize: positive,
  /** Sequences per forward pass; a divisor of `batchSize`. Smaller means gradient accumulation. */
  microBatchSize: positive.optional(),
  peakLearningRate: z.number().positive(),
  /**
   * `cosine`: from the peak to `finalShare` of it; `constant`: the peak throughout;
   * `anneal`: linear from the peak to zero. Each after `warmupSteps` of linear warm-up.
   */
  schedule: z.enum(['cosine', 'constant', 'anneal']),
  warmupSteps: count.default(0),
  finalShare: z.number().min(0).max(1).default(0.1),
  beta1: z.number().min(0).max(1).default(0.9),
  beta2: z.number().min(0).max(1).default(0.95),
  epsilon: z.number().positive().default(1e-8),
  weightDecay: z.number().min(0).default(0.1),
  /** Global gradient norm above which gradients are scaled down; null: never. */
  gradientClip: z.number().positive().nullable().default(1),
  /** Precision of matrix products on a GPU; TensorFlow's own silent default there is tf32. */
  matmulPrecision: z.enum(['float32', 'tf32']).default('float32'),
  /** True: attention stops at document borders inside a sequence. */
  maskDocuments: z.boolean().default(false),
  /** Share of seed text in every batch, 0 … below 1. */
  replay: z.number().min(0).lt(1).default(0),
  /** What a branch or sequential model carries on from the seed. */
  start: z.enum(['weights-and-moments', 'weights', 'none']).default('weights-and-moments')
})
export type Recipe = z.infer<typeof RecipeSchema>
