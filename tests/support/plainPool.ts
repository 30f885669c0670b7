/** Workers as they are built, one in each lane. */
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { threadEnvironment } from '#engine/backends/environment'
import { WorkerPool } from '#engine/workers/pool'

/** The smallest decoder that can be trained. */
export const SMALLEST = {
  vocabularySize: 64,
  hiddenSize: 16,
  hiddenLayers: 1,
  attentionHeads: 1,
  keyValueHeads: 1,
  intermediateSize: 32,
  contextLength: 16,
  ropeTheta: 10000,
  rmsNormEpsilon: 1e-5,
  tieEmbeddings: false,
  initializerRange: 0.02
}

/** Closed with the test. @param processEntry another program than a worker's */
export function plainPool(processEntry = 'out/main/workerProcess.cjs'): WorkerPool {
  const environment = (precision: 'float32' | 'tf32') => threadEnvironment(1, precision)
  const lane = { workers: 1, environment }
  const pool = new WorkerPool({
    processEntry: resolve(processEntry),
    workerEntry: resolve('out/main/worker.cjs'),
    lanes: { wide: lane, narrow: lane, aside: lane }
  })
  onTestFinished(() => pool.close())
  return pool
}
