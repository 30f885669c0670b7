/** `config.json`: a decoder's shape in the keys of Hugging Face's `LlamaConfig`, and back. */
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig } from '#shared/records'

/**
 * The contents of `config.json`, understood by transformers 4 and 5 and by what follows them.
 *
 * Both spellings of what was renamed are given: `torch_dtype`/`dtype`, `rope_theta`/
 * `rope_parameters`. The token that ends a document also begins a text, as it does in training
 * and measuring.
 */
export function toLlamaConfig(config: DecoderConfig, endOfTextId: number): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.hiddenLayers,
    num_attention_heads: config.attentionHeads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.hiddenSize / config.attentionHeads,
    hidden_act: 'silu',
    max_position_embeddings: config.contextLength,
    initializer_range: config.initializerRange,
    rms_norm_eps: config.rmsNormEpsilon,
    rope_theta: config.ropeTheta,
    rope_parameters: { rope_type: 'default', rope_theta: config.ropeTheta },
    tie_word_embeddings: config.tieEmbeddings,
    attention_bias: false,
    attention_dropout: 0,
    mlp_bias: false,
    pretraining_tp: 1,
    use_cache: true,
    bos_token_id: endOfTextId,
    eos_token_id: endOfTextId,
    torch_dtype: 'float32',
    dtype: 'float32'
  }
}

const positive = z.number().int().positive()
const RopeSchema = z.looseObject({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: z.number().positive().nullish()
})
// Defaults are those of transformers' LlamaConfig, for keys that older checkpoints leave out.
const LlamaConfigSchema = z.looseObject({
  model_type: z.string(),
  vocab_size: positive,
  hidden_size: positive,
  intermediate_size: positive,
  num_hidden_layers: positive,
  num_attention_heads: positive,
  num_key_value_heads: positive.nullish(),
  head_dim: positive.nullish(),
  hidden_act: z.string().default('silu'),
  max_position_embeddings: positive.default(2048),
  initializer_range: z.number().positive().default(0.02),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().nullish(),
  rope_parameters: RopeSchema.nullish(),
  rope_scaling: RopeSchema.nullish(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  quantization_config: z.unknown().optional()
})

/**
 * Reads `config.json`.
 *
 * What the decoder does not compute is refused by name instead of being computed wrongly.
 *
 * @param text the file's contents
 * @param path names it in errors
 * @throws WorkbenchError `checkpoint/invalid`
 */
export function fromLlamaConfig(text: string, path: string): DecoderConfig {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    throw unusable(path, `it is not JSON (${(error as Error).message})`, error)
  }
  const parsed = LlamaConfigSchema.safeParse(raw)
  if (!parsed.success) throw unusable(path, z.prettifyError(parsed.error))
  const found = parsed.data
  const headSize = found.hidden_size / found.num_attention_heads
  const keyValueHeads = found.num_key_value_heads ?? found.num_attention_heads
  const rope = found.rope_parameters ?? found.rope_scaling
  const ropeType = rope?.rope_type ?? rope?.type ?? 'default'
  const expectations: [string, unknown, unknown][] = [
    ['model_type', found.model_type, 'llama'],
    ['hidden_act', found.hidden_act, 'silu'],
    ['rope type', ropeType, 'default'],
    ['attention_bias', found.attention_bias, false],
    ['mlp_bias', found.mlp_bias, false],
    ['head_dim', found.head_dim ?? headSize, headSize],
    ['quantization_config', found.quantization_config ?? null, null],
    ['num_attention_heads modulo num_key_value_heads', found.num_attention_heads % keyValueHeads, 0]
  ]
  for (const [key, value, expected] of expectations) {
    if (value === expected) continue
    const shown = JSON.stringify(value)
    throw unusable(path, `${key} is ${shown}; only ${String(expected)} can be computed here`)
  }
  return {
    vocabularySize: found.vocab_size,
    hiddenSize: found.hidden_size,
    hiddenLayers: found.num_hidden_layers,
    attentionHeads: found.num_attention_heads,
    keyValueHeads,
    intermediateSize: found.intermediate_size,
    contextLength: found.max_position_embeddings,
    ropeTheta: found.rope_parameters?.rope_theta ?? found.rope_theta ?? 10000,
    rmsNormEpsilon: found.rms_norm_eps,
    tieEmbeddings: found.tie_word_embeddings,
    initializerRange: found.initializer_range
  }
}

function unusable(path: string, problem: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError(
    'checkpoint/invalid',
    `${path} does not describe a model that can be used: ${problem}. Expected the config.json of a Llama-family checkpoint.`,
    { path, problem },
    cause === undefined ? undefined : { cause }
  )
}
