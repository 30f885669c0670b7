import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import { ValueGatherer } from '#engine/checkpoints/tensorValues'
import type { TensorValues } from '#shared/modelInspection'
import expected from '../../../golden/checkpoints/values.json'

const LLAMA = join(import.meta.dirname, '../../../golden/checkpoints/llama')

function gathered(values: Float32Array, step = values.length): TensorValues {
  const gatherer = new ValueGatherer()
  for (let from = 0; from < values.length; from += step) {
    gatherer.add(values.subarray(from, from + step))
  }
  return gatherer.values
}

/** Sums are made in another order than NumPy's. */
function close(found: TensorValues, wanted: TensorValues): void {
  const { mean, standardDeviation, ...exact } = found
  const { mean: wantedMean, standardDeviation: wantedSpread, ...wantedExact } = wanted
  expect(exact).toEqual(wantedExact)
  const near = (a: number | null, b: number | null) =>
    a === b || Math.abs(a! - b!) <= 1e-12 * Math.max(1, Math.abs(b!))
  expect([near(mean, wantedMean), near(standardDeviation, wantedSpread)]).toEqual([true, true])
}

test('tensors of a file have the statistics of NumPy', async () => {
  const weights = await openModelWeights(LLAMA)
  for (const [name, wanted] of Object.entries(expected.tensors)) {
    close(gathered(await weights.read(name)), wanted)
  }
})

test.each(Object.entries(expected.closed))(
  'values far from zero, with NaN and infinity among them, have the statistics of NumPy: %s',
  (key, wanted) => {
    const [length, offset] = key.split(' ').map(Number)
    const values = Float32Array.from({ length: length! }, (_, i) => {
      if (i % 7000 === 2) return 0
      if (i % 5000 === 1) return -Infinity
      return i % 1000 === 0 ? NaN : ((i * 37) % 101) / 64 - 0.75 + offset!
    })
    close(gathered(values, 777), wanted)
  }
)

test('neither blocks nor the order of values change what is gathered', () => {
  const value = fc.float({ noDefaultInfinity: false, noNaN: false })
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), (list, step) => {
      const forward = gathered(Float32Array.from(list), step)
      const backward = gathered(Float32Array.from(list).reverse())
      const exact = ({ mean: _, standardDeviation: __, ...rest }: TensorValues) => rest
      expect(exact(forward)).toEqual(exact(backward))
      const counted = forward.histogram.counts.reduce((sum, count) => sum + count, 0)
      expect(counted + forward.nans + forward.infinities).toBe(list.length)
    }),
    // Of two zeros either may come first.
    { examples: [[[-0, 0], 1]] }
  )
})
