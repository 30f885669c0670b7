/** `config.json` of decoders that are no plain Llama: what makes them differ, family by family. */
import { z } from 'zod'
import type { Architecture, Family, Positions, RotaryScaling } from '#shared/architecture'
import type { DecoderConfig } from '#shared/records'

/** More of anything is no model that exists; refused before memory is asked for. */
const MOST = 1 << 24
const MOST_LAYERS = 1024

const size = z.number().int().positive().max(MOST)
const layers = z.number().int().positive().max(MOST_LAYERS)
const flag = z.boolean().nullish()
const RopeSchema = z.looseObject({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: z.number().positive().nullish(),
  factor: z.number().positive().nullish(),
  low_freq_factor: z.number().positive().nullish(),
  high_freq_factor: z.number().positive().nullish(),
  original_max_position_embeddings: size.nullish(),
  partial_rotary_factor: z.number().gt(0).max(1).nullish()
})

/** The keys of all families but GPT-2; which of them a family knows is said below. */
const CommonSchema = z.looseObject({
  model_type: z.string(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layers,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: z.string().nullish(),
  hidden_activation: z.string().nullish(),
  max_position_embeddings: size.nullish(),
  initializer_range: z.number().positive().default(0.02),
  rms_norm_eps: z.number().positive().nullish(),
  layer_norm_eps: z.number().positive().nullish(),
  rope_theta: z.number().positive().nullish(),
  rotary_emb_base: z.number().positive().nullish(),
  rotary_pct: z.number().gt(0).max(1).nullish(),
  rope_parameters: RopeSchema.nullish(),
  rope_scaling: RopeSchema.nullish(),
  tie_word_embeddings: flag,
  attention_bias: flag,
  mlp_bias: flag,
  use_parallel_residual: flag,
  clip_qkv: z.number().positive().nullish(),
  sliding_window: size.nullish(),
  use_sliding_window: flag,
  max_window_layers: z.number().int().nonnegative().nullish(),
  layer_types: z.array(z.string()).max(MOST_LAYERS).nullish(),
  query_pre_attn_scalar: z.number().positive().nullish(),
  attn_logit_softcapping: z.number().positive().nullish(),
  final_logit_softcapping: z.number().positive().nullish(),
  quantization_config: z.unknown().optional()
})
type Common = z.infer<typeof CommonSchema>

const Gpt2Schema = z.looseObject({
  vocab_size: size,
  n_embd: size,
  n_layer: layers,
  n_head: size,
  n_positions: size,
  n_inner: size.nullish(),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: flag,
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  quantization_config: z.unknown().optional()
})

/** What cannot be computed, in words; made into an error by the caller, who knows the file. */
export class Unusable extends Error {}

/**
 * Reads a configuration as one with an architecture.
 *
 * Defaults are those of transformers' configuration classes, for keys that older checkpoints leave
 * out. What the decoder does not compute is refused by name instead of being computed wrongly.
 *
 * @throws Unusable saying which key holds what
 * @see https://github.com/huggingface/transformers/tree/main/src/transformers/models
 */
export function readFamilyConfig(family: Family, raw: Record<string, unknown>): DecoderConfig {
  if ((raw['quantization_config'] ?? null) !== null) {
    throw new Unusable(
      'quantization_config is set; only weights that are not quantized can be read'
    )
  }
  return family === 'gpt2' ? readGpt2(raw) : readCommon(family, parse(CommonSchema, raw), raw)
}

function parse<Schema extends z.ZodType>(schema: Schema, raw: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(raw)
  if (!parsed.success) throw new Unusable(z.prettifyError(parsed.error))
  return parsed.data
}

/** How families differ where their `config.json` does not say it. */
interface Traits {
  norm: Architecture['norm']['kind']
  hasNormWeight: boolean
  normPlaces: Architecture['normPlaces']
  queryKeyNorm: Architecture['queryKeyNorm']
  /** transformers' defaults of keys that may be missing. */
  activation: string
  contextLength: number
  isTied: boolean
  isGated: boolean
}

const LLAMA_TRAITS: Traits = {
  norm: 'rms',
  hasNormWeight: true,
  normPlaces: 'before',
  queryKeyNorm: 'none',
  activation: 'silu',
  contextLength: 2048,
  isTied: false,
  isGated: true
}

const TRAITS: Record<Exclude<Family, 'gpt2'>, Traits> = {
  llama: LLAMA_TRAITS,
  mistral: { ...LLAMA_TRAITS, contextLength: 131_072 },
  qwen2: { ...LLAMA_TRAITS, contextLength: 32_768 },
  qwen3: { ...LLAMA_TRAITS, queryKeyNorm: 'head', contextLength: 32_768 },
  gemma: { ...LLAMA_TRAITS, activation: 'gelu_pytorch_tanh', contextLength: 8192, isTied: true },
  gemma2: {
    ...LLAMA_TRAITS,
    normPlaces: 'both',
    activation: 'gelu_pytorch_tanh',
    contextLength: 8192,
    isTied: true
  },
  olmo: { ...LLAMA_TRAITS, norm: 'layer', hasNormWeight: false },
  olmo2: { ...LLAMA_TRAITS, normPlaces: 'after', queryKeyNorm: 'all' },
  gpt_neox: { ...LLAMA_TRAITS, norm: 'layer', activation: 'gelu', isGated: false }
}

const ACTIVATIONS: Readonly<Record<string, Architecture['feedForward']['activation']>> = {
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh'
}

function activationOf(key: string, name: string) {
  const known = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined
  if (known) return known
  throw new Unusable(`${key} is "${name}"; ${Object.keys(ACTIVATIONS).join(', ')} can be computed`)
}

function readCommon(
  family: Exclude<Family, 'gpt2'>,
  found: Common,
  source: Record<string, unknown>
): DecoderConfig {
  const traits = TRAITS[family]
  const isGemma = family === 'gemma' || family === 'gemma2'
  const isNeox = family === 'gpt_neox'
  const heads = found.num_attention_heads
  const keyValueHeads = found.num_key_value_heads ?? heads
  if (heads % keyValueHeads !== 0) {
    throw new Unusable(
      `num_attention_heads ${heads} is not divisible by num_key_value_heads ${keyValueHeads}`
    )
  }
  const headSize = headSizeOf(family, found)
  const contextLength = found.max_position_embeddings ?? traits.contextLength
  const activation = activationName(family, found, traits)
  const epsilon = isNeox
    ? (found.layer_norm_eps ?? 1e-5)
    : family === 'olmo'
      ? 1e-5
      : (found.rms_norm_eps ?? (family === 'olmo2' ? 1e-5 : 1e-6))
  const hasAttentionBias = found.attention_bias ?? isNeox
  const architecture: Architecture = {
    family,
    headSize,
    norm: {
      kind: traits.norm,
      epsilon,
      hasWeight: traits.hasNormWeight,
      hasBias: isNeox,
      addsOne: isGemma
    },
    normPlaces: traits.normPlaces,
    isParallel: isNeox && (found.use_parallel_residual ?? true),
    positions: rotaryOf(found, headSize, contextLength, isNeox),
    queryKeyNorm: traits.queryKeyNorm,
    biases: {
      queryKeyValue: family === 'qwen2' || hasAttentionBias,
      attentionOutput: family !== 'qwen2' && hasAttentionBias,
      feedForward: isNeox || (family === 'llama' && (found.mlp_bias ?? false))
    },
    clip: family === 'olmo' ? (found.clip_qkv ?? null) : null,
    attentionScale: (family === 'gemma2' ? (found.query_pre_attn_scalar ?? 256) : headSize) ** -0.5,
    attentionCap: family === 'gemma2' ? cap(source, 'attn_logit_softcapping', found, 50) : null,
    logitCap: family === 'gemma2' ? cap(source, 'final_logit_softcapping', found, 30) : null,
    embeddingScale: isGemma ? Math.sqrt(found.hidden_size) : 1,
    feedForward: { isGated: traits.isGated, activation },
    windows: windowsOf(family, found),
    source
  }
  return {
    vocabularySize: found.vocab_size,
    hiddenSize: found.hidden_size,
    hiddenLayers: found.num_hidden_layers,
    attentionHeads: heads,
    keyValueHeads,
    intermediateSize: found.intermediate_size,
    contextLength,
    ropeTheta: architecture.positions.kind === 'rotary' ? architecture.positions.theta : 10_000,
    rmsNormEpsilon: epsilon,
    tieEmbeddings: found.tie_word_embeddings ?? traits.isTied,
    initializerRange: found.initializer_range,
    architecture
  }
}

/** A cap that is left out has the family's value; one that is null is none. */
function cap(
  source: Record<string, unknown>,
  key: 'attn_logit_softcapping' | 'final_logit_softcapping',
  found: Common,
  usual: number
): number | null {
  return key in source ? (found[key] ?? null) : usual
}

function headSizeOf(family: Family, found: Common): number {
  const usual: Partial<Record<Family, number>> = { qwen3: 128, gemma: 256, gemma2: 256 }
  const headSize = found.head_dim ?? usual[family] ?? found.hidden_size / found.num_attention_heads
  if (!Number.isInteger(headSize)) {
    throw new Unusable(
      `hidden_size ${found.hidden_size} is not divisible by num_attention_heads ${found.num_attention_heads}`
    )
  }
  return headSize
}

/** Gemma's first files say "gelu" and mean its form by tanh, as transformers takes them. */
function activationName(family: Family, found: Common, traits: Traits) {
  if (family === 'gemma' || family === 'gemma2') {
    return activationOf('hidden_activation', found.hidden_activation ?? traits.activation)
  }
  return activationOf('hidden_act', found.hidden_act ?? traits.activation)
}

function rotaryOf(
  found: Common,
  headSize: number,
  contextLength: number,
  isNeox: boolean
): Positions {
  const rope = found.rope_parameters ?? found.rope_scaling
  const theta =
    found.rope_parameters?.rope_theta ?? found.rope_theta ?? found.rotary_emb_base ?? 10_000
  const share = isNeox
    ? (found.rope_parameters?.partial_rotary_factor ?? found.rotary_pct ?? 0.25)
    : (found.rope_parameters?.partial_rotary_factor ?? 1)
  const width = Math.floor(headSize * share)
  if (width < 2 || width % 2 !== 0) {
    throw new Unusable(
      `rotary positions would turn ${width} of the ${headSize} numbers of a head; expected an even number`
    )
  }
  return { kind: 'rotary', theta, width, scaling: scalingOf(rope, contextLength) }
}

function scalingOf(rope: Common['rope_scaling'], contextLength: number): RotaryScaling | null {
  const kind = rope?.rope_type ?? rope?.type ?? 'default'
  const factor = rope?.factor ?? 1
  switch (kind) {
    case 'default':
    // Stretches only texts beyond the context length, which are never asked for.
    case 'dynamic':
      return null
    case 'linear':
      return { kind: 'linear', factor }
    case 'llama3':
      return {
        kind: 'llama3',
        factor,
        lowFrequencyFactor: rope?.low_freq_factor ?? 1,
        highFrequencyFactor: rope?.high_freq_factor ?? 4,
        originalLength: rope?.original_max_position_embeddings ?? contextLength
      }
    default:
      throw new Unusable(
        `rope type is "${kind}"; default, dynamic, linear and llama3 can be computed`
      )
  }
}

/** By layer how far attention sees, as transformers decides it. */
function windowsOf(family: Family, found: Common): (number | null)[] {
  const all = Array.from({ length: found.num_hidden_layers }, (_, index) => index)
  const usual = found.sliding_window === undefined && (family === 'mistral' || family === 'gemma2')
  const window = usual ? 4096 : (found.sliding_window ?? null)
  const isSliding = (index: number): boolean => {
    if (window === null) return false
    if (family === 'mistral') return true
    if (family !== 'gemma2' && !(found.use_sliding_window ?? false)) return false
    if (family !== 'gemma2' && family !== 'qwen2' && family !== 'qwen3') return false
    const type = found.layer_types?.[index]
    if (type !== undefined) return type === 'sliding_attention'
    return family === 'gemma2' ? index % 2 === 0 : index >= (found.max_window_layers ?? 28)
  }
  return all.map((index) => (isSliding(index) ? window : null))
}

function readGpt2(source: Record<string, unknown>): DecoderConfig {
  const found = parse(Gpt2Schema, source)
  if (found.n_embd % found.n_head !== 0) {
    throw new Unusable(`n_embd ${found.n_embd} is not divisible by n_head ${found.n_head}`)
  }
  for (const key of ['scale_attn_by_inverse_layer_idx', 'add_cross_attention'] as const) {
    if (found[key]) throw new Unusable(`${key} is true; only false can be computed`)
  }
  const headSize = found.n_embd / found.n_head
  return {
    vocabularySize: found.vocab_size,
    hiddenSize: found.n_embd,
    hiddenLayers: found.n_layer,
    attentionHeads: found.n_head,
    keyValueHeads: found.n_head,
    intermediateSize: found.n_inner ?? 4 * found.n_embd,
    contextLength: found.n_positions,
    ropeTheta: 10_000,
    rmsNormEpsilon: found.layer_norm_epsilon,
    tieEmbeddings: found.tie_word_embeddings ?? true,
    initializerRange: found.initializer_range,
    architecture: {
      family: 'gpt2',
      headSize,
      norm: {
        kind: 'layer',
        epsilon: found.layer_norm_epsilon,
        hasWeight: true,
        hasBias: true,
        addsOne: false
      },
      normPlaces: 'before',
      isParallel: false,
      positions: { kind: 'learned', count: found.n_positions },
      queryKeyNorm: 'none',
      biases: { queryKeyValue: true, attentionOutput: true, feedForward: true },
      clip: null,
      attentionScale: found.scale_attn_weights ? headSize ** -0.5 : 1,
      attentionCap: null,
      logitCap: null,
      embeddingScale: 1,
      feedForward: {
        isGated: false,
        activation: activationOf('activation_function', found.activation_function)
      },
      windows: Array.from({ length: found.n_layer }, () => null),
      source
    }
  }
}
