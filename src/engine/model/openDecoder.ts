/** One door to what computes a model: the hand-written decoder, or the general one. */
import { Tensor, concat, dispose, keep, reshape, slice, tidy } from '@tensorflow/tfjs-core'
import type { Tensor1D, Tensor2D, TensorContainer } from '@tensorflow/tfjs-core'
import type { DecoderConfig } from '#shared/records'
import type { FusedKernels } from '#engine/backends/backend'
import { createContext, disposeContext } from './context'
import type { SequenceContext } from './context'
import { hiddenStates, lossGradients } from './decoder'
import type { TrainingBatch } from './decoder'
import { createGeneralContext, disposeGeneralContext } from './general/context'
import type { GeneralContext } from './general/context'
import { generalHiddenStates, generalLossGradients, headOf } from './general/decoder'
import type { NamedWeights } from './general/layers'
import { isGeneral } from './general/names'
import type { GeneralConfig } from './general/names'
import { tokenLosses } from './head'
import { layoutOf, packGradients, viewWeights } from './layout'
import type { DecoderWeights, Layout } from './layout'

/** Weights on the device, and what can be computed with them. */
export interface DeviceModel {
  /**
   * Hidden states after the last norm; nothing is kept for gradients.
   *
   * @param ids [B, T]
   * @returns [B·T, C]
   */
  hiddenStates(ids: Tensor2D): Tensor2D
  /**
   * The loss of each row's target, in nats; as `tokenLosses` of the head.
   *
   * @param hidden [N, C]
   * @param targets [N]
   * @returns [N]
   */
  tokenLosses(hidden: Tensor2D, targets: Tensor1D, areExtreme: boolean): Tensor1D
  /** Losses [N] in nats, and the gradient of `scale` × their sum, flat in the layout's order. */
  lossGradient(batch: TrainingBatch, scale: number): { losses: Tensor1D; gradient: Tensor1D }
  /** Frees what is kept for sequences of each length; it is made again when next needed. */
  forgetContexts(): void
  /** Frees the weights. */
  dispose(): void
}

/** How models of one configuration are computed. */
export interface Decoder {
  layout: Layout
  /** Takes weights as one flat tensor, which it borrows, for use. */
  place(flat: Tensor1D): DeviceModel
  /** Frees what is kept for sequences of each length. */
  forgetContexts(): void
}

/**
 * Chooses what computes a configuration: plain Llama models by hand-written gradients, others by
 * the general decoder.
 *
 * @throws WorkbenchError `model/invalid`
 */
export function openDecoder(config: DecoderConfig, kernels: FusedKernels): Decoder {
  return isGeneral(config) ? openGeneral(config, kernels) : openLlama(config, kernels)
}

/** What the two decoders differ in; all else is the same for both. */
interface Form<Context extends object, Weights extends TensorContainer> {
  createContext(time: number): Context
  disposeContext(context: Context): void
  view(flat: Tensor1D): Weights
  hiddenStates(context: Context, weights: Weights, ids: Tensor2D): Tensor2D
  /** [V, C], without rows of padding. Tidied by the caller. */
  head(weights: Weights): Tensor2D
  logitCap: number | null
  /** Tidied by the caller. */
  gradients(
    context: Context,
    weights: Weights,
    batch: TrainingBatch,
    scale: number
  ): { losses: Tensor1D; gradient: Tensor1D }
}

function openLlama(config: DecoderConfig, kernels: FusedKernels): Decoder {
  const layout = layoutOf(config)
  return decoderOf<SequenceContext, DecoderWeights>(layout, {
    createContext: (time) => createContext(config, layout.paddedVocabulary, kernels, time),
    disposeContext,
    view: (flat) => viewWeights(layout, flat),
    hiddenStates,
    // A view on TensorFlow: nothing is to be masked then.
    head: (weights) => slice(weights.head, 0, config.vocabularySize),
    logitCap: null,
    gradients: (context, weights, batch, scale) => {
      const { losses, gradients } = lossGradients(context, weights, batch, scale)
      return { losses, gradient: packGradients(layout, gradients) }
    }
  })
}

function openGeneral(config: GeneralConfig, kernels: FusedKernels): Decoder {
  const layout = layoutOf(config)
  return decoderOf<GeneralContext, NamedWeights>(layout, {
    createContext: (time) => createGeneralContext(config, kernels, time),
    disposeContext: disposeGeneralContext,
    view: (flat) => viewNamed(layout, flat),
    hiddenStates: generalHiddenStates,
    head: (weights) => headOf(config, weights),
    logitCap: config.architecture.logitCap,
    gradients: (context, weights, batch, scale) => {
      const { losses, gradients } = generalLossGradients(context, weights, batch, scale)
      const parts = [...layout.pieces.keys()].map((name) => reshape(gradients[name]!, [-1]))
      return { losses, gradient: concat(parts) as Tensor1D }
    }
  })
}

function decoderOf<Context extends object, Weights extends TensorContainer>(
  layout: Layout,
  form: Form<Context, Weights>
): Decoder {
  const contexts = contextsBy<Context>(form.createContext, form.disposeContext)
  return {
    layout,
    forgetContexts: contexts.forget,
    place: (flat) => {
      const weights = form.view(flat)
      return {
        hiddenStates: (ids) => form.hiddenStates(contexts.of(ids.shape[1]), weights, ids),
        tokenLosses: (hidden, targets, areExtreme) =>
          tidy(() => tokenLosses(hidden, form.head(weights), targets, areExtreme, form.logitCap)),
        lossGradient: (batch, scale) =>
          tidy(() => form.gradients(contexts.of(batch.inputs.shape[1]), weights, batch, scale)),
        forgetContexts: contexts.forget,
        dispose: () => dispose(weights)
      }
    }
  }
}

/** Views of a flat tensor by name, in the checkpoint's shapes. */
function viewNamed(layout: Layout, flat: Tensor1D) {
  return Object.fromEntries(
    [...layout.pieces].map(([name, { offset, length, shape }]) => [
      name,
      tidy(() => reshape(slice(flat, offset, length), shape))
    ])
  )
}

/** Contexts by length. Made outside whatever tidies up after itself: they outlive it. */
function contextsBy<Context extends object>(
  make: (time: number) => Context,
  free: (context: Context) => void
) {
  const known = new Map<number, Context>()
  return {
    of(time: number): Context {
      const context = known.get(time) ?? keepAll(make(time))
      known.set(time, context)
      return context
    },
    forget() {
      for (const context of known.values()) free(context)
      known.clear()
    }
  }
}

/** Keeps every tensor of a context from being tidied away by the pass that made it. */
function keepAll<Context extends object>(context: Context): Context {
  const visit = (value: unknown): void => {
    if (value instanceof Tensor) keep(value)
    else if (Array.isArray(value)) value.forEach(visit)
  }
  Object.values(context).forEach(visit)
  return context
}
