import { join } from 'node:path'
import { expect, it } from 'vitest'
import { chooseBackend } from '#engine/backends/choose'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import expected from '../../../golden/evaluation/expected.json'

const folder = join(import.meta.dirname, '../../../golden/evaluation/tiny')

it('gives what the strided loop of Hugging Face’s guide gives where its last window is full', async () => {
  const { ids, window, stride, nats, tokens } = expected.guide
  const { config, parameters } = await openCheckpoint(folder)
  const { kernels } = await (await chooseBackend()).activate()
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(await readParameters(parameters))
  const options = { window, stride, batchSize: 2, endOfTextId: 0 }
  const found = await evaluator.measureTokens([Int32Array.from(ids)], options)
  const sum = found.reduce((total, one) => total + one, 0)
  expect(found.length).toBe(tokens)
  expect(Math.abs(sum / nats - 1)).toBeLessThan(1e-6)
  // Behind a context the same tokens cost the same, where no window is cut otherwise.
  const behind = await evaluator.measureTokens([Int32Array.from(ids)], {
    ...options,
    contexts: [24]
  })
  expect([...behind]).toHaveLength(tokens - 24)
  behind.forEach((one, at) => expect(one).toBeCloseTo(found[24 + at]!, 4))
  evaluator.dispose()
})
