/** Llama folders of random numbers, to be merged: `config.json` and one `model.safetensors`. */
import { mkdirSync, openSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {object} Shape
 * @property {'F32' | 'BF16'} dtype
 * @property {number} vocabulary
 * @property {number} hidden
 * @property {number} intermediate
 * @property {number} layers
 * @property {number} heads
 * @property {number} keyValueHeads
 */

/** Values that one block of random numbers holds; tensors take them from shifting places. */
const BLOCK = 1 << 22

/**
 * @param {Shape} shape
 * @returns {[name: string, sides: number[]][]}
 */
function tensorsOf({ vocabulary, hidden, intermediate, layers, heads, keyValueHeads }) {
  const keys = (hidden / heads) * keyValueHeads
  /** @type {[string, number[]][]} */
  const tensors = [['model.embed_tokens.weight', [vocabulary, hidden]]]
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`
    tensors.push(
      [`${at}.input_layernorm.weight`, [hidden]],
      [`${at}.mlp.down_proj.weight`, [hidden, intermediate]],
      [`${at}.mlp.gate_proj.weight`, [intermediate, hidden]],
      [`${at}.mlp.up_proj.weight`, [intermediate, hidden]],
      [`${at}.post_attention_layernorm.weight`, [hidden]],
      [`${at}.self_attn.k_proj.weight`, [keys, hidden]],
      [`${at}.self_attn.o_proj.weight`, [hidden, hidden]],
      [`${at}.self_attn.q_proj.weight`, [hidden, hidden]],
      [`${at}.self_attn.v_proj.weight`, [keys, hidden]]
    )
  }
  tensors.push(['model.norm.weight', [hidden]])
  return tensors
}

/**
 * A block of values between −0.04 and 0.04, by a generator that is seeded.
 *
 * @param {Shape['dtype']} dtype
 * @param {number} seed
 */
function randomBlock(dtype, seed) {
  const values = new Float32Array(BLOCK)
  let state = (seed * 2654435761 + 1) >>> 0
  for (let index = 0; index < BLOCK; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[index] = (state / 2 ** 32 - 0.5) * 0.08
  }
  if (dtype === 'F32') return new Uint8Array(values.buffer)
  const bits = new Uint32Array(values.buffer)
  return new Uint8Array(Uint16Array.from(bits, (value) => value >>> 16).buffer)
}

/**
 * Writes one folder; embeddings are tied, so that there is no `lm_head.weight`.
 *
 * @param {string} folder
 * @param {Shape} shape
 * @param {number} seed
 * @returns {{ parameters: number, bytes: number }}
 */
export function writeMadeUpModel(folder, shape, seed) {
  mkdirSync(folder, { recursive: true })
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: shape.vocabulary,
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyValueHeads,
    max_position_embeddings: 2048,
    tie_word_embeddings: true,
    torch_dtype: shape.dtype === 'F32' ? 'float32' : 'bfloat16'
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 2))
  const width = shape.dtype === 'F32' ? 4 : 2
  /** @type {Record<string, unknown>} */
  const header = { __metadata__: { format: 'pt' } }
  let end = 0
  for (const [name, sides] of tensorsOf(shape)) {
    const begin = end
    end += width * sides.reduce((product, side) => product * side, 1)
    header[name] = { dtype: shape.dtype, shape: sides, data_offsets: [begin, end] }
  }
  const text = Buffer.from(JSON.stringify(header))
  const head = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ')
  head.writeBigUInt64LE(BigInt(head.length - 8))
  text.copy(head, 8)
  const file = openSync(join(folder, 'model.safetensors'), 'w')
  try {
    writeSync(file, head)
    const block = randomBlock(shape.dtype, seed)
    for (let done = 0; done < end;) {
      const length = Math.min(block.length, end - done)
      done += writeSync(file, block, 0, length)
    }
  } finally {
    closeSync(file)
  }
  return { parameters: end / width, bytes: end }
}
