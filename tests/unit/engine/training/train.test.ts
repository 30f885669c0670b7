import { memory } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { FusedKernels } from '#engine/backends/backend'
import { chooseBackend } from '#engine/backends/choose'
import { portableKernels } from '#engine/backends/portable'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import { initializeParameters } from '#engine/model/initialize'
import { train } from '#engine/training/train'
import type { TrainingInput, TrainingPoint, TrainingState } from '#engine/training/train'
import type { Recipe } from '#shared/records'
import {
  FLOAT32_TOLERANCE,
  goldenCases,
  goldenRecipe,
  relativeError,
  worstError
} from '../../../golden/llama/golden'

let kernels: FusedKernels
beforeAll(async () => {
  kernels = (await (await chooseBackend()).activate()).kernels
})

const tiny = goldenCases[0]!

/** A run of the tiny model on its golden batches, over and over. */
function run(more: Partial<TrainingInput> = {}): TrainingInput {
  return {
    config: tiny.config,
    recipe: goldenRecipe,
    kernels,
    start: {
      parameters: tiny.parameters,
      firstMoments: null,
      secondMoments: null,
      optimizerSteps: 0
    },
    firstStep: 0,
    steps: 6,
    endOfTextId: 0,
    batch: (step) => tiny.batches[step % tiny.batches.length]!,
    onStep: () => undefined,
    signal: new AbortController().signal,
    ...more
  }
}

describe.each(goldenCases)('training the $name model', (golden) => {
  it.each(['fused', 'portable'])(
    'takes the steps PyTorch takes, with %s kernels',
    async (which) => {
      const points: TrainingPoint[] = []
      const { state, outcome } = await train(
        run({
          config: golden.config,
          kernels: which === 'fused' ? kernels : portableKernels,
          start: { ...run().start, parameters: golden.parameters },
          steps: golden.batches.length,
          batch: (step) => golden.batches[step]!,
          onStep: (point) => void points.push(point)
        })
      )
      expect(outcome).toBe('finished')
      const { losses, gradientNorms, parameters } = golden.training
      expect(
        relativeError(
          points.map((one) => one.loss),
          losses
        )
      ).toBeLessThan(FLOAT32_TOLERANCE)
      expect(
        relativeError(
          points.map((one) => one.gradientNorm),
          gradientNorms
        )
      ).toBeLessThan(FLOAT32_TOLERANCE)
      expect(worstError(state.parameters, parameters)).toBeLessThan(FLOAT32_TOLERANCE)
    }
  )
})

it('gives the same weights run after run', async () => {
  const once = await train(run())
  const again = await train(run())
  expect(again.state).toEqual(once.state)
})

it.each([1, 2, 5])('stopped after %i steps and gone on, gives the same bits', async (stopAfter) => {
  const recipe: Recipe = { ...goldenRecipe, schedule: 'cosine', warmupSteps: 2 }
  const whole = await train(run({ recipe }))
  const controller = new AbortController()
  const onStep = ({ step }: TrainingPoint) => {
    if (step + 1 === stopAfter) controller.abort()
  }
  const half = await train(run({ recipe, onStep, signal: controller.signal }))
  expect([half.outcome, half.completedSteps]).toEqual(['stopped', stopAfter])
  const rest = await train(run({ recipe, start: half.state, firstStep: half.completedSteps }))
  expect(rest).toEqual(whole)
})

it('carries the optimizer of a seed on, counter and all', async () => {
  const whole = await train(run({ steps: 4 }))
  const seed = await train(run({ steps: 2 }))
  const branch = await train(
    run({ start: seed.state, steps: 2, batch: (step) => tiny.batches[step + 2]! })
  )
  expect(branch.state).toEqual(whole.state)
})

it('gathers gradients over micro-batches', async () => {
  const whole = await train(run())
  const parts = await train(run({ recipe: { ...goldenRecipe, microBatchSize: 2 } }))
  expect(worstError(parts.state.parameters, whole.state.parameters)).toBeLessThan(FLOAT32_TOLERANCE)
})

it('holds as many tensors after step 1000 as after step 10, and none at the end', async () => {
  const before = memory().numTensors
  const counts: number[] = []
  await train(run({ steps: 1000, onStep: () => void counts.push(memory().numTensors) }))
  expect(counts[999]).toBe(counts[9])
  expect(new Set(counts.slice(1))).toEqual(new Set([counts[1]]))
  expect(memory().numTensors).toBe(before)
})

it('stops before the update when the loss is not finite', async () => {
  const recipe: Recipe = { ...goldenRecipe, peakLearningRate: 1e30, gradientClip: null }
  const steps: number[] = []
  const before = memory().numTensors
  const found = train(run({ recipe, onStep: (point) => void steps.push(point.step) }))
  await expect(found).rejects.toMatchObject({
    code: 'run/diverged',
    details: { step: steps.length + 1, lastFiniteLoss: expect.any(Number) as number }
  })
  expect(memory().numTensors).toBe(before)
})

it('keeps only weights that gave a loss, and a lower rate goes on from them', async () => {
  const saved: { state: TrainingState; step: number }[] = []
  const good = run({ steps: 3 })
  const begun = await train(good)
  // The update of step 4 spoils the weights although its own loss is a number.
  const recipe: Recipe = { ...goldenRecipe, peakLearningRate: 1e30, gradientClip: null }
  const wrong = train(
    run({
      recipe,
      start: begun.state,
      firstStep: 2,
      shouldSave: () => true,
      onSave: (state, step) => Promise.resolve(void saved.push({ state, step }))
    })
  )
  await expect(wrong).rejects.toMatchObject({ code: 'run/diverged', details: { step: 3 } })
  expect(saved).toEqual([])
  const on = await train(run({ start: begun.state, firstStep: 3 }))
  const undisturbed = await train(run())
  expect(worstError(on.state.parameters, undisturbed.state.parameters)).toBe(0)
})

it('never hands out weights that are no numbers', async () => {
  const recipe: Recipe = { ...goldenRecipe, peakLearningRate: 1e38, weightDecay: 1e9 }
  // The only step: its loss is a number, and nobody would look at the weights again.
  await expect(train(run({ recipe, steps: 1 }))).rejects.toMatchObject({
    code: 'run/diverged',
    details: { parameter: expect.any(String) as string }
  })
})

it('lets held-out documents be measured between steps without disturbing the run', async () => {
  const undisturbed = await train(run())
  const evaluator = createEvaluator(tiny.config, kernels)
  const nats: number[] = []
  const disturbed = await train(
    run({
      onStep: async (_point, trainer) => {
        evaluator.use(trainer.weights())
        const options = { window: 6, batchSize: 4, endOfTextId: 0 }
        nats.push((await evaluator.measure(tiny.measuring.documents, options))[0]!)
        evaluator.release()
      }
    })
  )
  evaluator.dispose()
  expect(disturbed.state).toEqual(undisturbed.state)
  expect(new Set(nats).size).toBe(6)
})

it('hands over a state to save whenever asked', async () => {
  const saved: number[] = []
  await train(
    run({
      shouldSave: (completed) => completed % 2 === 0,
      onSave: async (state, completed) => {
        saved.push(completed, state.optimizerSteps)
      }
    })
  )
  expect(saved).toEqual([2, 2, 4, 4])
})

it('refuses tokens that the vocabulary does not have', async () => {
  const batch = () => tiny.batches[0]!.map((id, index) => (index === 4 ? 37 : id))
  await expect(train(run({ batch }))).rejects.toMatchObject({
    code: 'checkpoint/mismatch',
    details: { token: 37 }
  })
})

it('refuses weights of another shape, naming the first', async () => {
  const parameters = initializeParameters({ ...tiny.config, intermediateSize: 32 }, 1)
  await expect(train(run({ start: { ...run().start, parameters } }))).rejects.toMatchObject({
    code: 'checkpoint/mismatch',
    details: { parameter: 'model.layers.0.mlp.gate_proj.weight' }
  })
})
