/** Measures the training step at a given shape. */
import { memory } from '@tensorflow/tfjs-core'
import { RecipeSchema } from '#shared/records'
import type { DecoderConfig } from '#shared/records'
import type { FusedKernels } from '#engine/backends/backend'
import { initializeParameters } from '#engine/model/initialize'
import { describeShape, randomTokens } from '#engine/model/benchInput'
import { train } from './train'

/** What to measure, and for how long. */
export interface TrainingBench {
  config: DecoderConfig
  batchSize: number
  /** Steps at most. */
  repetitions: number
  /** No further step is begun after so long. */
  seconds: number
}

/**
 * Trains on random tokens and reports the best step.
 *
 * A step is everything from one loss to the next: batch, forward, backward, clipping at 1.0,
 * AdamW with decay 0.1, the loss read. The best, since whatever else the machine does can only
 * slow a step down; the median too, for trainings that share a device.
 *
 * @returns tensors are counted after the second step and after the last: equal when none leaks
 */
export async function benchTraining(bench: TrainingBench, kernels: FusedKernels) {
  const { config, batchSize } = bench
  const recipe = RecipeSchema.parse({
    batchSize,
    peakLearningRate: 1e-3,
    schedule: 'constant'
  })
  const controller = new AbortController()
  const beganAt = performance.now()
  const stepMs: number[] = []
  let lastAt = beganAt
  let tensorsBefore = 0
  let tensorsAfter = 0
  await train({
    config,
    recipe,
    kernels,
    start: {
      parameters: initializeParameters(config, 1),
      firstMoments: null,
      secondMoments: null,
      optimizerSteps: 0
    },
    firstStep: 0,
    steps: Math.max(3, bench.repetitions),
    endOfTextId: 0,
    batch: (step) => randomTokens(batchSize * (config.contextLength + 1), config, step),
    onStep: ({ step }) => {
      const now = performance.now()
      stepMs.push(now - lastAt)
      lastAt = now
      tensorsAfter = memory().numTensors
      if (step === 1) tensorsBefore = tensorsAfter
      if (step >= 2 && now - beganAt > bench.seconds * 1000) controller.abort()
    },
    signal: controller.signal
  })
  const timed = stepMs.slice(1).sort((a, b) => a - b)
  const best = timed[0]!
  const median = timed[Math.floor(timed.length / 2)]!
  return {
    tokensPerSecond: (batchSize * config.contextLength * 1000) / best,
    steadyTokensPerSecond: (batchSize * config.contextLength * 1000) / median,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    shape: describeShape(config, batchSize),
    threads: Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0),
    tensorsBefore,
    tensorsAfter
  }
}
