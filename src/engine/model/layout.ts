/** How a model lies in one flat tensor, and the way there and back. */
import { concat, slice, tensor1d, tidy, reshape, zeros } from '@tensorflow/tfjs-core'
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig } from '#shared/records'
import { elementsOf } from '#engine/parameters'
import type { ParameterSet } from '#engine/parameters'
import { headSize, parameterShapes, validateConfig } from './shapes'

/** One parameter's place in the flat tensor. */
interface Piece {
  /** As Hugging Face has it. */
  shape: number[]
  /** First number in the flat tensor. */
  offset: number
  /** Numbers in the flat tensor, padding included. */
  length: number
  /** Width of the heads whose rows are interleaved; 0 where rows keep their order. */
  interleaved: number
}

/** Places of all parameters. */
export interface Layout {
  config: DecoderConfig
  pieces: Map<string, Piece>
  length: number
  /** Rows of embedding and head; those beyond the vocabulary are zero and stay so. */
  paddedVocabulary: number
}

/** Weights as the forward pass takes them: views of one flat tensor, matrices [out, in]. */
export type DecoderWeights = {
  embedding: Tensor2D
  layers: LayerWeights[]
  finalNorm: Tensor1D
  /** The embedding again when they are tied. */
  head: Tensor2D
}

export type LayerWeights = {
  attentionNorm: Tensor1D
  /** Rows of queries, keys and values below each other. */
  queryKeyValue: Tensor2D
  attentionOutput: Tensor2D
  feedForwardNorm: Tensor1D
  gate: Tensor2D
  up: Tensor2D
  down: Tensor2D
}

/**
 * Lays a model out flat: parameters in Hugging Face's order, [out, in], with two changes.
 *
 * Rows of queries and keys are interleaved within each head (0, h/2, 1, h/2+1, …), so that the
 * two numbers a rotary position turns are neighbours. Embedding and head get 16 more rows when
 * the vocabulary is a multiple of 256: a row of logits whose bytes are a multiple of 1,024 makes
 * all rows compete for the same cache lines, and products with it half as fast. Models with an
 * architecture lie as their checkpoint has them.
 *
 * @throws WorkbenchError `model/invalid`
 */
export function layoutOf(config: DecoderConfig): Layout {
  validateConfig(config)
  const { vocabularySize } = config
  const isPadded = !config.architecture && vocabularySize % 256 === 0
  const paddedVocabulary = isPadded ? vocabularySize + 16 : vocabularySize
  const pieces = new Map<string, Piece>()
  let offset = 0
  for (const [name, shape] of parameterShapes(config)) {
    const rows = isPadded && /embed_tokens|lm_head/.test(name) ? paddedVocabulary : shape[0]!
    const length = rows * (shape[1] ?? 1)
    const interleaved = !config.architecture && /[qk]_proj/.test(name) ? headSize(config) : 0
    pieces.set(name, { shape, offset, length, interleaved })
    offset += length
  }
  return { config, pieces, length: offset, paddedVocabulary }
}

/**
 * Uploads a set of parameters, or of moments, as one flat tensor.
 *
 * @param parameters null for zeros
 * @param label says in errors what this is: "the start", "first moments"
 * @throws WorkbenchError `checkpoint/mismatch` naming the first parameter that differs
 */
export function packParameters(
  layout: Layout,
  parameters: ParameterSet | null,
  label: string
): Tensor1D {
  if (!parameters) return zeros([layout.length])
  const unknown = [...parameters.keys()].find((name) => !layout.pieces.has(name))
  if (unknown !== undefined) {
    throw new WorkbenchError(
      'checkpoint/mismatch',
      `${label} holds a parameter ${unknown}; the model's configuration has none of that name. ` +
        'The weights belong to another model configuration.',
      { parameter: unknown, expected: 'nothing' }
    )
  }
  return tidy(() => {
    const parts: Tensor1D[] = []
    for (const [name, piece] of layout.pieces) {
      const parameter = parameters.get(name)
      const expected = piece.shape.join(' × ')
      const found = parameter?.shape.join(' × ') ?? 'nothing'
      if (!parameter || found !== expected) {
        throw new WorkbenchError(
          'checkpoint/mismatch',
          `Parameter ${name} of ${label}: expected ${expected}, found ${found}. ` +
            'The weights belong to another model configuration.',
          { parameter: name, expected, found }
        )
      }
      parts.push(tensor1d(packPiece(piece, parameter.data), 'float32'))
    }
    return parts.length === 1 ? parts[0]! : concat(parts)
  })
}

/** Downloads a flat tensor as a set of parameters by Hugging Face's names. Borrows the tensor. */
export async function unpackParameters(layout: Layout, flat: Tensor1D): Promise<ParameterSet> {
  const parameters: ParameterSet = new Map()
  for (const [name, piece] of layout.pieces) {
    const part = slice(flat, piece.offset, piece.length)
    const data = (await part.data()) as Float32Array
    part.dispose()
    parameters.set(name, { shape: [...piece.shape], data: unpackPiece(piece, data) })
  }
  return parameters
}

/**
 * Views a flat tensor as the model's weights. Borrows the tensor; hands the views over.
 *
 * On TensorFlow a slice along the first axis shares its memory, so this costs nothing.
 */
export function viewWeights(layout: Layout, flat: Tensor1D): DecoderWeights {
  const { config } = layout
  const view = (names: string[]): Tensor2D => {
    const pieces = names.map((name) => layout.pieces.get(`${name}.weight`)!)
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    return reshape(slice(flat, pieces[0]!.offset, length), [-1, config.hiddenSize])
  }
  const vector = (name: string): Tensor1D => reshape(view([name]), [-1])
  return tidy(() => {
    const embedding = view(['model.embed_tokens'])
    const layers = Array.from({ length: config.hiddenLayers }, (_, layer) => {
      const at = (name: string) => `model.layers.${layer}.${name}`
      return {
        attentionNorm: vector(at('input_layernorm')),
        queryKeyValue: view(['q', 'k', 'v'].map((one) => at(`self_attn.${one}_proj`))),
        attentionOutput: view([at('self_attn.o_proj')]),
        feedForwardNorm: vector(at('post_attention_layernorm')),
        gate: view([at('mlp.gate_proj')]),
        up: view([at('mlp.up_proj')]),
        down: reshape(view([at('mlp.down_proj')]), [config.hiddenSize, -1]) as Tensor2D
      }
    })
    const head = config.tieEmbeddings ? (embedding.clone() as Tensor2D) : view(['lm_head'])
    return { embedding, layers, finalNorm: vector('model.norm'), head }
  })
}

/**
 * Joins gradients into one flat tensor in the layout's order. Borrows them.
 *
 * @param gradients as {@link viewWeights} gives weights; `head` is left out of tied models, where
 *   `embedding` holds the sum of both
 */
export function packGradients(layout: Layout, gradients: DecoderWeights): Tensor1D {
  return tidy(() => {
    const parts = [gradients.embedding]
    const tensors: (Tensor1D | Tensor2D)[] = parts
    for (const layer of gradients.layers) {
      tensors.push(
        layer.queryKeyValue,
        layer.attentionOutput,
        layer.gate,
        layer.up,
        layer.down,
        layer.attentionNorm,
        layer.feedForwardNorm
      )
    }
    tensors.push(gradients.finalNorm)
    if (!layout.config.tieEmbeddings) tensors.push(gradients.head)
    return concat(tensors.map((tensor) => reshape(tensor, [-1]) as Tensor1D))
  })
}

function packPiece(piece: Piece, data: Float32Array): Float32Array {
  if (piece.interleaved > 0) return permuteRows(piece, data, false)
  if (piece.length === data.length) return data
  const padded = new Float32Array(piece.length)
  padded.set(data)
  return padded
}

function unpackPiece(piece: Piece, data: Float32Array): Float32Array {
  if (piece.interleaved > 0) return permuteRows(piece, data, true)
  const size = elementsOf(piece.shape)
  return data.length === size ? data : data.slice(0, size)
}

function permuteRows(piece: Piece, data: Float32Array, isBack: boolean): Float32Array {
  const columns = piece.shape[1]!
  const head = piece.interleaved
  const result = new Float32Array(data.length)
  for (let row = 0; row < data.length / columns; row++) {
    const within = row % head
    const apart = row - within + (within >> 1) + (within % 2) * (head / 2)
    const [from, to] = isBack ? [row, apart] : [apart, row]
    result.set(data.subarray(from * columns, (from + 1) * columns), to * columns)
  }
  return result
}
