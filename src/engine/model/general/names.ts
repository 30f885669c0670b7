/** What each family calls its parameters, and their shapes. No tensors. */
import type { Architecture, Family } from '#shared/architecture'
import type { DecoderConfig } from '#shared/recipe'

/** A configuration that names its architecture: what the general decoder computes. */
export type GeneralConfig = DecoderConfig & { architecture: Architecture }

/** Whether a model is the general decoder's, since it is no plain Llama. */
export function isGeneral(config: DecoderConfig): config is GeneralConfig {
  return config.architecture !== undefined
}

/** Names without `.weight` and `.bias`; those that a family has not are never asked for. */
interface LayerNames {
  /** Norms of what attention and feed-forward part read. */
  attentionNorm: string
  feedForwardNorm: string
  /** Norms of what they give. */
  attentionOutputNorm: string
  feedForwardOutputNorm: string
  query: string
  key: string
  value: string
  /** All three in one matrix, in families that have them so. */
  fused: string | null
  queryNorm: string
  keyNorm: string
  attentionOutput: string
  gate: string
  up: string
  down: string
}

/** Names of a model's parameters. */
export interface ModelNames {
  embedding: string
  positions: string
  finalNorm: string
  head: string
  layer(index: number): LayerNames
  /** Matrices are [in, out] instead of [out, in]. */
  areTransposed: boolean
}

/** The names that a family's checkpoints have. */
export function namesOf(family: Family): ModelNames {
  if (family === 'gpt2') return GPT2
  if (family === 'gpt_neox') return GPT_NEOX
  return llamaLike(family)
}

function llamaLike(family: Family): ModelNames {
  const isSandwich = family === 'gemma2'
  return {
    embedding: 'model.embed_tokens',
    positions: '',
    finalNorm: 'model.norm',
    head: 'lm_head',
    areTransposed: false,
    layer: (index) => {
      const at = (name: string) => `model.layers.${index}.${name}`
      return {
        attentionNorm: at('input_layernorm'),
        feedForwardNorm: at(isSandwich ? 'pre_feedforward_layernorm' : 'post_attention_layernorm'),
        attentionOutputNorm: at('post_attention_layernorm'),
        feedForwardOutputNorm: at('post_feedforward_layernorm'),
        query: at('self_attn.q_proj'),
        key: at('self_attn.k_proj'),
        value: at('self_attn.v_proj'),
        fused: null,
        queryNorm: at('self_attn.q_norm'),
        keyNorm: at('self_attn.k_norm'),
        attentionOutput: at('self_attn.o_proj'),
        gate: at('mlp.gate_proj'),
        up: at('mlp.up_proj'),
        down: at('mlp.down_proj')
      }
    }
  }
}

/** Families with one matrix for queries, keys and values, and no gate. */
function fusedLayer(at: (name: string) => string, names: Record<string, string>): LayerNames {
  const absent = ''
  return {
    attentionNorm: at(names['attentionNorm']!),
    feedForwardNorm: at(names['feedForwardNorm']!),
    attentionOutputNorm: absent,
    feedForwardOutputNorm: absent,
    query: absent,
    key: absent,
    value: absent,
    fused: at(names['fused']!),
    queryNorm: absent,
    keyNorm: absent,
    attentionOutput: at(names['attentionOutput']!),
    gate: absent,
    up: at(names['up']!),
    down: at(names['down']!)
  }
}

const GPT_NEOX: ModelNames = {
  embedding: 'gpt_neox.embed_in',
  positions: '',
  finalNorm: 'gpt_neox.final_layer_norm',
  head: 'embed_out',
  areTransposed: false,
  layer: (index) =>
    fusedLayer((name) => `gpt_neox.layers.${index}.${name}`, {
      attentionNorm: 'input_layernorm',
      feedForwardNorm: 'post_attention_layernorm',
      fused: 'attention.query_key_value',
      attentionOutput: 'attention.dense',
      up: 'mlp.dense_h_to_4h',
      down: 'mlp.dense_4h_to_h'
    })
}

const GPT2: ModelNames = {
  embedding: 'transformer.wte',
  positions: 'transformer.wpe',
  finalNorm: 'transformer.ln_f',
  head: 'lm_head',
  areTransposed: true,
  layer: (index) =>
    fusedLayer((name) => `transformer.h.${index}.${name}`, {
      attentionNorm: 'ln_1',
      feedForwardNorm: 'ln_2',
      fused: 'attn.c_attn',
      attentionOutput: 'attn.c_proj',
      up: 'mlp.c_fc',
      down: 'mlp.c_proj'
    })
}

/**
 * Names and shapes of all parameters of a model with an architecture.
 *
 * @see https://github.com/huggingface/transformers/tree/main/src/transformers/models
 */
export function generalShapes(config: GeneralConfig): Map<string, number[]> {
  const { architecture, hiddenSize, intermediateSize, vocabularySize } = config
  const { norm, normPlaces, biases, queryKeyNorm, positions, headSize } = architecture
  const names = namesOf(architecture.family)
  const [queries, keys] = [config.attentionHeads * headSize, config.keyValueHeads * headSize]
  const shapes = new Map<string, number[]>()
  const setNorm = (name: string, width: number) => {
    if (norm.hasWeight) shapes.set(`${name}.weight`, [width])
    if (norm.hasBias) shapes.set(`${name}.bias`, [width])
  }
  const setMatrix = (name: string, out: number, into: number, hasBias: boolean) => {
    shapes.set(`${name}.weight`, names.areTransposed ? [into, out] : [out, into])
    if (hasBias) shapes.set(`${name}.bias`, [out])
  }
  shapes.set(`${names.embedding}.weight`, [vocabularySize, hiddenSize])
  if (positions.kind === 'learned') {
    shapes.set(`${names.positions}.weight`, [positions.count, hiddenSize])
  }
  for (let index = 0; index < config.hiddenLayers; index++) {
    const layer = names.layer(index)
    if (layer.fused !== null) {
      setMatrix(layer.fused, queries + 2 * keys, hiddenSize, biases.queryKeyValue)
    } else {
      setMatrix(layer.query, queries, hiddenSize, biases.queryKeyValue)
      setMatrix(layer.key, keys, hiddenSize, biases.queryKeyValue)
      setMatrix(layer.value, keys, hiddenSize, biases.queryKeyValue)
    }
    if (queryKeyNorm !== 'none') {
      const isByHead = queryKeyNorm === 'head'
      shapes.set(`${layer.queryNorm}.weight`, [isByHead ? headSize : queries])
      shapes.set(`${layer.keyNorm}.weight`, [isByHead ? headSize : keys])
    }
    setMatrix(layer.attentionOutput, hiddenSize, queries, biases.attentionOutput)
    if (architecture.feedForward.isGated) {
      setMatrix(layer.gate, intermediateSize, hiddenSize, biases.feedForward)
    }
    setMatrix(layer.up, intermediateSize, hiddenSize, biases.feedForward)
    setMatrix(layer.down, hiddenSize, intermediateSize, biases.feedForward)
    if (normPlaces !== 'after') {
      setNorm(layer.attentionNorm, hiddenSize)
      setNorm(layer.feedForwardNorm, hiddenSize)
    }
    if (normPlaces !== 'before') {
      setNorm(layer.attentionOutputNorm, hiddenSize)
      setNorm(layer.feedForwardOutputNorm, hiddenSize)
    }
  }
  setNorm(names.finalNorm, hiddenSize)
  if (!config.tieEmbeddings) shapes.set(`${names.head}.weight`, [vocabularySize, hiddenSize])
  return shapes
}
