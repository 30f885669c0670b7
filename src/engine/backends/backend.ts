/** What a way to run tensors must offer beyond TensorFlow.js's own operations. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'

/** What computes, for records and for checks of memory. */
export interface Device {
  backend: 'tensorflow'
  /** Product name of the processor or GPU. */
  name: string
  isGpu: boolean
  /** Memory that tensors may fill; null when the device does not say. */
  memoryBytes: number | null
  /** Version of the library underneath. */
  version: string
}

/** One AdamW update; the same for every parameter. */
export interface AdamWSettings {
  learningRate: number
  beta1: number
  beta2: number
  epsilon: number
  weightDecay: number
  /** Updates made, this one included: 1 for the first. */
  step: number
}

/**
 * Weights with their moments, each as one flat tensor, and the update on them.
 *
 * Flat, because an update in one sweep costs one operation instead of a dozen per parameter.
 */
export interface FlatOptimizer {
  /** The weights. The receiver disposes them, best before `update`: else the update must copy. */
  parameters(): Tensor1D
  /** First and second moments. The receiver disposes them. */
  moments(): [Tensor1D, Tensor1D]
  /** Changes weights and moments by a gradient, which it borrows. */
  update(gradient: Tensor1D, settings: AdamWSettings): void
  dispose(): void
}

/** Operations for which backends have something better than a chain of TensorFlow.js operations. */
export interface FusedKernels {
  /** Which implementation this is, for reports. */
  readonly name: string
  /**
   * Rotates neighbouring pairs of numbers, (x₀ + i·x₁)·(f₀ + i·f₁), for rotary positions.
   *
   * @param x [B·T, 2P]
   * @param factors [T, 2P] pairs of cosine and sine, repeated for each of the B sequences
   */
  rotatePairs(x: Tensor2D, factors: Tensor2D): Tensor2D
  /** Row by row softmax of `scores + mask`; the mask is broadcast over leading axes. */
  maskedSoftmax(scores: Tensor, mask: Tensor): Tensor
  /** The sum of squares of each of a flat tensor's rows of `rowLength`; the last may be shorter. */
  rowSquares(flat: Tensor1D, rowLength: number): Tensor1D
  /** Takes over three flat tensors of one length and disposes them. */
  createOptimizer(parameters: Tensor1D, first: Tensor1D, second: Tensor1D): FlatOptimizer
}

/** A backend that is loaded and current. */
export interface ActiveBackend {
  device: Device
  kernels: FusedKernels
  /** Measured rate of float32 matrix products, in GFLOP/s. */
  measureMatmulRate(): Promise<number>
}

/** One way to run tensors. Kernels are TensorFlow.js's affair; this finds out and turns it on. */
export interface ComputeBackend {
  readonly name: 'tensorflow'
  /** Why it cannot run on this machine, in words for the user; null when it can. */
  probe(): Promise<string | null>
  /** Loads its package, makes it current, and says what computes and with which kernels. */
  activate(): Promise<ActiveBackend>
}
