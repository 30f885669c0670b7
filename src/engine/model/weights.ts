/** The life of a model's weights as tensors. */
import { dispose } from '@tensorflow/tfjs-core'
import type { DecoderWeights } from './layout'

/** Frees the views that make up a model's weights. */
export function disposeWeights(weights: DecoderWeights): void {
  dispose(weights)
}
