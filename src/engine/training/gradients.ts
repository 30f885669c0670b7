/** The gradient of one optimizer step, gathered over micro-batches, with its norm and loss. */
import { add, slice, tensor2d, tidy } from '@tensorflow/tfjs-core'
import type { Tensor1D } from '@tensorflow/tfjs-core'
import type { FusedKernels } from '#engine/backends/backend'
import type { DeviceModel } from '#engine/model/openDecoder'

/** Numbers summed at a time for the norm; each sum is made by one thread, in one order. */
const NORM_ROW = 4096

/** What one batch says about the weights. */
export interface BatchGradient {
  /** Flat, in the layout's order; the receiver disposes it. */
  gradient: Tensor1D
  /** Mean nats per predicted token, before the update. */
  loss: number
  /** Root of the sum of squares over all parameters. */
  norm: number
}

/**
 * Computes the gradient of a batch's mean loss.
 *
 * Losses and partial norms are summed here in float64, in one order, so that neither depends on
 * the number of threads.
 *
 * @param time T
 * @param ids batchSize × (T + 1), row by row
 * @param microBatchSize sequences per pass; their gradients are added up
 * @param maskedAt the end-of-text id when attention stops at documents, else null
 */
export async function batchGradient(
  model: DeviceModel,
  kernels: FusedKernels,
  time: number,
  ids: Int32Array,
  microBatchSize: number,
  maskedAt: number | null
): Promise<BatchGradient> {
  const width = time + 1
  const sequences = ids.length / width
  const scale = 1 / (sequences * time)
  let total: Tensor1D | null = null
  let nats = 0
  for (let from = 0; from < sequences; from += microBatchSize) {
    const part = ids.subarray(from * width, Math.min(sequences, from + microBatchSize) * width)
    const { losses, gradient } = passGradient(model, time, part, scale, maskedAt)
    for (const loss of await losses.data()) nats += loss
    losses.dispose()
    if (total) {
      const sum: Tensor1D = add(total, gradient)
      total.dispose()
      gradient.dispose()
      total = sum
    } else {
      total = gradient
    }
  }
  if (!total) throw new Error('a batch holds at least one sequence')
  return { gradient: total, loss: nats * scale, norm: await normOf(kernels, total) }
}

function passGradient(
  model: DeviceModel,
  time: number,
  ids: Int32Array,
  scale: number,
  maskedAt: number | null
): { losses: Tensor1D; gradient: Tensor1D } {
  return tidy(() => {
    const rows = tensor2d(ids, [ids.length / (time + 1), time + 1], 'int32')
    const inputs = slice(rows, [0, 0], [-1, time])
    const targets = slice(rows, [0, 1], [-1, time])
    return model.lossGradient({ inputs, targets, maskedAt }, scale)
  })
}

async function normOf(kernels: FusedKernels, gradient: Tensor1D): Promise<number> {
  const rows = kernels.rowSquares(gradient, NORM_ROW)
  let total = 0
  for (const row of await rows.data()) total += row
  rows.dispose()
  return Math.sqrt(total)
}
