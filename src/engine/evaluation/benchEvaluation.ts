/** Measures evaluation at a given shape. */
import { memory } from '@tensorflow/tfjs-core'
import type { DecoderConfig } from '#shared/records'
import type { FusedKernels } from '#engine/backends/backend'
import { describeShape, randomTokens } from '#engine/model/benchInput'
import { initializeParameters } from '#engine/model/initialize'
import { createEvaluator } from './measureDocuments'

/** What to measure, and for how long. */
export interface EvaluationBench {
  config: DecoderConfig
  batchSize: number
  /** Batches at most. */
  repetitions: number
  /** No further batch is begun after so long. */
  seconds: number
}

/**
 * Measures documents of exactly one window, one batch at a time, and reports the best batch.
 *
 * @returns tensors are counted after the second batch and after the last: equal when none leaks
 */
export async function benchEvaluation(bench: EvaluationBench, kernels: FusedKernels) {
  const { config, batchSize } = bench
  const window = config.contextLength
  const documents = Array.from({ length: batchSize }, (_, index) =>
    randomTokens(window, config, index)
  )
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(initializeParameters(config, 1))
  const beganAt = performance.now()
  let bestMs = Infinity
  let tensorsBefore = 0
  let tensorsAfter = 0
  for (let repetition = 0; repetition < Math.max(3, bench.repetitions); repetition++) {
    const startedAt = performance.now()
    await evaluator.measure(documents, { window, batchSize, endOfTextId: 0 })
    bestMs = Math.min(bestMs, performance.now() - startedAt)
    tensorsAfter = memory().numTensors
    if (repetition === 1) tensorsBefore = tensorsAfter
    if (repetition >= 2 && performance.now() - beganAt > bench.seconds * 1000) break
  }
  evaluator.dispose()
  return {
    tokensPerSecond: (batchSize * window * 1000) / bestMs,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    shape: describeShape(config, batchSize),
    threads: Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0),
    tensorsBefore,
    tensorsAfter
  }
}
