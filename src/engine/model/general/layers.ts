/**
 * Each part of a layer, driven by an architecture.
 *
 * Written in TensorFlow.js's own operations, so that its automatic gradients hold. N = B·T tokens,
 * C hidden size, H heads and K key-value heads of width h, G = H/K.
 */
import {
  add,
  clipByValue,
  concat,
  erf,
  matMul,
  mean,
  mul,
  relu,
  reshape,
  rsqrt,
  sigmoid,
  slice,
  softmax,
  square,
  sub,
  tanh,
  tile,
  transpose
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { Architecture } from '#shared/architecture'
import { capped } from '../capped'
import type { GeneralContext } from './context'
import { namesOf } from './names'
import type { ModelNames } from './names'

/** A model's weights by Hugging Face's names, in the checkpoint's shapes. */
export type NamedWeights = Record<string, Tensor>

/** What one pass is made with. */
export interface Pass {
  context: GeneralContext
  weights: NamedWeights
  names: ModelNames
  /** By layer, [T, T] or [B, T, T]: what attention may not see. */
  masks: readonly Tensor[]
  /** Whether gradients are to follow: then only operations that have one are used. */
  isLearning: boolean
}

/** What a pass with the context's own masks, or others, is made with. */
export function passOf(
  context: GeneralContext,
  weights: NamedWeights,
  isLearning: boolean,
  masks: readonly Tensor[] = context.masks
): Pass {
  const names = namesOf(context.config.architecture.family)
  return { context, weights, names, masks, isLearning }
}

/** Normalizes rows as the architecture does, by the norm of a name. */
export function normalize({ context, weights }: Pass, name: string, x: Tensor): Tensor {
  const { norm } = context.config.architecture
  const last = x.rank - 1
  const centred = norm.kind === 'layer' ? sub(x, mean(x, last, true)) : x
  const scale = rsqrt(add(mean(square(centred), last, true), norm.epsilon))
  let result = mul(centred, scale)
  const weight = weights[`${name}.weight`]
  if (norm.hasWeight && weight) result = mul(result, norm.addsOne ? add(weight, 1) : weight)
  const bias = weights[`${name}.bias`]
  return norm.hasBias && bias ? add(result, bias) : result
}

/** x · Wᵀ + b. */
function project({ weights, names }: Pass, name: string, x: Tensor): Tensor {
  const product = matMul(x, weights[`${name}.weight`]!, false, !names.areTransposed)
  const bias = weights[`${name}.bias`]
  return bias ? add(product, bias) : product
}

/** Queries, keys and values of one layer: [N, H·h], [N, K·h], [N, K·h]. */
function projections(pass: Pass, layer: ReturnType<ModelNames['layer']>, x: Tensor): Tensor[] {
  const { config } = pass.context
  const { clip, headSize, family } = config.architecture
  const parts =
    layer.fused === null
      ? [layer.query, layer.key, layer.value].map((name) => project(pass, name, x))
      : split(project(pass, layer.fused, x), config.attentionHeads, headSize, family === 'gpt_neox')
  return clip === null ? parts : parts.map((part) => clipByValue(part, -clip, clip))
}

/** One product as three; NeoX has each head's three beside each other, GPT-2 all heads' queries first. */
function split(all: Tensor, heads: number, width: number, isByHead: boolean): Tensor[] {
  const tokens = all.shape[0]!
  if (isByHead) {
    const byHead = reshape(all, [tokens, heads, 3 * width])
    return [0, 1, 2].map((part) =>
      reshape(slice(byHead, [0, 0, part * width], [-1, -1, width]), [tokens, heads * width])
    )
  }
  return [0, 1, 2].map((part) => slice(all, [0, part * heads * width], [-1, heads * width]))
}

/** Turns the first `width` numbers of each head by its position, halves against each other. */
function rotate({ rotation, config }: GeneralContext, x: Tensor): Tensor {
  if (!rotation) return x
  const { positions, headSize } = config.architecture
  const width = positions.kind === 'rotary' ? positions.width : 0
  const part = (from: number, size: number) =>
    slice(x, [0, 0, 0, from], [-1, -1, -1, size]) as Tensor
  const [a, b] = [part(0, width / 2), part(width / 2, width / 2)]
  const [cosine, sine] = rotation
  const turned = [
    sub(mul(a, cosine), mul(b, sine)),
    add(mul(b, cosine), mul(a, sine)),
    ...(width < headSize ? [part(width, headSize - width)] : [])
  ]
  return concat(turned, 3)
}

/** Causal self-attention of one layer. @returns [N, C] */
export function attend(pass: Pass, index: number, x: Tensor2D): Tensor {
  const { context, names, isLearning } = pass
  const { config, time, kernels } = context
  const { headSize: width, queryKeyNorm, attentionScale, attentionCap } = config.architecture
  const { attentionHeads, keyValueHeads } = config
  const group = attentionHeads / keyValueHeads
  const batch = x.shape[0] / time
  const layer = names.layer(index)
  const [plainQueries, plainKeys, values] = projections(pass, layer, x) as [Tensor, Tensor, Tensor]
  const normalized = (when: 'all' | 'head', name: string, one: Tensor) =>
    queryKeyNorm === when ? normalize(pass, name, one) : one
  const queries = normalized('all', layer.queryNorm, plainQueries)
  const keys = normalized('all', layer.keyNorm, plainKeys)
  const byHead = (flat: Tensor, across: number) =>
    reshape(
      transpose(reshape(flat, [batch, time, keyValueHeads, across, width]), [0, 2, 3, 1, 4]),
      [batch * keyValueHeads, across, time, width]
    )
  const ownQueries = normalized('head', layer.queryNorm, byHead(queries, group))
  const ownKeys = normalized('head', layer.keyNorm, byHead(keys, 1))
  // The gradient of a product does not undo broadcasting, so heads that share get copies.
  const shared = (one: Tensor) => (isLearning && group > 1 ? tile(one, [1, group, 1, 1]) : one)
  const turned = mul(rotate(context, ownQueries), attentionScale)
  const turnedKeys = shared(rotate(context, ownKeys))
  const scores = capped(matMul(turned, turnedKeys, false, true), attentionCap) // [B·K, G, T, T]
  const mask = forHeads(pass.masks[index]!, keyValueHeads)
  const weights = isLearning ? softmax(add(scores, mask)) : kernels.maskedSoftmax(scores, mask)
  const heads = matMul(weights, shared(byHead(values, 1))) // [B·K, G, T, h]
  const joined = reshape(
    transpose(reshape(heads, [batch, keyValueHeads, group, time, width]), [0, 3, 1, 2, 4]),
    [batch * time, attentionHeads * width]
  )
  return project(pass, layer.attentionOutput, joined)
}

/** A mask of all sequences as it is; one per sequence, for each of its K heads: [B·K, 1, T, T]. */
function forHeads(mask: Tensor, keyValueHeads: number): Tensor {
  if (mask.rank === 2) return mask
  const [batch, time] = mask.shape as [number, number]
  const repeated = tile(reshape(mask, [batch, 1, time, time]), [1, keyValueHeads, 1, 1])
  return reshape(repeated, [batch * keyValueHeads, 1, time, time])
}

/** The feed-forward part of one layer. @returns [N, C] */
export function feed(pass: Pass, index: number, x: Tensor): Tensor {
  const { isGated, activation } = pass.context.config.architecture.feedForward
  const layer = pass.names.layer(index)
  const up = project(pass, layer.up, x)
  const opened = isGated
    ? mul(activate(project(pass, layer.gate, x), activation), up)
    : activate(up, activation)
  return project(pass, layer.down, opened)
}

/** @see Hendrycks and Gimpel 2016, arXiv 1606.08415, for GELU and its form by tanh */
function activate(x: Tensor, activation: Architecture['feedForward']['activation']): Tensor {
  switch (activation) {
    case 'silu':
      return mul(x, sigmoid(x))
    case 'relu':
      return relu(x)
    case 'gelu':
      return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1))
    case 'gelu-tanh': {
      const inner = mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI))
      return mul(mul(x, 0.5), add(tanh(inner), 1))
    }
  }
}
