/** What makes a decoder differ from a plain Llama: read off a checkpoint's `config.json`. */
import { z } from 'zod'

/** Families whose checkpoints can be read, by Hugging Face's `model_type`. */
export const FAMILIES = [
  'llama',
  'mistral',
  'qwen2',
  'qwen3',
  'gemma',
  'gemma2',
  'olmo',
  'olmo2',
  'gpt_neox',
  'gpt2'
] as const
export type Family = (typeof FAMILIES)[number]

/** How rotary angles are stretched for longer texts than the model began with. */
const RotaryScalingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('linear'), factor: z.number() }),
  z.strictObject({
    kind: z.literal('llama3'),
    factor: z.number(),
    lowFrequencyFactor: z.number(),
    highFrequencyFactor: z.number(),
    originalLength: z.number()
  })
])
export type RotaryScaling = z.infer<typeof RotaryScalingSchema>

const PositionsSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rotary'),
    theta: z.number(),
    /** Width of each head's part that is turned. */
    width: z.number(),
    scaling: RotaryScalingSchema.nullable()
  }),
  /** A learned vector for each position, added to the embedding. */
  z.strictObject({ kind: z.literal('learned'), count: z.number() })
])
export type Positions = z.infer<typeof PositionsSchema>

/**
 * A decoder that differs from a plain Llama, in parts that any of the families may have.
 *
 * Plain Llama models have none of it, and the hand-written decoder computes them; whatever has an
 * architecture is computed by the general one.
 */
export const ArchitectureSchema = z.strictObject({
  family: z.enum(FAMILIES),
  /** Width of one attention head; need not be the hidden size over the heads. */
  headSize: z.number(),
  norm: z.strictObject({
    /** `rms`: divided by the root mean square; `layer`: mean taken away first. */
    kind: z.enum(['rms', 'layer']),
    epsilon: z.number(),
    hasWeight: z.boolean(),
    hasBias: z.boolean(),
    /** The stored weight is what is added to 1. */
    addsOne: z.boolean()
  }),
  /** Where a layer's two parts are normalized: their input, their output, or both. */
  normPlaces: z.enum(['before', 'after', 'both']),
  /** Attention and feed-forward part read the same input, and both are added to it. */
  isParallel: z.boolean(),
  positions: PositionsSchema,
  /** Whether queries and keys are normalized, each head by itself or all heads together. */
  queryKeyNorm: z.enum(['none', 'head', 'all']),
  biases: z.strictObject({
    queryKeyValue: z.boolean(),
    attentionOutput: z.boolean(),
    feedForward: z.boolean()
  }),
  /** Queries, keys and values are kept within ± this; null: they are not. */
  clip: z.number().nullable(),
  /** Scores are queries · keys times this. */
  attentionScale: z.number(),
  /** Scores and logits s become c·tanh(s/c); null: they stay. */
  attentionCap: z.number().nullable(),
  logitCap: z.number().nullable(),
  /** What embeddings are multiplied with. */
  embeddingScale: z.number(),
  feedForward: z.strictObject({
    isGated: z.boolean(),
    activation: z.enum(['silu', 'gelu', 'gelu-tanh', 'relu'])
  }),
  /** By layer: how many tokens back attention sees, itself included; null: all. */
  windows: z.array(z.number().nullable()),
  /** `config.json` as it was read: models made from this one are written with the same. */
  source: z.record(z.string(), z.unknown())
})
export type Architecture = z.infer<typeof ArchitectureSchema>
