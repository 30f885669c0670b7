/** A soft limit on logits and attention scores. */
import { mul, tanh } from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** c·tanh(x/c), which keeps within ±c; unchanged without a cap. */
export function capped(x: Tensor, cap: number | null): Tensor {
  return cap === null ? x : mul(tanh(mul(x, 1 / cap)), cap)
}
