/** From hidden states to the loss of each token, with and without gradients, chunk by chunk. */
import {
  add,
  addN,
  exp,
  gather,
  greater,
  log,
  matMul,
  max,
  mul,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  tidy,
  where,
  concat
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { capped } from './capped'

/** Above this, exponentials lost to underflow change no bit of a sum over any vocabulary. */
const SMALLEST_SUM = 1e-25

/** Logits held at a time, as numbers: 16 MB, which a processor's last cache holds. */
const CHUNK_NUMBERS = 1 << 22

/** The same for losses alone, which keep nothing else: longer products are a little faster. */
const LOSS_CHUNK_NUMBERS = 1 << 23

function rowsPerChunk(vocabulary: number, numbers: number): number {
  return Math.max(64, Math.floor(numbers / vocabulary / 64) * 64)
}

type Chunk = {
  hidden: Tensor2D
  /** [n, Vp] */
  probabilities: Tensor2D
  /** [n] nats */
  losses: Tensor1D
}

function chunkOf(
  hidden: Tensor2D,
  head: Tensor2D,
  bias: Tensor1D | null,
  targets: Tensor1D,
  from: number,
  rows: number
): Chunk {
  const part = slice(hidden, from, rows) as Tensor2D
  const product = matMul(part, head, false, true) as Tensor2D // [n, Vp]
  const logits = bias ? (add(product, bias) as Tensor2D) : product
  const probabilities = softmax(logits) as Tensor2D
  // ln Σ exp = largest logit − ln(its probability), exact however improbable the target is.
  const normalizer = sub(max(logits, 1), log(max(probabilities, 1)))
  const chosen = targetLogits(logits, targets, from, rows)
  return { hidden: part, probabilities, losses: sub(normalizer, chosen) }
}

function chunkLosses(
  hidden: Tensor2D,
  head: Tensor2D,
  targets: Tensor1D,
  from: number,
  rows: number,
  cap: number | null
): Tensor1D {
  const product = matMul(slice(hidden, from, rows) as Tensor2D, head, false, true) // [n, V]
  const logits = capped(product, cap)
  const total = sum(exp(logits), 1)
  // Exponentials below 1e-38 are 0 on a processor: of a small sum too much may be missing.
  const normalizer = where(greater(total, SMALLEST_SUM), log(total), NaN)
  return sub(normalizer, targetLogits(logits as Tensor2D, targets, from, rows))
}

/** @returns [n] */
function targetLogits(logits: Tensor2D, targets: Tensor1D, from: number, rows: number): Tensor {
  const column = reshape(slice(targets, from, rows), [rows, 1])
  return reshape(gather(logits, column, 1, 1), [rows])
}

/**
 * The loss of each token, in nats, without gradients.
 *
 * Logits are made for a few rows at a time, so that memory does not grow with the batch. As long
 * as their exponentials are neither too large nor too small for float32 they are summed as they are:
 * half the sweeps over the largest array there is. Else a loss comes out infinite or as no number,
 * and is to be asked for again with `areExtreme`.
 *
 * @param hidden [N, C]
 * @param head [V, C], without rows of padding
 * @param targets [N] ids
 * @param areExtreme true: exact for logits of any size; capped ones never are
 * @param cap logits s count as c·tanh(s/c); null: as they are
 * @returns [N]
 */
export function tokenLosses(
  hidden: Tensor2D,
  head: Tensor2D,
  targets: Tensor1D,
  areExtreme: boolean,
  cap: number | null = null
): Tensor1D {
  return tidy(() => {
    const size = rowsPerChunk(head.shape[0], LOSS_CHUNK_NUMBERS)
    const losses: Tensor1D[] = []
    for (let from = 0; from < hidden.shape[0]; from += size) {
      const rows = Math.min(size, hidden.shape[0] - from)
      losses.push(
        tidy(() =>
          areExtreme && cap === null
            ? chunkOf(hidden, head, null, targets, from, rows).losses
            : chunkLosses(hidden, head, targets, from, rows, cap)
        )
      )
    }
    return losses.length === 1 ? losses[0]! : concat(losses)
  })
}

export type HeadGradients = {
  /** [N] nats */
  losses: Tensor1D
  /** [N, C] */
  hidden: Tensor2D
  /**
   * [Vp, C], without the part of the targets: each target's row still lacks −{@link scaledHidden}.
   * The caller subtracts it in the one scatter it needs for the embedding anyway.
   */
  head: Tensor2D
  /** [N, C], hidden · scale */
  scaledHidden: Tensor2D
}

/**
 * The loss of each token and the gradients of `scale` × their sum.
 *
 * The gradient of the logits is probabilities minus one at the target. The minus one never touches
 * the large matrix: as a product with the head it is the target's row, and in the head's own
 * gradient it is a scatter of rows.
 */
export function headGradients(
  hidden: Tensor2D,
  head: Tensor2D,
  bias: Tensor1D | null,
  targets: Tensor1D,
  scale: number
): HeadGradients {
  return tidy(() => {
    const size = rowsPerChunk(head.shape[0], CHUNK_NUMBERS)
    const scaledHidden = mul(hidden, scale) as Tensor2D
    const losses: Tensor1D[] = []
    const expected: Tensor2D[] = []
    const heads: Tensor2D[] = []
    for (let from = 0; from < hidden.shape[0]; from += size) {
      const rows = Math.min(size, hidden.shape[0] - from)
      const [loss, row, matrix] = tidy(() => {
        const chunk = chunkOf(hidden, head, bias, targets, from, rows)
        const scaled = slice(scaledHidden, from, rows) as Tensor2D
        return [
          chunk.losses,
          matMul(chunk.probabilities, head), // [n, C]
          matMul(chunk.probabilities, scaled, true, false) // [Vp, C]
        ] as [Tensor1D, Tensor2D, Tensor2D]
      })
      losses.push(loss)
      expected.push(row)
      heads.push(matrix)
    }
    return {
      losses: losses.length === 1 ? losses[0]! : concat(losses),
      hidden: mul(sub(concat(expected), gather(head, targets)), scale) as Tensor2D,
      head: heads.length === 1 ? heads[0]! : (addN(heads) as Tensor2D),
      scaledHidden
    }
  })
}
