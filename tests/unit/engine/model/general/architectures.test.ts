/** Every architecture against what transformers and PyTorch computed with the same tiny model. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memory, range, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { chooseBackend } from '#engine/backends/choose'
import type { FusedKernels } from '#engine/backends/backend'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { readFamilyConfig } from '#engine/checkpoints/familyConfig'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import { packParameters, unpackParameters } from '#engine/model/layout'
import { openDecoder } from '#engine/model/openDecoder'
import { parameterCount, parameterShapes } from '#engine/model/config'
import { train } from '#engine/training/train'
import { RecipeSchema } from '#shared/records'

interface StoredModel {
  kind: string
  rows: number[]
  logits: number[]
  losses: number[]
  ownLosses: number[]
  gradients: Record<string, { norm: number; first: number[] }>
}
const folder = join(import.meta.dirname, '../../../../golden/architectures')
const stored = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
  time: number
  models: Record<string, StoredModel>
}
const { time } = stored
/** Relative to the value itself or to 1: what float32 sums in another order may differ by. */
const CLOSE = 2e-5

let kernels: FusedKernels
beforeAll(async () => {
  kernels = (await (await chooseBackend()).activate()).kernels
})

function off(found: number, expected: number): number {
  return Math.abs(found - expected) / Math.max(1, Math.abs(expected))
}

describe.each(Object.entries(stored.models))('%s', (name, golden) => {
  const width = time + 1
  const ids = (shift: number) =>
    Int32Array.from(golden.rows.filter((_, place) => (place + width - shift) % width < time))

  async function withModel<T>(
    use: (
      model: ReturnType<ReturnType<typeof openDecoder>['place']>,
      decoder: ReturnType<typeof openDecoder>
    ) => Promise<T>
  ): Promise<T> {
    const { config, parameters } = await openCheckpoint(join(folder, name))
    const decoder = openDecoder(config, kernels)
    const flat = packParameters(decoder.layout, await readParameters(parameters), name)
    const model = decoder.place(flat)
    flat.dispose()
    return use(model, decoder).finally(() => {
      model.dispose()
      decoder.forgetContexts()
    })
  }

  it('has the names and shapes of its checkpoint', async () => {
    const { config, parameters } = await openCheckpoint(join(folder, name))
    const shapes = parameterShapes(config)
    expect(new Map([...parameters.shapes].sort())).toEqual(new Map([...shapes].sort()))
    const sizes = [...shapes.values()].map((shape) => shape.reduce((a, b) => a * b, 1))
    expect(parameterCount(config)).toBe(sizes.reduce((a, b) => a + b, 0))
  })

  it('gives the losses of transformers, token by token', async () => {
    const before = memory().numTensors
    const found = await withModel(async (model) => {
      const hidden = model.hiddenStates(tensor2d(ids(0), [2, time], 'int32'))
      const targets = tensor2d(ids(1), [2, time], 'int32').flatten().toInt()
      const losses = model.tokenLosses(hidden, targets as never, false)
      return [...(await losses.data())]
    })
    const errors = found.map((loss, place) => off(loss, golden.losses[place]!))
    expect(Math.max(...errors)).toBeLessThan(CLOSE)
    expect(memory().numTensors - before).toBeLessThanOrEqual(6)
  })

  it('gives the logits of transformers', async () => {
    const vocabulary = golden.logits.length / time
    const place = time - 1
    const found = await withModel(async (model) => {
      const hidden = model.hiddenStates(tensor2d(ids(0), [2, time], 'int32'))
      // What each token would cost in its place is a constant less its logit.
      const last = hidden.slice([2 * time - 1, 0], [1, -1]).tile([vocabulary, 1])
      const tokens = range(0, vocabulary, 1, 'int32')
      return [...(await model.tokenLosses(last as Tensor2D, tokens, false).data())]
    })
    const logits = golden.logits.slice(place * vocabulary)
    for (const [token, loss] of found.entries()) {
      expect(off(found[0]! - loss, logits[token]! - logits[0]!)).toBeLessThan(CLOSE)
    }
  })

  it('gives the loss that transformers itself tells of a row', async () => {
    const { config, parameters } = await openCheckpoint(join(folder, name))
    const evaluator = createEvaluator(config, kernels)
    evaluator.load(await readParameters(parameters))
    for (const [row, expected] of golden.ownLosses.entries()) {
      const [first, ...document] = golden.rows.slice(row * width, (row + 1) * width)
      const nats = await evaluator.measure([Int32Array.from(document)], {
        window: time,
        batchSize: 1,
        endOfTextId: first!
      })
      expect(off(nats[0]! / document.length, expected)).toBeLessThan(CLOSE)
    }
    evaluator.dispose()
  })

  it('gives the gradients of PyTorch, and leaves no tensor behind', async () => {
    const before = memory().numTensors
    const found = await withModel(async (model, { layout }) => {
      const batch = {
        inputs: tensor2d(ids(0), [2, time], 'int32'),
        targets: tensor2d(ids(1), [2, time], 'int32'),
        maskedAt: null
      }
      const { losses, gradient } = model.lossGradient(batch, 1 / (2 * time))
      const result = {
        losses: [...(await losses.data())],
        gradients: await unpackParameters(layout, gradient)
      }
      for (const one of [losses, gradient, batch.inputs, batch.targets]) one.dispose()
      return result
    })
    expect(memory().numTensors).toBe(before)
    for (const [place, loss] of found.losses.entries()) {
      expect(off(loss, golden.losses[place]!)).toBeLessThan(CLOSE)
    }
    expect([...found.gradients.keys()].sort()).toEqual(Object.keys(golden.gradients).sort())
    for (const [key, expected] of Object.entries(golden.gradients)) {
      const { data } = found.gradients.get(key)!
      expect(off(Math.hypot(...data), expected.norm), key).toBeLessThan(CLOSE)
      for (const [place, value] of expected.first.entries()) {
        expect(Math.abs(data[place]! - value), `${key}[${place}]`).toBeLessThan(CLOSE)
      }
    }
  })

  it('is trained on: its loss on the same batch falls', async () => {
    const { config, parameters } = await openCheckpoint(join(folder, name))
    const losses: number[] = []
    await train({
      config: { ...config, contextLength: time },
      recipe: RecipeSchema.parse({ batchSize: 2, peakLearningRate: 5e-3, schedule: 'constant' }),
      kernels,
      start: {
        parameters: await readParameters(parameters),
        firstMoments: null,
        secondMoments: null,
        optimizerSteps: 0
      },
      firstStep: 0,
      steps: 8,
      endOfTextId: 0,
      batch: () => Int32Array.from(golden.rows),
      onStep: ({ loss }) => void losses.push(loss),
      signal: new AbortController().signal
    })
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1)
  })
})

it('computes a plain Llama as the hand-written decoder does, attention stopping at documents too', async () => {
  const path = join(folder, 'llama-2')
  const { config, parameters } = await openCheckpoint(path)
  expect(config.architecture).toBeUndefined()
  const raw = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as Record<string, unknown>
  const general = readFamilyConfig('llama', raw)
  const weights = await readParameters(parameters)
  const rows = stored.models['llama-2']!.rows
  const found = []
  for (const one of [config, general]) {
    const decoder = openDecoder(one, kernels)
    const flat = packParameters(decoder.layout, weights, 'llama-2')
    const model = decoder.place(flat)
    const table = tensor2d(rows, [2, time + 1], 'int32')
    const batch = {
      inputs: table.slice([0, 0], [2, time]),
      targets: table.slice([0, 1], [2, time]),
      // A token that stands within a row: attention must not look behind it.
      maskedAt: rows[4]!
    }
    const { losses, gradient } = model.lossGradient(batch, 1 / (2 * time))
    found.push({
      losses: [...(await losses.data())],
      gradients: await unpackParameters(decoder.layout, gradient)
    })
  }
  const [native, other] = found
  const plain = stored.models['llama-2']!.losses
  expect(native!.losses.some((loss, place) => off(loss, plain[place]!) > 1e-3)).toBe(true)
  native!.losses.forEach((loss, place) =>
    expect(off(other!.losses[place]!, loss)).toBeLessThan(CLOSE)
  )
  for (const [name, { data }] of native!.gradients) {
    const own = other!.gradients.get(name)!.data
    data.forEach((value, place) => expect(Math.abs(own[place]! - value), name).toBeLessThan(CLOSE))
  }
})
