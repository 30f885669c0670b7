/** Names and shapes of a decoder's parameters. */
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig } from '#shared/records'
import { generalShapes, isGeneral } from './general/names'

/**
 * Checks that a configuration describes a decoder that can be built.
 *
 * @throws WorkbenchError `model/invalid` with the fields that do not fit together
 */
export function validateConfig(config: DecoderConfig): void {
  const { hiddenSize, attentionHeads, keyValueHeads, architecture } = config
  const fail = (field: string, message: string): never => {
    throw new WorkbenchError('model/invalid', `The model's ${message}`, { field })
  }
  for (const [field, value] of Object.entries(config)) {
    if (typeof value === 'number' && !(value > 0 && Number.isFinite(value))) {
      fail(field, `${field} is ${value}; expected a number above 0.`)
    }
  }
  if (!architecture && hiddenSize % attentionHeads !== 0) {
    fail(
      'attentionHeads',
      `hiddenSize ${hiddenSize} is not divisible by its attentionHeads ${attentionHeads}. ` +
        'Choose a width that is a multiple of the number of heads.'
    )
  }
  if (!architecture && (hiddenSize / attentionHeads) % 2 !== 0) {
    fail(
      'attentionHeads',
      `heads are ${hiddenSize / attentionHeads} wide; rotary positions turn pairs, so expected ` +
        'an even width. Change hiddenSize or attentionHeads.'
    )
  }
  if (attentionHeads % keyValueHeads !== 0) {
    fail(
      'keyValueHeads',
      `attentionHeads ${attentionHeads} is not divisible by its keyValueHeads ${keyValueHeads}. ` +
        'Every key-value head serves the same number of heads.'
    )
  }
}

/** Width of one attention head. */
export function headSize(config: DecoderConfig): number {
  return config.architecture?.headSize ?? config.hiddenSize / config.attentionHeads
}

/**
 * Names and shapes of all parameters, in the order of the model.
 *
 * A plain Llama's as Hugging Face's `LlamaForCausalLM` has them: matrices are [out, in];
 * `lm_head.weight` is left out when embeddings are tied.
 *
 * @see https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama/modeling_llama.py
 */
export function parameterShapes(config: DecoderConfig): Map<string, number[]> {
  if (isGeneral(config)) return generalShapes(config)
  const { hiddenSize, intermediateSize, vocabularySize, keyValueHeads } = config
  const keyValueSize = keyValueHeads * headSize(config)
  const shapes = new Map<string, number[]>([
    ['model.embed_tokens.weight', [vocabularySize, hiddenSize]]
  ])
  for (let layer = 0; layer < config.hiddenLayers; layer++) {
    const set = (name: string, shape: number[]) =>
      shapes.set(`model.layers.${layer}.${name}.weight`, shape)
    set('self_attn.q_proj', [hiddenSize, hiddenSize])
    set('self_attn.k_proj', [keyValueSize, hiddenSize])
    set('self_attn.v_proj', [keyValueSize, hiddenSize])
    set('self_attn.o_proj', [hiddenSize, hiddenSize])
    set('mlp.gate_proj', [intermediateSize, hiddenSize])
    set('mlp.up_proj', [intermediateSize, hiddenSize])
    set('mlp.down_proj', [hiddenSize, intermediateSize])
    set('input_layernorm', [hiddenSize])
    set('post_attention_layernorm', [hiddenSize])
  }
  shapes.set('model.norm.weight', [hiddenSize])
  if (!config.tieEmbeddings) shapes.set('lm_head.weight', [vocabularySize, hiddenSize])
  return shapes
}
