/** The fused kernels written in TensorFlow.js operations alone: right everywhere, fast nowhere. */
import {
  add,
  mul,
  pad,
  reshape,
  softmax,
  sqrt,
  square,
  div,
  stack,
  sub,
  sum,
  tidy,
  unstack
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { AdamWSettings, FlatOptimizer, FusedKernels } from './backend'

/**
 * Kernels for any backend of TensorFlow.js, and the reference the fast ones are held against.
 *
 * @see tests/conformance
 */
export const portableKernels: FusedKernels = {
  name: 'portable',
  rotatePairs,
  maskedSoftmax: (scores, mask) => tidy(() => softmax(add(scores, mask))),
  rowSquares,
  createOptimizer
}

function rotatePairs(x: Tensor2D, factors: Tensor2D): Tensor2D {
  return tidy(() => {
    const [time, width] = factors.shape
    const [re, im] = unstack(reshape(x, [-1, time, width / 2, 2]), 3) as [Tensor, Tensor]
    const [cos, sin] = unstack(reshape(factors, [time, width / 2, 2]), 2) as [Tensor, Tensor]
    const turned = stack([sub(mul(re, cos), mul(im, sin)), add(mul(re, sin), mul(im, cos))], 3)
    return reshape(turned, x.shape)
  })
}

function rowSquares(flat: Tensor1D, rowLength: number): Tensor1D {
  return tidy(() => {
    const whole = Math.ceil(flat.size / rowLength) * rowLength
    const padded = whole === flat.size ? flat : pad(flat, [[0, whole - flat.size]])
    return sum(square(reshape(padded, [-1, rowLength])), 1) as Tensor1D
  })
}

/**
 * The AdamW update in plain operations.
 *
 * Written as PyTorch's `AdamW`: decay first, on the weights alone, then the bias-corrected step.
 *
 * @returns new weights and moments; the old ones are left alone
 * @see Loshchilov and Hutter 2019, arXiv 1711.05101
 */
function adamw(
  [weights, first, second]: [Tensor1D, Tensor1D, Tensor1D],
  gradient: Tensor1D,
  settings: AdamWSettings
): [Tensor1D, Tensor1D, Tensor1D] {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings
  const m = add(mul(first, beta1), mul(gradient, 1 - beta1))
  const v = add(mul(second, beta2), mul(square(gradient), 1 - beta2))
  const denominator = add(mul(sqrt(v), 1 / Math.sqrt(1 - beta2 ** step)), epsilon)
  const change = div(mul(m, learningRate / (1 - beta1 ** step)), denominator)
  const decayed = mul(weights, 1 - learningRate * weightDecay)
  return [sub(decayed, change), m as Tensor1D, v as Tensor1D]
}

function createOptimizer(parameters: Tensor1D, first: Tensor1D, second: Tensor1D): FlatOptimizer {
  let state: [Tensor1D, Tensor1D, Tensor1D] = [parameters, first, second]
  return {
    parameters: () => state[0].clone(),
    moments: () => [state[1].clone(), state[2].clone()],
    update(gradient, settings) {
      const next = tidy(() => adamw(state, gradient, settings))
      for (const tensor of state) tensor.dispose()
      state = next
    },
    dispose() {
      for (const tensor of state) tensor.dispose()
    }
  }
}
