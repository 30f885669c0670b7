/**
 * Each part of a layer with its gradient, written by hand.
 *
 * A forward function returns its result and what the backward one needs; a backward function
 * takes that, frees nothing, and returns gradients. N = B·T tokens, C hidden size, F intermediate
 * size, H heads and K key-value heads of width h.
 */
import {
  add,
  concat,
  matMul,
  mean,
  mul,
  reshape,
  rsqrt,
  sigmoid,
  slice,
  square,
  sub,
  sum,
  transpose
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { SequenceContext } from './context'
import type { LayerWeights } from './layout'
import { headSize } from './shapes'

export type NormKept = {
  /** [N, C], x·r */
  normalized: Tensor2D
  /** [N, 1], 1 over the root of the mean square */
  scale: Tensor2D
}

/**
 * Divides rows by their root mean square and scales columns.
 *
 * @see Zhang and Sennrich 2019, arXiv 1910.07467
 */
export function rmsNorm(
  x: Tensor2D,
  weight: Tensor1D,
  epsilon: number
): { output: Tensor2D; kept: NormKept } {
  const scale = rsqrt(add(mean(square(x), 1, true), epsilon)) as Tensor2D // [N, 1]
  const normalized = mul(x, scale) as Tensor2D
  return { output: mul(normalized, weight), kept: { normalized, scale } }
}

/** @returns gradients of x and of the weight */
export function rmsNormGradient(
  gradient: Tensor2D,
  weight: Tensor1D,
  { normalized, scale }: NormKept
): { x: Tensor2D; weight: Tensor1D } {
  const product = mul(gradient, normalized) // [N, C]
  const column = reshape(weight, [-1, 1]) as Tensor2D
  const along = mul(matMul(product as Tensor2D, column), 1 / weight.size) // [N, 1]
  const scaled = mul(gradient, weight)
  return {
    x: mul(sub(scaled, mul(normalized, along)), scale),
    weight: sum(product, 0)
  }
}

export type AttentionKept = {
  input: Tensor2D
  /** [K, G, B, T, h], rotated and divided by √h */
  queries: Tensor
  /** [K, 1, B, T, h], rotated */
  keys: Tensor
  /** [K, 1, B, T, h] */
  values: Tensor
  /** [K, G, B, T, T], rows sum to 1 */
  weights: Tensor
  /** [K, G, B, T, h] */
  heads: Tensor
  /** [N, C], heads side by side */
  joined: Tensor2D
}

/** Causal self-attention with rotary positions; every G = H/K heads share keys and values. */
export function attention(
  context: SequenceContext,
  mask: Tensor,
  layer: Pick<LayerWeights, 'queryKeyValue' | 'attentionOutput'>,
  input: Tensor2D
): { output: Tensor2D; kept: AttentionKept } {
  const { config, kernels, time } = context
  const { attentionHeads, keyValueHeads } = config
  const width = headSize(config)
  const group = attentionHeads / keyValueHeads
  const tokens = input.shape[0]
  const projected = matMul(input, layer.queryKeyValue, false, true) as Tensor2D // [N, (H + 2K)·h]
  const rotated = kernels.rotatePairs(projected, context.rotation)
  const byHead = transpose(reshape(rotated, [tokens, -1, width]), [1, 0, 2]) // [H + 2K, N, h]
  const part = (from: number, heads: number, across: number) =>
    reshape(slice(byHead, from, heads), [keyValueHeads, across, tokens / time, time, width])
  const queries = part(0, attentionHeads, group)
  const keys = part(attentionHeads, keyValueHeads, 1)
  const values = part(attentionHeads + keyValueHeads, keyValueHeads, 1)
  const scores = matMul(queries, keys, false, true) // [K, G, B, T, T]
  const weights = kernels.maskedSoftmax(scores, mask)
  const heads = matMul(weights, values) // [K, G, B, T, h]
  const byToken = transpose(reshape(heads, [attentionHeads, tokens, width]), [1, 0, 2])
  const joined = reshape(byToken, [tokens, config.hiddenSize]) as Tensor2D // [N, C]
  const output = matMul(joined, layer.attentionOutput, false, true) as Tensor2D // [N, C]
  return { output, kept: { input, queries, keys, values, weights, heads, joined } }
}

/** @returns gradients of the input and of both matrices */
export function attentionGradient(
  context: SequenceContext,
  gradient: Tensor2D,
  layer: Pick<LayerWeights, 'queryKeyValue' | 'attentionOutput'>,
  kept: AttentionKept
): { input: Tensor2D; queryKeyValue: Tensor2D; attentionOutput: Tensor2D } {
  const { config, kernels } = context
  const { attentionHeads } = config
  const width = headSize(config)
  const tokens = gradient.shape[0]
  const { queries, keys, values, weights, heads } = kept
  const dJoined = matMul(gradient, layer.attentionOutput) // [N, C]
  const dHeads = reshape(
    transpose(reshape(dJoined, [tokens, attentionHeads, width]), [1, 0, 2]),
    heads.shape
  )
  const overGroup = (x: Tensor) => (queries.shape[1] === 1 ? x : sum(x, 1, true))
  const dValues = overGroup(matMul(weights, dHeads, true, false))
  const dWeights = matMul(dHeads, values, false, true) // [K, G, B, T, T]
  // Σ over a row of dWeights·weights is dHeads·heads, h numbers instead of T.
  const along = sum(mul(dHeads, heads), 4, true)
  const dScores = mul(weights, sub(dWeights, along))
  const dQueries = matMul(dScores, keys)
  const dKeys = overGroup(matMul(dScores, queries, true, false))
  const flat = (x: Tensor) => reshape(x, [-1, tokens, width])
  const byHead = concat([flat(dQueries), flat(dKeys), flat(dValues)]) // [H + 2K, N, h]
  const rotated = reshape(transpose(byHead, [1, 0, 2]), [tokens, -1]) as Tensor2D
  const dProjected: Tensor2D = kernels.rotatePairs(rotated, context.inverseRotation)
  return {
    input: matMul(dProjected, layer.queryKeyValue) as Tensor2D,
    queryKeyValue: matMul(dProjected, kept.input, true, false),
    attentionOutput: matMul(gradient, kept.joined, true, false)
  }
}

export type FeedForwardKept = {
  input: Tensor2D
  /** [N, F] each: up projection, σ(gate), gate·σ(gate), their product with up */
  up: Tensor2D
  sigmoid: Tensor2D
  swish: Tensor2D
  product: Tensor2D
}

/**
 * SwiGLU: down(up(x) · gate(x) · σ(gate(x))).
 *
 * @see Shazeer 2020, arXiv 2002.05202
 */
export function feedForward(
  layer: Pick<LayerWeights, 'gate' | 'up' | 'down'>,
  input: Tensor2D
): { output: Tensor2D; kept: FeedForwardKept } {
  const gate = matMul(input, layer.gate, false, true) // [N, F]
  const up = matMul(input, layer.up, false, true) as Tensor2D // [N, F]
  const opened = sigmoid(gate) as Tensor2D
  const swish = mul(gate, opened) as Tensor2D
  const product = mul(up, swish) as Tensor2D
  const output = matMul(product, layer.down, false, true) as Tensor2D // [N, C]
  return { output, kept: { input, up, sigmoid: opened, swish, product } }
}

/** @returns gradients of the input and of the three matrices */
export function feedForwardGradient(
  gradient: Tensor2D,
  layer: Pick<LayerWeights, 'gate' | 'up' | 'down'>,
  { input, up, sigmoid: opened, swish, product }: FeedForwardKept
): { input: Tensor2D; gate: Tensor2D; up: Tensor2D; down: Tensor2D } {
  const dProduct = matMul(gradient, layer.down) // [N, F]
  const dUp = mul(dProduct, swish) as Tensor2D
  // d swish / d gate = σ + swish·(1 − σ)
  const slope = sub(add(opened, swish), mul(opened, swish))
  const dGate = mul(mul(dProduct, up), slope) as Tensor2D
  return {
    input: add(matMul(dGate, layer.gate), matMul(dUp, layer.up)) as Tensor2D,
    gate: matMul(dGate, input, true, false),
    up: matMul(dUp, input, true, false),
    down: matMul(gradient, product, true, false)
  }
}
