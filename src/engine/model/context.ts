/** What every layer of one forward pass shares: sizes, rotary factors, mask, kernels. */
import {
  cast,
  cumsum,
  equal,
  expandDims,
  fill,
  logicalAnd,
  reshape,
  scalar,
  tensor1d,
  tensor2d,
  tidy,
  where
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { DecoderConfig } from '#shared/records'
import type { FusedKernels } from '#engine/backends/backend'
import { headSize } from './shapes'

/** Added to scores that must not be seen; large enough that their softmax is exactly 0. */
export const HIDDEN = -1e9

/** Tensors for sequences of one length, T. */
export interface SequenceContext {
  config: DecoderConfig
  kernels: FusedKernels
  time: number
  /** [T, (H + 2·KV)·h] pairs of cosine and sine; queries carry attention's 1/√h, values 1 + 0i. */
  rotation: Tensor2D
  /** The same with the sine negated, for the way back. */
  inverseRotation: Tensor2D
  /** [T, T]: 0 where attention may look, {@link HIDDEN} elsewhere. */
  causalMask: Tensor2D
  /** [Vp]: 0 for the vocabulary, {@link HIDDEN} for the rows of padding; null without padding. */
  paddingBias: Tensor1D | null
}

/** Makes the context for sequences of `time` tokens. The receiver disposes it. */
export function createContext(
  config: DecoderConfig,
  paddedVocabulary: number,
  kernels: FusedKernels,
  time: number
): SequenceContext {
  return {
    config,
    kernels,
    time,
    rotation: rotationFactors(config, time, 1),
    inverseRotation: rotationFactors(config, time, -1),
    causalMask: causalMask(time),
    paddingBias: paddingBias(config.vocabularySize, paddedVocabulary)
  }
}

/** Frees what {@link createContext} made. */
export function disposeContext(context: SequenceContext): void {
  context.rotation.dispose()
  context.inverseRotation.dispose()
  context.causalMask.dispose()
  context.paddingBias?.dispose()
}

/**
 * The causal mask, closed at document borders as well.
 *
 * An end-of-text token opens the document after it, as it does when documents are measured: it
 * sees itself alone, and the next document's first token is predicted from it.
 *
 * @param ids [B, T]
 * @returns [B, T, T]
 */
export function documentMask(
  context: Pick<SequenceContext, 'causalMask'>,
  ids: Tensor2D,
  endOfTextId: number
): Tensor {
  return tidy(() => {
    const [batch, time] = ids.shape
    const starts = cast(equal(ids, scalar(endOfTextId, 'int32')), 'int32')
    const document = cumsum(starts, 1) // [B, T]
    const together = equal(expandDims(document, 2), expandDims(document, 1)) // [B, T, T]
    const causal = reshape(equal(context.causalMask, scalar(0)), [1, time, time])
    const hidden = fill([batch, time, time], HIDDEN)
    return where(logicalAnd(together, causal), scalar(0), hidden)
  })
}

function causalMask(time: number): Tensor2D {
  const mask = new Float32Array(time * time)
  for (let row = 0; row < time; row++) mask.fill(HIDDEN, row * time + row + 1, (row + 1) * time)
  return tensor2d(mask, [time, time])
}

function paddingBias(vocabulary: number, padded: number): Tensor1D | null {
  if (padded === vocabulary) return null
  const bias = new Float32Array(padded).fill(HIDDEN, vocabulary)
  return tensor1d(bias)
}

/**
 * Angles of rotary positions, computed in float64 and rounded once.
 *
 * @see Su et al. 2021, arXiv 2104.09864
 */
function rotationFactors(config: DecoderConfig, time: number, direction: 1 | -1): Tensor2D {
  const width = headSize(config)
  const { attentionHeads, keyValueHeads, ropeTheta } = config
  const heads = attentionHeads + 2 * keyValueHeads
  const factors = new Float32Array(time * heads * width)
  let index = 0
  for (let position = 0; position < time; position++) {
    for (let head = 0; head < heads; head++) {
      const isQuery = head < attentionHeads
      const isValue = head >= attentionHeads + keyValueHeads
      const scale = isQuery ? 1 / Math.sqrt(width) : 1
      for (let pair = 0; pair < width / 2; pair++) {
        const angle = isValue ? 0 : position * ropeTheta ** ((-2 * pair) / width)
        factors[index++] = scale * Math.cos(angle)
        factors[index++] = direction * scale * Math.sin(angle)
      }
    }
  }
  return tensor2d(factors, [time, heads * width])
}
