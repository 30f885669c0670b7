/** Checks on the device itself that what it computes is right. */
import {
  memory,
  randomNormal,
  randomUniform,
  slice,
  sub,
  max,
  abs,
  tensor1d,
  tensor2d,
  tidy,
  zeros
} from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { DecoderConfig } from '#shared/records'
import type { FusedKernels } from '#engine/backends/backend'
import { portableKernels } from '#engine/backends/portable'
import type { ParameterSet } from '#engine/parameters'
import { initializeParameters } from './initialize'
import { layoutOf, packParameters, unpackParameters } from './layout'
import { openDecoder } from './openDecoder'
import { movedAlong, referenceLoss } from './reference'

/** One thing that was checked. */
export interface DeviceCheck {
  check: string
  passed: boolean
  /** What was found beside what is allowed. */
  detail: string
}

/** Share of the largest number by which float32 results may differ. */
const TOLERANCE = 1e-4
/** After 20 updates differences have grown. */
const TRAINING_TOLERANCE = 1e-3

const SHAPE: DecoderConfig = {
  hiddenSize: 32,
  hiddenLayers: 2,
  attentionHeads: 4,
  keyValueHeads: 2,
  intermediateSize: 48,
  contextLength: 12,
  vocabularySize: 256,
  ropeTheta: 10000,
  rmsNormEpsilon: 1e-5,
  tieEmbeddings: false,
  initializerRange: 0.2
}
const SEQUENCES = 2
const STEPS = 20

/**
 * Runs the conformance suite on the current backend: each fused kernel against its portable twin,
 * the loss against a float64 decoder in plain loops, the gradient against that decoder's slopes,
 * twenty steps of AdamW with fused and with portable kernels, the same steps again and with a stop amid them, and
 * a count of tensors left behind.
 *
 * @param kernels the backend's, as `activate` gave them
 */
export async function verifyDevice(kernels: FusedKernels): Promise<DeviceCheck[]> {
  const before = memory().numTensors
  const checks: DeviceCheck[] = []
  const record = (check: string, found: number, allowed: number) =>
    checks.push({
      check,
      passed: found <= allowed,
      detail: `${found.toExponential(1)}, allowed ${allowed.toExponential(1)}`
    })

  for (const [name, error] of await kernelErrors(kernels)) record(name, error, TOLERANCE)
  for (const tieEmbeddings of [false, true]) {
    const config = { ...SHAPE, tieEmbeddings }
    const label = tieEmbeddings ? 'tied' : 'untied'
    const parameters = initializeParameters(config, 7)
    const ids = sequencesFor(config)
    const { loss, gradient } = await gradientOn(kernels, config, parameters, ids)
    const expected = referenceLoss(config, parameters, rowsOf(config, ids))
    record(`loss of a decoder, ${label}`, Math.abs(loss / expected - 1), TOLERANCE)
    for (const [name, error] of slopeErrors(config, parameters, gradient, ids)) {
      record(`${name}, ${label}`, error, TOLERANCE)
    }
  }
  const fused = await trainSteps(kernels)
  const portable = await trainSteps(portableKernels)
  const apart = fused.losses.map((loss, step) => Math.abs(loss / portable.losses[step]! - 1))
  record(`loss over ${STEPS} steps of AdamW`, Math.max(...apart), TRAINING_TOLERANCE)
  record(
    'loss after them, as a share of the first',
    fused.losses[STEPS - 1]! / fused.losses[0]!,
    0.9
  )
  // Where a device adds in an order of its own these say how far apart two trainings of one run come.
  const again = await trainSteps(kernels)
  const half = await trainSteps(kernels, { last: STEPS / 2 })
  const resumed = await trainSteps(kernels, { from: half.state, first: STEPS / 2 + 1 })
  const spread = ({ state }: Trained) => largestShare(state, fused.state)
  record(
    `weights and moments after the same ${STEPS} steps again`,
    spread(again),
    TRAINING_TOLERANCE
  )
  record('the same, stopped after half of them and gone on', spread(resumed), TRAINING_TOLERANCE)
  record('tensors left behind', memory().numTensors - before, 0)
  return checks
}

async function largestDifference(found: Tensor, expected: Tensor): Promise<number> {
  const share = tidy(() => [max(abs(sub(found, expected))), max(abs(expected))] as const)
  const [difference, largest] = await Promise.all(share.map(async (one) => (await one.data())[0]!))
  for (const one of share) one.dispose()
  return difference! / largest!
}

async function kernelErrors(kernels: FusedKernels): Promise<[string, number][]> {
  const errors: [string, number][] = []
  const compare = async (name: string, run: (kernels: FusedKernels) => Tensor) => {
    const [found, expected] = [run(kernels), run(portableKernels)]
    errors.push([name, await largestDifference(found, expected)])
    found.dispose()
    expected.dispose()
  }
  const x = randomNormal([24, 16], 0, 1, 'float32', 1) as Tensor2D
  const factors = randomNormal([8, 16], 0, 1, 'float32', 2) as Tensor2D
  const mask = randomUniform([8, 8], -20, 0, 'float32', 3) as Tensor2D
  const scores = randomNormal([3, 8, 8], 0, 3, 'float32', 4)
  const flat = randomNormal([1000], 0, 1, 'float32', 5) as Tensor1D
  await compare('rotation of pairs', (one) => one.rotatePairs(x, factors))
  await compare('masked softmax', (one) => one.maskedSoftmax(scores, mask))
  await compare('sums of squares', (one) => one.rowSquares(flat, 64))
  const updated = (which: 'weights' | 'first' | 'second') => (one: FusedKernels) => {
    const optimizer = one.createOptimizer(flat.clone(), zeros([1000]), zeros([1000]))
    for (let step = 1; step <= 3; step++) {
      optimizer.update(flat, {
        learningRate: 0.1,
        beta1: 0.9,
        beta2: 0.95,
        epsilon: 1e-8,
        weightDecay: 0.1,
        step
      })
    }
    const all = [optimizer.parameters(), ...optimizer.moments()] as const
    const chosen = all[['weights', 'first', 'second'].indexOf(which)]!
    for (const tensor of all) if (tensor !== chosen) tensor.dispose()
    optimizer.dispose()
    return chosen
  }
  await compare('AdamW: weights', updated('weights'))
  await compare('AdamW: first moments', updated('first'))
  await compare('AdamW: second moments', updated('second'))
  for (const tensor of [x, factors, mask, scores, flat]) tensor.dispose()
  return errors
}

/** The slope of the float64 loss along three directions against what the gradient says it is. */
function slopeErrors(
  config: DecoderConfig,
  parameters: ParameterSet,
  gradient: ParameterSet,
  ids: Int32Array
): [string, number][] {
  const rows = rowsOf(config, ids)
  const directions: [string, ParameterSet][] = [
    ['slope along the gradient', gradient],
    ...[11, 12].map((randomSeed): [string, ParameterSet] => [
      `slope along random direction ${randomSeed - 10}`,
      initializeParameters({ ...config, initializerRange: 1 }, randomSeed)
    ])
  ]
  const size = Math.sqrt(product(gradient, gradient))
  return directions.map(([name, direction]) => {
    const length = Math.sqrt(product(direction, direction))
    const reach = 1e-5 / length
    const ahead = referenceLoss(config, movedAlong(parameters, direction, reach), rows)
    const behind = referenceLoss(config, movedAlong(parameters, direction, -reach), rows)
    const slope = (ahead - behind) / 2e-5
    return [name, Math.abs(slope - product(gradient, direction) / length) / size]
  })
}

function product(a: ParameterSet, b: ParameterSet): number {
  let total = 0
  for (const [name, { data }] of a) {
    const other = b.get(name)!.data
    data.forEach((value, index) => (total += value * other[index]!))
  }
  return total
}

function sequencesFor(config: DecoderConfig): Int32Array {
  const length = SEQUENCES * (config.contextLength + 1)
  return Int32Array.from({ length }, (_, index) => (index * index * 7 + 3 * index) % 251)
}

function rowsOf(config: DecoderConfig, ids: Int32Array): Int32Array[] {
  const width = config.contextLength + 1
  return Array.from({ length: ids.length / width }, (_, row) =>
    ids.subarray(row * width, (row + 1) * width)
  )
}

async function gradientOn(
  kernels: FusedKernels,
  config: DecoderConfig,
  parameters: ParameterSet,
  ids: Int32Array
): Promise<{ loss: number; gradient: ParameterSet }> {
  const layout = layoutOf(config)
  const flat = packParameters(layout, parameters, 'the verification')
  const found = await flatGradient(kernels, config, flat, ids)
  const gradient = await unpackParameters(layout, found.gradient)
  flat.dispose()
  found.gradient.dispose()
  return { loss: found.loss, gradient }
}

async function flatGradient(
  kernels: FusedKernels,
  config: DecoderConfig,
  flat: Tensor1D,
  ids: Int32Array
): Promise<{ loss: number; gradient: Tensor1D }> {
  const time = config.contextLength
  const decoder = openDecoder(config, kernels)
  const model = decoder.place(flat)
  const { losses, gradient } = tidy(() => {
    const rows = tensor2d(ids, [SEQUENCES, time + 1], 'int32')
    const inputs = slice(rows, [0, 0], [-1, time])
    const targets = slice(rows, [0, 1], [-1, time])
    return model.lossGradient({ inputs, targets, maskedAt: null }, 1 / (SEQUENCES * time))
  })
  const values = (await losses.data()) as Float32Array
  losses.dispose()
  model.dispose()
  decoder.forgetContexts()
  return { loss: values.reduce((sum, one) => sum + one, 0) / values.length, gradient }
}

/** What some steps came to: the loss of each, and weights and both moments as a run keeps them. */
interface Trained {
  losses: number[]
  state: Float32Array[]
}

/** The largest difference of any of the arrays, as a share of the largest number in its twin. */
function largestShare(found: readonly Float32Array[], expected: readonly Float32Array[]): number {
  const shares = expected.map((values, which) => {
    let [difference, largest] = [0, 0]
    values.forEach((value, index) => {
      difference = Math.max(difference, Math.abs(found[which]![index]! - value))
      largest = Math.max(largest, Math.abs(value))
    })
    return difference / largest
  })
  return Math.max(...shares)
}

async function trainSteps(
  kernels: FusedKernels,
  { from, first = 1, last = STEPS }: { from?: Float32Array[]; first?: number; last?: number } = {}
): Promise<Trained> {
  const layout = layoutOf(SHAPE)
  const ids = sequencesFor(SHAPE)
  const [weights, moment, square] = from?.map((values) => tensor1d(values)) ?? [
    packParameters(layout, initializeParameters(SHAPE, 7), 'the verification'),
    packParameters(layout, null, 'zeros'),
    packParameters(layout, null, 'zeros')
  ]
  const optimizer = kernels.createOptimizer(weights!, moment!, square!)
  const losses: number[] = []
  for (let step = first; step <= last; step++) {
    const flat = optimizer.parameters()
    const { loss, gradient } = await flatGradient(kernels, SHAPE, flat, ids)
    flat.dispose()
    optimizer.update(gradient, {
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0.1,
      step
    })
    gradient.dispose()
    losses.push(loss)
  }
  const ended = [optimizer.parameters(), ...optimizer.moments()]
  const state = await Promise.all(ended.map(async (one) => (await one.data()) as Float32Array))
  for (const one of ended) one.dispose()
  optimizer.dispose()
  return { losses, state }
}
