/** `config.json` of a checkpoint: from it a decoder's configuration, and back. */
import { FAMILIES } from '#shared/architecture'
import type { Architecture, Family } from '#shared/architecture'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig } from '#shared/records'
import { Unusable, readFamilyConfig } from './familyConfig'

/**
 * The contents of `config.json`, understood by transformers 4 and 5 and by what follows them.
 *
 * A model with an architecture has the `config.json` that its architecture was read from. For a plain
 * Llama both spellings of what was renamed are given: `torch_dtype`/`dtype`, `rope_theta`/
 * `rope_parameters`. The token that ends a document also begins a text, as it does in training
 * and measuring.
 */
export function toModelConfig(config: DecoderConfig, endOfTextId: number): Record<string, unknown> {
  const dtype = { torch_dtype: 'float32', dtype: 'float32' }
  if (config.architecture) return { ...config.architecture.source, ...dtype }
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
    ...dtype
  }
}

/**
 * Reads `config.json`.
 *
 * @param source what the file says
 * @param path names it in errors
 * @returns with an architecture, unless the model is a plain Llama
 * @throws WorkbenchError `checkpoint/invalid` naming what is not there or cannot be computed
 */
export function fromModelConfig(
  source: Readonly<Record<string, unknown>>,
  path: string
): DecoderConfig {
  const family = FAMILIES.find((one) => one === source['model_type'])
  if (!family) {
    const shown = JSON.stringify(source['model_type']) ?? 'missing'
    throw unusable(path, `model_type is ${shown}; ${FAMILIES.join(', ')} can be computed here`)
  }
  try {
    return withoutPlainLlama(family, readFamilyConfig(family, source))
  } catch (error) {
    if (error instanceof Unusable) throw unusable(path, error.message, error)
    throw error
  }
}

/** The configuration alone where it is a plain Llama's, which has a decoder of its own. */
function withoutPlainLlama(family: Family, config: DecoderConfig): DecoderConfig {
  const { architecture, ...plain } = config
  const isPlain = architecture && family === 'llama' && isPlainLlama(plain, architecture)
  return isPlain ? plain : config
}

function isPlainLlama(
  { hiddenSize, attentionHeads }: DecoderConfig,
  { headSize, biases, positions, feedForward }: Architecture
): boolean {
  return (
    headSize * attentionHeads === hiddenSize &&
    positions.kind === 'rotary' &&
    positions.scaling === null &&
    positions.width === headSize &&
    feedForward.activation === 'silu' &&
    !Object.values(biases).includes(true)
  )
}

function unusable(path: string, problem: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError(
    'checkpoint/invalid',
    `${path} does not describe a model that can be used: ${problem}. Expected the config.json of one of Hugging Face's decoders (${FAMILIES.join(', ')}).`,
    { path, problem },
    cause === undefined ? undefined : { cause }
  )
}
