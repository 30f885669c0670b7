/** Trains one model: from a state, through batches, to a state. */
import { mul } from '@tensorflow/tfjs-core'
import type { Tensor1D } from '@tensorflow/tfjs-core'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig, Recipe } from '#shared/records'
import type { FlatOptimizer, FusedKernels } from '#engine/backends/backend'
import { packParameters, unpackParameters } from '#engine/model/layout'
import type { Layout } from '#engine/model/layout'
import { openDecoder } from '#engine/model/openDecoder'
import type { Decoder, DeviceModel } from '#engine/model/openDecoder'
import { firstNotFinite } from '#engine/parameters'
import type { ParameterSet } from '#engine/parameters'
import { batchGradient } from './gradients'
import { learningRateAt } from './schedule'

/** Everything a run goes on from. */
export interface TrainingState {
  parameters: ParameterSet
  /** Null means zero, as for a start without moments. */
  firstMoments: ParameterSet | null
  secondMoments: ParameterSet | null
  /** Updates behind the moments, for bias correction; carried on from the seed. */
  optimizerSteps: number
}

/** One step, as told to `onStep`. */
export interface TrainingPoint {
  /** 0 for the run's first. */
  step: number
  /** Mean nats per token of the step's batch, before the update. */
  loss: number
  learningRate: number
  /** Before clipping. */
  gradientNorm: number
  /** What this step took. */
  elapsedMs: number
}

/** What `onStep` may look at between two steps. */
export interface Trainer {
  /**
   * The current weights where they are, for measuring without copies. The receiver disposes them
   * before it returns (an evaluator's `use` does): held longer, the next update must copy.
   */
  weights(): DeviceModel
  /** A copy of everything, as `onSave` gets it. */
  state(): Promise<TrainingState>
}

export interface TrainingInput {
  config: DecoderConfig
  recipe: Recipe
  kernels: FusedKernels
  start: TrainingState
  /** Steps done already: 0 for a fresh run. */
  firstStep: number
  /** Steps of the whole run. */
  steps: number
  endOfTextId: number
  /** Ids of a step's batch: batchSize × (T + 1), row by row. */
  batch(step: number): Int32Array | Promise<Int32Array>
  onStep(point: TrainingPoint, trainer: Trainer): void | Promise<void>
  /** Asked after each step but the last, once its weights gave a loss and a gradient that are numbers. */
  shouldSave?(completedSteps: number): boolean
  onSave?(state: TrainingState, completedSteps: number): Promise<void>
  signal: AbortSignal
}

export interface TrainingOutcome {
  state: TrainingState
  completedSteps: number
  outcome: 'finished' | 'stopped'
}

/**
 * Trains with AdamW until the last step or until asked to stop, between two steps.
 *
 * Decay is decoupled and acts on all parameters, norms and embeddings too, as the paper's; the
 * gradient is clipped by its global norm. On a processor the result depends on nothing but the
 * input: stopping anywhere and going on gives the same bits.
 *
 * @throws WorkbenchError `run/diverged` with the step and the last finite loss, before the update, and
 *   where weights that are to be kept are no numbers: such are never given to `onSave`;
 *   `model/invalid`; `checkpoint/mismatch` when the start belongs to another configuration
 * @see Loshchilov and Hutter 2019, arXiv 1711.05101; Na et al. 2024, arXiv 2410.15661
 */
export async function train(input: TrainingInput): Promise<TrainingOutcome> {
  const { config, recipe, kernels, start, steps, signal } = input
  const decoder = openDecoder(config, kernels)
  const { layout } = decoder
  const optimizer = kernels.createOptimizer(
    packParameters(layout, start.parameters, 'the start'),
    packParameters(layout, start.firstMoments, 'the first moments'),
    packParameters(layout, start.secondMoments, 'the second moments')
  )
  let completedSteps = input.firstStep
  const updates = () => start.optimizerSteps + completedSteps - input.firstStep
  const trainer: Trainer = {
    weights: () => currentModel(decoder, optimizer),
    state: () => readState(layout, optimizer, updates())
  }
  let lastFiniteLoss: number | null = null
  try {
    while (completedSteps < steps && !signal.aborted) {
      const step = completedSteps
      const ids = await input.batch(step)
      const beganAt = performance.now()
      checkBatch(ids, config, recipe, step)
      const model = currentModel(decoder, optimizer)
      const found = await batchGradient(
        model,
        kernels,
        config.contextLength,
        ids,
        recipe.microBatchSize ?? recipe.batchSize,
        recipe.maskDocuments ? input.endOfTextId : null
      )
      model.dispose()
      if (!Number.isFinite(found.loss) || !Number.isFinite(found.norm)) {
        found.gradient.dispose()
        throw diverged(step, found.loss, found.norm, lastFiniteLoss)
      }
      lastFiniteLoss = found.loss
      // Only now are weights known to be good: right after an update nobody has seen what they give.
      if (step > input.firstStep && input.onSave && input.shouldSave?.(step)) {
        await input.onSave(await goodState(trainer, step), step)
      }
      const learningRate = learningRateAt(recipe, step, steps)
      const gradient = clip(found.gradient, found.norm, recipe.gradientClip)
      optimizer.update(gradient, { ...recipe, learningRate, step: updates() + 1 })
      gradient.dispose()
      completedSteps++
      const elapsedMs = performance.now() - beganAt
      await input.onStep(
        { step, loss: found.loss, learningRate, gradientNorm: found.norm, elapsedMs },
        trainer
      )
      // A turn of the event loop: a message that says stop must be able to come in.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const outcome = completedSteps < steps ? 'stopped' : 'finished'
    return { state: await goodState(trainer, completedSteps), completedSteps, outcome }
  } finally {
    optimizer.dispose()
    decoder.forgetContexts()
  }
}

/**
 * What may be kept: an update may spoil weights although loss and gradient before it were numbers.
 *
 * @throws WorkbenchError `run/diverged`
 */
async function goodState(trainer: Trainer, step: number): Promise<TrainingState> {
  const state = await trainer.state()
  assertNumbers(state.parameters, step)
  return state
}

/**
 * Asserts that weights after a step are numbers.
 *
 * @throws WorkbenchError `run/diverged`
 */
export function assertNumbers(parameters: ParameterSet, step: number): void {
  const wrong = firstNotFinite(parameters)
  if (wrong === null) return
  throw new WorkbenchError(
    'run/diverged',
    `Training diverged by step ${step}: ${wrong} holds values that are no numbers. Lower peakLearningRate, or lengthen warmupSteps.`,
    { step, parameter: wrong }
  )
}

function currentModel(decoder: Decoder, optimizer: FlatOptimizer): DeviceModel {
  const flat = optimizer.parameters()
  const model = decoder.place(flat)
  flat.dispose()
  return model
}

async function readState(
  layout: Layout,
  optimizer: FlatOptimizer,
  optimizerSteps: number
): Promise<TrainingState> {
  const read = async (flat: Tensor1D) => {
    const set = await unpackParameters(layout, flat)
    flat.dispose()
    return set
  }
  const [first, second] = optimizer.moments()
  return {
    parameters: await read(optimizer.parameters()),
    firstMoments: await read(first),
    secondMoments: await read(second),
    optimizerSteps
  }
}

/** Takes the gradient over and returns one whose norm is at most `limit`, as PyTorch does it. */
function clip(gradient: Tensor1D, norm: number, limit: number | null): Tensor1D {
  const share = limit === null ? 1 : limit / (norm + 1e-6)
  if (share >= 1) return gradient
  const clipped: Tensor1D = mul(gradient, share)
  gradient.dispose()
  return clipped
}

function checkBatch(ids: Int32Array, config: DecoderConfig, recipe: Recipe, step: number): void {
  const expected = recipe.batchSize * (config.contextLength + 1)
  if (ids.length !== expected) {
    throw new Error(`batch of step ${step}: expected ${expected} ids, found ${ids.length}`)
  }
  for (const id of ids) {
    if (id < 0 || id >= config.vocabularySize) {
      throw new WorkbenchError(
        'checkpoint/mismatch',
        `Step ${step} holds token ${id}; the model's vocabulary has ${config.vocabularySize}. ` +
          'The text was cut by another tokenizer than the model was made for.',
        { step, token: id, vocabularySize: config.vocabularySize }
      )
    }
  }
}

function diverged(step: number, loss: number, norm: number, last: number | null): WorkbenchError {
  const what = Number.isFinite(loss) ? `gradient norm is ${norm}` : `loss is ${loss}`
  const before = last === null ? 'no step before it was finite' : `the last finite loss was ${last}`
  return new WorkbenchError(
    'run/diverged',
    `Training diverged at step ${step}: the ${what}; ${before}. ` +
      'Lower peakLearningRate, or lengthen warmupSteps.',
    { step, loss: String(loss), gradientNorm: String(norm), lastFiniteLoss: last }
  )
}
