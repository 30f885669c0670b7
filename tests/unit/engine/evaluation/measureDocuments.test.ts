import { memory, tensor1d, tensor2d } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { FusedKernels } from '#engine/backends/backend'
import { chooseBackend } from '#engine/backends/choose'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import { tokenLosses } from '#engine/model/head'
import { initializeParameters } from '#engine/model/initialize'
import { referenceLosses } from '#engine/model/reference'
import type { DecoderConfig } from '#shared/records'
import { FLOAT32_TOLERANCE, goldenCases, relativeError } from '../../../golden/llama/golden'

let kernels: FusedKernels
beforeAll(async () => {
  kernels = (await (await chooseBackend()).activate()).kernels
})

describe.each(goldenCases)('measuring with the $name model', (golden) => {
  it.each([1, 4, 64])('gives the nats of transformers, %i windows at a time', async (batchSize) => {
    const { documents, nats, window, endOfTextId } = golden.measuring
    const evaluator = createEvaluator(golden.config, kernels)
    evaluator.load(golden.parameters)
    const options = { window, batchSize, endOfTextId }
    const found = await evaluator.measure(documents, options)
    const tokens = await evaluator.measureTokens(documents, options)
    evaluator.dispose()
    expect(relativeError(found, nats)).toBeLessThan(FLOAT32_TOLERANCE)
    // Token by token it is the same, to the bit, document after document.
    let token = 0
    const sums = documents.map(({ length }) =>
      tokens.slice(token, (token += length)).reduce((sum, one) => sum + one, 0)
    )
    expect([token, sums]).toEqual([tokens.length, [...found]])
  })
})

const config: DecoderConfig = {
  ...goldenCases[2]!.config,
  vocabularySize: 256,
  contextLength: 8
}
const parameters = initializeParameters({ ...config, initializerRange: 0.3 }, 3)
const endOfTextId = 2

/** As the definition reads, token by token, with a decoder in plain loops. */
function slowNats(document: Int32Array, window: number): number {
  const sequence = [endOfTextId, ...document]
  let nats = 0
  for (let position = 1; position <= document.length; position++) {
    const from = Math.floor((position - 1) / window) * window
    const isFull = from + window <= document.length
    const begin = isFull ? from : Math.max(0, document.length - window)
    const losses = referenceLosses(config, parameters, sequence.slice(begin, position + 1))
    nats += losses.at(-1)!
  }
  return nats
}

function documentOf(length: number): Int32Array {
  return Int32Array.from({ length }, (_, index) => (index * 37 + length * 11) % 256)
}

it('equals a plain loop over every length around the window', async () => {
  const documents = [1, 2, 7, 8, 9, 15, 16, 17, 30].map(documentOf)
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(parameters)
  const options = { window: 8, batchSize: 3, endOfTextId }
  const found = await evaluator.measure(documents, options)
  evaluator.dispose()
  const expected = documents.map((document) => slowNats(document, 8))
  expect(relativeError(found, expected)).toBeLessThan(FLOAT32_TOLERANCE)
})

it('measures logits whose exponentials no float32 holds', async () => {
  const extreme = new Map(
    [...parameters].map(([name, one]) => {
      const scale = name === 'lm_head.weight' || name === 'model.norm.weight' ? 30 : 1
      return [name, { ...one, data: one.data.map((value) => value * scale) }]
    })
  )
  const document = documentOf(8)
  const losses = referenceLosses(config, extreme, [endOfTextId, ...document])
  const expected = losses.reduce((total, loss) => total + loss, 0)
  // More than 88 nats a token: e to that power is infinite in float32.
  expect(expected / 8).toBeGreaterThan(88)
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(extreme)
  const found = await evaluator.measure([document], { window: 8, batchSize: 1, endOfTextId })
  evaluator.dispose()
  expect(relativeError(found, [expected])).toBeLessThan(FLOAT32_TOLERANCE)
})

it('asks again where the exponentials of a row vanish, instead of summing what is left', async () => {
  // One logit at −86 and the others at −88: of their exponentials a processor keeps the first only.
  const logits = Array.from({ length: 2000 }, (_, id) => (id === 7 ? -86 : -88))
  const hidden = tensor2d([[1]])
  const head = tensor2d(logits, [2000, 1])
  const targets = tensor1d([7], 'int32')
  const usual = tokenLosses(hidden, head, targets, false)
  const exact = tokenLosses(hidden, head, targets, true)
  const expected = Math.log(logits.reduce((total, one) => total + Math.exp(one + 86), 0))
  expect([...(await usual.data())]).toEqual([NaN])
  expect((await exact.data())[0]).toBeCloseTo(expected, 4)
  for (const tensor of [hidden, head, targets, usual, exact]) tensor.dispose()
})

it('gives a document the same nats in whatever company', async () => {
  const documents = [5, 8, 21, 3].map(documentOf)
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(parameters)
  const options = { window: 8, batchSize: 4, endOfTextId }
  const together = await evaluator.measure(documents, options)
  const alone: number[] = []
  for (const document of documents) {
    alone.push((await evaluator.measure([document], options))[0]!)
  }
  evaluator.dispose()
  expect(relativeError(together, alone)).toBeLessThan(1e-6)
})

it('gives an empty document nothing and tells its progress', async () => {
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(parameters)
  const told: number[][] = []
  const options = { window: 8, batchSize: 1, endOfTextId }
  const documents = [documentOf(0), documentOf(9)]
  const found = await evaluator.measure(documents, options, undefined, (...both) => told.push(both))
  evaluator.dispose()
  expect(found[0]).toBe(0)
  expect(told.at(-1)).toEqual([9, 9])
})

it('stops between batches when asked to', async () => {
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(parameters)
  const controller = new AbortController()
  const options = { window: 8, batchSize: 1, endOfTextId }
  const found = evaluator.measure([documentOf(80)], options, controller.signal, () =>
    controller.abort()
  )
  await expect(found).rejects.toThrow('aborted')
  evaluator.dispose()
})

it('leaves no tensor behind', async () => {
  const before = memory().numTensors
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(parameters)
  evaluator.load(parameters)
  await evaluator.measure([documentOf(20)], { window: 8, batchSize: 2, endOfTextId })
  evaluator.dispose()
  expect(memory().numTensors).toBe(before)
})
