/** How fast the current backend multiplies matrices. */
import { matMul, randomNormal } from '@tensorflow/tfjs-core'

/**
 * Measures products of two square float32 matrices on the current backend.
 *
 * The best of many, since anything else on the machine only ever makes it slower.
 *
 * @param size rows and columns
 * @returns 10⁹ floating-point operations per second
 */
export async function measureMatmulRate(size = 1024): Promise<number> {
  const a = randomNormal([size, size])
  const b = randomNormal([size, size])
  let bestMs = Infinity
  for (let repetition = 0; repetition < 12; repetition++) {
    const beganAt = performance.now()
    const product = matMul(a, b)
    const corner = product.slice([0, 0], [1, 1])
    await corner.data()
    bestMs = Math.min(bestMs, performance.now() - beganAt)
    product.dispose()
    corner.dispose()
  }
  a.dispose()
  b.dispose()
  return (2 * size ** 3) / bestMs / 1e6
}
