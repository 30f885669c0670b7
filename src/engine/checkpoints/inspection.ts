/** Describes a model by its headers and files; values are added by whoever reads them. */
import { elementsOf } from '#engine/parameters'
import { basename } from 'node:path'
import { toPlain } from '#shared/errors'
import { MODEL_BLOCKS } from '#shared/modelInspection'
import type { ModelInspection, TensorInspection } from '#shared/modelInspection'
import { checkpointOf } from './huggingFace'
import { isBuffer } from './lineage'
import type { LineageModel } from './lineage'
import { blockOf, layerOf } from './modelParts'
import type { ModelWeights } from './modelWeights'
import { shownName } from './safetensorsHeader'
import { tokenizerProblem } from './tokenizerIdentity'

/** Tensors that one problem names. */
const MOST_NAMED = 5

/** Sizes that configurations name, of all families. */
const SIZES = [
  'hidden_size',
  'n_embd',
  'num_hidden_layers',
  'n_layer',
  'num_attention_heads',
  'n_head',
  'num_key_value_heads',
  'head_dim',
  'intermediate_size',
  'vocab_size',
  'max_position_embeddings',
  'n_positions',
  'num_local_experts',
  'num_experts'
]

/**
 * Describes a model as far as its headers do.
 *
 * @param model as `openLineageModel` opens it
 * @returns `tensors` without values, `problems` of the files alone
 */
export function describeModel({
  name,
  weights,
  tokenizer,
  ancestry
}: LineageModel): ModelInspection {
  const { config } = weights
  const [className] = Array.isArray(config['architectures']) ? config['architectures'] : []
  const tensors = [...weights.shapes].map(([tensor, shape]) =>
    describeTensor(weights, tensor, shape)
  )
  const isTied =
    config['tie_word_embeddings'] === true || !tensors.some(({ block }) => block === 'head')
  const inspection: ModelInspection = {
    model: name,
    architecture: {
      type: typeof config['model_type'] === 'string' ? config['model_type'] : null,
      className: typeof className === 'string' ? className : null,
      sizes: Object.fromEntries(
        SIZES.flatMap((key) => (typeof config[key] === 'number' ? [[key, config[key]]] : []))
      ),
      isTied
    },
    whyNotComputed: whyNotComputed(weights),
    parameters: tensors.reduce((sum, { parameters }) => sum + parameters, 0),
    bytes: weights.bytes,
    files: weights.files.map((file) => basename(file)),
    blocks: sharesBy(weights, tensors, ({ block }) => block)
      .map(({ key, ...share }) => ({ block: key, ...share }))
      .sort((a, b) => MODEL_BLOCKS.indexOf(a.block) - MODEL_BLOCKS.indexOf(b.block)),
    dtypes: sharesBy(weights, tensors, ({ dtype }) => dtype).map(({ key, ...share }) => ({
      dtype: key,
      ...share
    })),
    tokenizer: tokenizer && {
      file: tokenizer.file,
      kind: tokenizer.kind,
      vocabulary: tokenizer.vocabulary?.size ?? null,
      sha256: tokenizer.sha256
    },
    ancestry,
    problems: [],
    tensors
  }
  const tooLarge = tokenizer && tokenizerProblem(tokenizer, weights)
  if (tooLarge !== null) inspection.problems.push(tooLarge)
  return inspection
}

function whyNotComputed(weights: ModelWeights): string | null {
  try {
    checkpointOf(weights)
    return null
  } catch (error) {
    return toPlain(error).message
  }
}

/** What the values of tensors are wrong in: NaN and infinity, the tensors named. */
export function valueProblems(tensors: readonly TensorInspection[]): string[] {
  const kinds = [
    ['NaN', 'nans'],
    ['infinite', 'infinities']
  ] as const
  return kinds.flatMap(([word, key]) => {
    const found = tensors.filter(({ values }) => (values?.[key] ?? 0) > 0)
    if (found.length === 0) return []
    const total = found.reduce((sum, { values }) => sum + values![key], 0)
    const named = found
      .slice(0, MOST_NAMED)
      .map(({ name, values }) => `${shownName(name)} (${values![key]})`)
    const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more tensors` : ''
    return [`${total} values are ${word}: ${named.join(', ')}${more}.`]
  })
}

function describeTensor(
  { dtypes, fileOf }: ModelWeights,
  name: string,
  shape: readonly number[]
): TensorInspection {
  return {
    name,
    shape: [...shape],
    parameters: elementsOf(shape),
    dtype: dtypes.get(name)!,
    file: basename(fileOf(name)),
    block: isBuffer(name, shape) ? 'other' : blockOf(name),
    layer: layerOf(name),
    values: null
  }
}

function sharesBy<Key extends string>(
  weights: ModelWeights,
  tensors: readonly TensorInspection[],
  keyOf: (tensor: TensorInspection) => Key
) {
  const shares = new Map<Key, { key: Key; tensors: number; parameters: number; bytes: number }>()
  for (const tensor of tensors) {
    const key = keyOf(tensor)
    const share = shares.get(key) ?? { key, tensors: 0, parameters: 0, bytes: 0 }
    share.tensors++
    share.parameters += tensor.parameters
    share.bytes += weights.bytesOf(tensor.name)
    shares.set(key, share)
  }
  return [...shares.values()]
}
