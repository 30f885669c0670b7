/** The general decoder: any architecture that a record describes, gradients by TensorFlow.js. */
import {
  add,
  customGrad,
  gather,
  keep,
  log,
  matMul,
  max,
  mul,
  reshape,
  slice,
  sub,
  sum,
  exp,
  tidy,
  unsortedSegmentSum,
  valueAndGrads
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { documentMask } from '../context'
import type { TrainingBatch } from '../decoder'
import { headGradients } from '../head'
import type { GeneralContext } from './context'
import { capped } from '../capped'
import { attend, feed, normalize, passOf } from './layers'
import type { NamedWeights, Pass } from './layers'
import { namesOf } from './names'
import type { GeneralConfig } from './names'

/** The matrix that hidden states are multiplied with for logits, [V, C]. Borrowed. */
export function headOf(config: GeneralConfig, weights: NamedWeights): Tensor2D {
  const names = namesOf(config.architecture.family)
  const name = config.tieEmbeddings ? names.embedding : names.head
  return weights[`${name}.weight`] as Tensor2D
}

/**
 * Hidden states after the last norm, for measuring.
 *
 * @param ids [B, T]
 * @returns [N, C]
 */
export function generalHiddenStates(
  context: GeneralContext,
  weights: NamedWeights,
  ids: Tensor2D
): Tensor2D {
  return tidy(() => {
    const pass = passOf(context, weights, false)
    let x = embed(pass, ids)
    for (let index = 0; index < context.config.hiddenLayers; index++) {
      const next = tidy(() => runLayer(pass, index, x))
      x.dispose()
      x = next
    }
    return normalize(pass, pass.names.finalNorm, x) as Tensor2D
  })
}

function embed({ context, weights, names }: Pass, ids: Tensor2D): Tensor2D {
  const { architecture } = context.config
  const flat = reshape(ids, [-1]) as Tensor1D
  let x = gather(weights[`${names.embedding}.weight`]!, flat) as Tensor2D // [N, C]
  if (architecture.embeddingScale !== 1) x = mul(x, architecture.embeddingScale)
  if (architecture.positions.kind === 'rotary') return x
  const [batch, time] = ids.shape
  const places = slice(weights[`${names.positions}.weight`]!, 0, time) // [T, C]
  return reshape(add(reshape(x, [batch, time, -1]), places), [batch * time, -1])
}

function runLayer(pass: Pass, index: number, x: Tensor2D): Tensor2D {
  const { normPlaces, isParallel } = pass.context.config.architecture
  const layer = pass.names.layer(index)
  const before = (name: string, input: Tensor2D) =>
    (normPlaces === 'after' ? input : normalize(pass, name, input)) as Tensor2D
  const after = (name: string, output: Tensor) =>
    normPlaces === 'before' ? output : normalize(pass, name, output)
  const attended = after(
    layer.attentionOutputNorm,
    attend(pass, index, before(layer.attentionNorm, x))
  )
  const middle: Tensor2D = add(x, attended)
  const input = before(layer.feedForwardNorm, isParallel ? x : middle)
  return add(middle, after(layer.feedForwardOutputNorm, feed(pass, index, input)))
}

/**
 * Losses and all gradients of `scale` × the sum of losses.
 *
 * Layers are recorded and walked back by TensorFlow.js; the head, whose logits are the largest
 * array there is, keeps its hand-written gradient in chunks wherever logits are not capped.
 *
 * @returns losses [N] in nats; gradients by name, in the shapes of the weights. The receiver
 *   disposes all.
 */
export function generalLossGradients(
  context: GeneralContext,
  weights: NamedWeights,
  batch: TrainingBatch,
  scale: number
): { losses: Tensor1D; gradients: NamedWeights } {
  return tidy(() => {
    const targets = reshape(batch.targets, [-1]) as Tensor1D
    const names = Object.keys(weights)
    const masks = batch.maskedAt === null ? context.masks : documentMasks(context, batch)
    const { architecture, hiddenLayers } = context.config
    let losses: Tensor1D | null = null
    const total = (...tensors: Tensor[]) => {
      const own = Object.fromEntries(names.map((name, place) => [name, tensors[place]!]))
      const pass = passOf(context, own, true, masks)
      let x = embed(pass, batch.inputs)
      for (let index = 0; index < hiddenLayers; index++) x = runLayer(pass, index, x)
      const hidden = normalize(pass, pass.names.finalNorm, x) as Tensor2D
      const head = headOf(context.config, own)
      const found =
        architecture.logitCap === null
          ? chunkedLoss(hidden, head, targets, scale, (each) => (losses = keep(each)))
          : cappedLoss(hidden, head, targets, architecture.logitCap)
      if (architecture.logitCap === null) return found
      losses = keep(found.clone()) as Tensor1D
      return mul(sum(found), scale)
    }
    const { value, grads } = valueAndGrads(total as (...args: Tensor[]) => Tensor)(
      names.map((name) => weights[name]!)
    )
    value.dispose()
    const gradients = Object.fromEntries(names.map((name, place) => [name, grads[place]!]))
    // Kept through the recording's own scopes; from here it is the receiver's.
    const own = losses as Tensor1D | null
    if (!own) throw new Error('no loss was recorded')
    const handed = own.clone() as Tensor1D
    own.dispose()
    return { losses: handed, gradients }
  })
}

/** `scale` × the sum of losses, with the head's gradient made chunk by chunk while it is there. */
function chunkedLoss(
  hidden: Tensor2D,
  head: Tensor2D,
  targets: Tensor1D,
  scale: number,
  take: (losses: Tensor1D) => void
): Tensor {
  const vocabulary = head.shape[0]
  const loss = customGrad((...inputs) => {
    const save = inputs[2] as unknown as (tensors: Tensor[]) => void
    const top = headGradients(inputs[0] as Tensor2D, inputs[1] as Tensor2D, null, targets, scale)
    const scattered = unsortedSegmentSum(top.scaledHidden, targets, vocabulary)
    save([top.hidden, sub(top.head, scattered)])
    take(top.losses)
    return {
      value: mul(sum(top.losses), scale),
      // The sum is what is walked back from: its own gradient is 1.
      gradFunc: (_gradient: Tensor, saved: Tensor[]) => saved.map((one) => one.clone())
    }
  })
  return loss(hidden, head)
}

/** Losses of capped logits, held whole. @returns [N] */
function cappedLoss(hidden: Tensor2D, head: Tensor2D, targets: Tensor1D, cap: number): Tensor {
  const logits = capped(matMul(hidden, head, false, true), cap) // [N, V]
  const largest = max(logits, 1, true)
  const normalizer = add(log(sum(exp(sub(logits, largest)), 1)), reshape(largest, [-1]))
  return sub(normalizer, reshape(chosen(logits, targets), [-1]))
}

function chosen(logits: Tensor, targets: Tensor1D): Tensor {
  const [rows, vocabulary] = logits.shape as [number, number]
  const offsets = Array.from({ length: rows }, (_, row) => row * vocabulary)
  return gather(reshape(logits, [-1]), add(targets, offsets).toInt())
}

function documentMasks(context: GeneralContext, batch: TrainingBatch): Tensor[] {
  const { maskedAt, inputs } = batch
  const made = new Map<Tensor, Tensor>()
  return context.masks.map((causal) => {
    const known = made.get(causal)
    if (known || maskedAt === null) return known ?? causal
    const own = documentMask({ causalMask: causal as Tensor2D }, inputs, maskedAt)
    made.set(causal, own)
    return own
  })
}
