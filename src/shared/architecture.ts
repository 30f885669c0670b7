/** What makes a decoder differ from a plain Llama: read off a checkpoint's `config.json`. */

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
export type RotaryScaling =
  | { kind: 'linear'; factor: number }
  | {
      kind: 'llama3'
      factor: number
      lowFrequencyFactor: number
      highFrequencyFactor: number
      originalLength: number
    }

export type Positions =
  | {
      kind: 'rotary'
      theta: number
      /** Width of each head's part that is turned. */
      width: number
      scaling: RotaryScaling | null
    }
  /** A learned vector for each position, added to the embedding. */
  | { kind: 'learned'; count: number }

/**
 * A decoder that differs from a plain Llama, in parts that any of the families may have.
 *
 * Plain Llama models have none of it, and the hand-written decoder computes them; whatever has an
 * architecture is computed by the general one.
 */
export interface Architecture {
  family: Family
  /** Width of one attention head; need not be the hidden size over the heads. */
  headSize: number
  norm: {
    /** `rms`: divided by the root mean square; `layer`: mean taken away first. */
    kind: 'rms' | 'layer'
    epsilon: number
    hasWeight: boolean
    hasBias: boolean
    /** The stored weight is what is added to 1. */
    addsOne: boolean
  }
  /** Where a layer's two parts are normalized: their input, their output, or both. */
  normPlaces: 'before' | 'after' | 'both'
  /** Attention and feed-forward part read the same input, and both are added to it. */
  isParallel: boolean
  positions: Positions
  /** Whether queries and keys are normalized, each head by itself or all heads together. */
  queryKeyNorm: 'none' | 'head' | 'all'
  biases: { queryKeyValue: boolean; attentionOutput: boolean; feedForward: boolean }
  /** Queries, keys and values are kept within ± this; null: they are not. */
  clip: number | null
  /** Scores are queries · keys times this. */
  attentionScale: number
  /** Scores and logits s become c·tanh(s/c); null: they stay. */
  attentionCap: number | null
  logitCap: number | null
  /** What embeddings are multiplied with. */
  embeddingScale: number
  feedForward: { isGated: boolean; activation: 'silu' | 'gelu' | 'gelu-tanh' | 'relu' }
  /** By layer: how many tokens back attention sees, itself included; null: all. */
  windows: (number | null)[]
  /** `config.json` as it was read: models made from this one are written with the same. */
  source: Record<string, unknown>
}
