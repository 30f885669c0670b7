import { dispose, memory, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { chooseBackend } from '#engine/backends/choose'
import type { FusedKernels } from '#engine/backends/backend'
import { createContext, disposeContext } from '#engine/model/context'
import { logits, lossGradients } from '#engine/model/decoder'
import {
  layoutOf,
  packGradients,
  packParameters,
  unpackParameters,
  viewWeights
} from '#engine/model/layout'
import {
  FLOAT32_TOLERANCE,
  goldenCases,
  relativeError,
  worstError
} from '../../../golden/llama/golden'

let kernels: FusedKernels
beforeAll(async () => {
  kernels = (await (await chooseBackend()).activate()).kernels
})

describe.each(goldenCases)('the $name model', (golden) => {
  const { config, parameters } = golden
  const time = config.contextLength

  function withModel<T>(
    use: (model: {
      layout: ReturnType<typeof layoutOf>
      context: ReturnType<typeof createContext>
      weights: ReturnType<typeof viewWeights>
    }) => Promise<T>
  ): Promise<T> {
    const layout = layoutOf(config)
    const context = createContext(config, layout.paddedVocabulary, kernels, time)
    const flat = packParameters(layout, parameters, 'the golden model')
    const weights = viewWeights(layout, flat)
    flat.dispose()
    return use({ layout, context, weights }).finally(() => {
      dispose(weights)
      disposeContext(context)
    })
  }

  it('gives the logits of transformers', async () => {
    const found = await withModel(async ({ context, weights }) =>
      tidy(() => logits(context, weights, inputsOf(golden.batches[0]!, time))).data()
    )
    expect(relativeError(found, golden.logits)).toBeLessThan(FLOAT32_TOLERANCE)
  })

  it('gives the loss and every gradient of PyTorch', async () => {
    const { loss, gradients } = await withModel(async ({ layout, context, weights }) => {
      const { losses, flat } = tidy(() => {
        const inputs = inputsOf(golden.batches[0]!, time)
        const targets = inputsOf(golden.batches[0]!, time, 1)
        const scale = 1 / inputs.size
        const batch = { inputs, targets, maskedAt: null }
        const found = lossGradients(context, weights, batch, scale)
        return { losses: found.losses, flat: packGradients(layout, found.gradients) }
      })
      const nats = await losses.data()
      const result = { loss: mean(nats), gradients: await unpackParameters(layout, flat) }
      losses.dispose()
      flat.dispose()
      return result
    })
    expect(loss).toBeCloseTo(golden.loss, 5)
    expect(worstError(gradients, golden.gradients)).toBeLessThan(FLOAT32_TOLERANCE)
  })

  it('leaves no tensor behind', async () => {
    const before = memory().numTensors
    await withModel(async ({ context, weights }) => {
      const found = logits(context, weights, inputsOf(golden.batches[0]!, time))
      found.dispose()
    })
    // inputsOf made one tensor outside of any scope
    expect(memory().numTensors - before).toBe(1)
  })

  it('keeps parameters through packing and unpacking', async () => {
    const layout = layoutOf(config)
    const flat = packParameters(layout, parameters, 'the golden model')
    const back = await unpackParameters(layout, flat)
    flat.dispose()
    expect(back).toEqual(parameters)
  })

  it('masked at documents, sees in each what it sees in the document alone', async () => {
    const endOfTextId = 1
    const first = [5, 7, 3]
    const second = [9, 2, 4]
    const row = [endOfTextId, ...first, endOfTextId, ...second]
    const together = await losses(row, endOfTextId, [...first, endOfTextId, ...second, 6])
    const alone = [
      ...(await losses([endOfTextId, ...first, 0, 0, 0, 0], null, [...first, 1, 0, 0, 0, 0])).slice(
        0,
        4
      ),
      ...(
        await losses([endOfTextId, ...second, 0, 0, 0, 0], null, [...second, 6, 0, 0, 0, 0])
      ).slice(0, 4)
    ]
    expect(relativeError(together, alone)).toBeLessThan(FLOAT32_TOLERANCE)

    function losses(inputs: number[], maskedAt: number | null, targets: number[]) {
      return withModel(async ({ context, weights }) => {
        const found = tidy(() => {
          const batch = {
            inputs: tensor2d(inputs, [1, time], 'int32'),
            targets: tensor2d(targets, [1, time], 'int32'),
            maskedAt
          }
          return lossGradients(context, weights, batch, 1).losses
        })
        const values = [...(await found.data())]
        found.dispose()
        return values
      })
    }
  })
})

function inputsOf(ids: Int32Array, time: number, shift = 0) {
  const width = time + 1
  const rows = ids.length / width
  const values = Array.from({ length: rows }, (_, row) => [
    ...ids.subarray(row * width + shift, row * width + shift + time)
  ])
  return tensor2d(values.flat(), [rows, time], 'int32')
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
}
