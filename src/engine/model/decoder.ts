/** The whole decoder: hidden states, losses, gradients. */
import {
  add,
  concat,
  dispose,
  gather,
  matMul,
  neg,
  reshape,
  slice,
  sub,
  tidy,
  unsortedSegmentSum
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import {
  attention,
  attentionGradient,
  feedForward,
  feedForwardGradient,
  rmsNorm,
  rmsNormGradient
} from './blocks'
import type { AttentionKept, FeedForwardKept, NormKept } from './blocks'
import { documentMask } from './context'
import type { SequenceContext } from './context'
import { headGradients } from './head'
import type { DecoderWeights, LayerWeights } from './layout'

type LayerKept = {
  attentionNorm: NormKept
  attention: AttentionKept
  feedForwardNorm: NormKept
  feedForward: FeedForwardKept
}

/** Runs one layer: x + attention(norm(x)), then the same with the feed-forward part. */
function runLayer(context: SequenceContext, mask: Tensor, layer: LayerWeights, x: Tensor2D) {
  const epsilon = context.config.rmsNormEpsilon
  const norm1 = rmsNorm(x, layer.attentionNorm, epsilon)
  const attended = attention(context, mask, layer, norm1.output)
  const middle = add(x, attended.output) as Tensor2D
  const norm2 = rmsNorm(middle, layer.feedForwardNorm, epsilon)
  const fed = feedForward(layer, norm2.output)
  const kept: LayerKept = {
    attentionNorm: norm1.kept,
    attention: attended.kept,
    feedForwardNorm: norm2.kept,
    feedForward: fed.kept
  }
  return { output: add(middle, fed.output) as Tensor2D, kept }
}

function layerGradient(
  context: SequenceContext,
  layer: LayerWeights,
  kept: LayerKept,
  gradient: Tensor2D
): { x: Tensor2D; weights: LayerWeights } {
  const fed = feedForwardGradient(gradient, layer, kept.feedForward)
  const norm2 = rmsNormGradient(fed.input, layer.feedForwardNorm, kept.feedForwardNorm)
  const middle = add(gradient, norm2.x) as Tensor2D
  const attended = attentionGradient(context, middle, layer, kept.attention)
  const norm1 = rmsNormGradient(attended.input, layer.attentionNorm, kept.attentionNorm)
  const weights: LayerWeights = {
    attentionNorm: norm1.weight,
    queryKeyValue: attended.queryKeyValue,
    attentionOutput: attended.attentionOutput,
    feedForwardNorm: norm2.weight,
    gate: fed.gate,
    up: fed.up,
    down: fed.down
  }
  return { x: add(middle, norm1.x), weights }
}

/**
 * Hidden states after the last norm, for measuring: nothing is kept for gradients.
 *
 * @param ids [B, T]
 * @returns [N, C]
 */
export function hiddenStates(
  context: SequenceContext,
  weights: DecoderWeights,
  ids: Tensor2D
): Tensor2D {
  return tidy(() => {
    let x = gather(weights.embedding, reshape(ids, [-1])) as Tensor2D // [N, C]
    for (const layer of weights.layers) {
      const next = tidy(() => runLayer(context, context.causalMask, layer, x).output)
      x.dispose()
      x = next
    }
    return rmsNorm(x, weights.finalNorm, context.config.rmsNormEpsilon).output
  })
}

/**
 * Logits of every position; for checks, since training and measuring never hold them whole.
 *
 * @param ids [B, T]
 * @returns [N, V]
 */
export function logits(context: SequenceContext, weights: DecoderWeights, ids: Tensor2D): Tensor2D {
  return tidy(() => {
    const all = matMul(hiddenStates(context, weights, ids), weights.head, false, true) // [N, Vp]
    return slice(all, [0, 0], [-1, context.config.vocabularySize]) as Tensor2D
  })
}

/** A batch to learn from. */
export interface TrainingBatch {
  /** [B, T] */
  inputs: Tensor2D
  /** [B, T], the inputs shifted by one */
  targets: Tensor2D
  /** Attention stops at this token's documents; null: it does not. */
  maskedAt: number | null
}

/**
 * Losses and all gradients of `scale` × the sum of losses.
 *
 * The backward pass is written out instead of recorded: each layer's memory is free again before
 * the next one's gradient is computed.
 *
 * @returns losses [N] in nats; gradients in the shapes of the weights, `head` equal to `embedding`
 *   where they are tied. The receiver disposes all.
 */
export function lossGradients(
  context: SequenceContext,
  weights: DecoderWeights,
  batch: TrainingBatch,
  scale: number
): { losses: Tensor1D; gradients: DecoderWeights } {
  return tidy(() => {
    const { config } = context
    const ids = reshape(batch.inputs, [-1]) as Tensor1D
    const targets = reshape(batch.targets, [-1]) as Tensor1D
    const mask =
      batch.maskedAt === null
        ? context.causalMask
        : documentMask(context, batch.inputs, batch.maskedAt)

    const kept: LayerKept[] = []
    let x = gather(weights.embedding, ids) as Tensor2D // [N, C]
    for (const layer of weights.layers) {
      const run = tidy(() => runLayer(context, mask, layer, x))
      x.dispose()
      x = run.output
      kept.push(run.kept)
    }
    const last = tidy(() => rmsNorm(x, weights.finalNorm, config.rmsNormEpsilon))
    const top = headGradients(last.output, weights.head, context.paddingBias, targets, scale)
    const end = tidy(() => rmsNormGradient(top.hidden, weights.finalNorm, last.kept))
    dispose([x, last.output, top.hidden, ...Object.values(last.kept)])

    const layers: LayerWeights[] = []
    let gradient = end.x
    for (let index = weights.layers.length - 1; index >= 0; index--) {
      const below = tidy(() =>
        layerGradient(context, weights.layers[index]!, kept[index]!, gradient)
      )
      gradient.dispose()
      dispose(kept[index])
      gradient = below.x
      layers.unshift(below.weights)
    }
    const { embedding, head } = vocabularyGradients(
      config.tieEmbeddings,
      weights.embedding.shape[0],
      { ids, rows: gradient },
      { targets, rows: top.scaledHidden, product: top.head }
    )
    return {
      losses: top.losses,
      gradients: { embedding, layers, finalNorm: end.weight, head }
    }
  })
}

/** Gradients of embedding and head: one scatter when they are one matrix, two when not. */
function vocabularyGradients(
  isTied: boolean,
  vocabulary: number,
  input: { ids: Tensor1D; rows: Tensor2D },
  output: { targets: Tensor1D; rows: Tensor2D; product: Tensor2D }
): { embedding: Tensor2D; head: Tensor2D } {
  if (isTied) {
    const rows = concat([input.rows, neg(output.rows)])
    const scattered = unsortedSegmentSum(rows, concat([input.ids, output.targets]), vocabulary)
    const embedding = add(output.product, scattered) as Tensor2D
    return { embedding, head: embedding }
  }
  return {
    embedding: unsortedSegmentSum(input.rows, input.ids, vocabulary),
    head: sub(output.product, unsortedSegmentSum(output.rows, output.targets, vocabulary))
  }
}
