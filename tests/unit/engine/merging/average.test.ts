import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { BLOCK } from '#engine/merging/wasmKernel'
import { averageUniform, averageWeighted } from '#engine/merging/average'
import { sinkTo, sourceOf } from '#engine/parameters'
import type { ParameterSet, ParameterSource } from '#engine/parameters'

const model = (values: Record<string, number[] | Float32Array>): ParameterSet =>
  new Map(
    Object.entries(values).map(([name, data]) => [
      name,
      { shape: [data.length], data: Float32Array.from(data) }
    ])
  )

async function merge(models: ParameterSet[], weights?: number[]): Promise<ParameterSet> {
  const merged: ParameterSet = new Map()
  const sources = models.map((one, index) => sourceOf(one, `model ${index + 1}`))
  if (weights) await averageWeighted(sources, weights, sinkTo(merged))
  else await averageUniform(sources, sinkTo(merged))
  return merged
}

/** The obvious way: float64 products added in order, rounded once. */
function plain(models: Float32Array[], weights: number[]): Float32Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return models[0]!.map((_, i) => {
    const parts = models.map((values, m) => (weights[m]! / total) * values[i]!)
    return Math.fround(parts.slice(1).reduce((sum, part) => sum + part, parts[0]!))
  })
}

const bits = (values: Float32Array) => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length)
]

const finite = fc.float({ noNaN: true, noDefaultInfinity: true })

/** k models of n values, with weights. */
const someModels = fc
  .tuple(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 70 }))
  .chain(([k, n]) =>
    fc.record({
      models: fc.array(
        fc.float32Array({ minLength: n, maxLength: n, noNaN: true, noDefaultInfinity: true }),
        {
          minLength: k,
          maxLength: k
        }
      ),
      weights: fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), {
        minLength: k,
        maxLength: k
      })
    })
  )

test('every average has the bits of the obvious loop, whatever length and weights', async () => {
  await fc.assert(
    fc.asyncProperty(someModels, async ({ models, weights }) => {
      const merged = await merge(
        models.map((values) => model({ w: values })),
        weights
      )
      expect(bits(merged.get('w')!.data)).toEqual(bits(plain(models, weights)))
    })
  )
})

test('blocks join without a seam', async () => {
  const length = 3 * BLOCK + 5
  const a = Float32Array.from({ length }, (_, i) => Math.sin(i))
  const b = Float32Array.from({ length }, (_, i) => Math.cos(i * 3))
  const merged = await merge([model({ w: a }), model({ w: b })], [1, 2])
  expect(bits(merged.get('w')!.data)).toEqual(bits(plain([a, b], [1, 2])))
})

test('a merge of one model is that model, bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(finite, { minLength: 1, maxLength: 9 }), async (values) => {
      const merged = await merge([model({ w: [...values, -0] })])
      expect(bits(merged.get('w')!.data)).toEqual(bits(Float32Array.from([...values, -0])))
    })
  )
})

test('a merge of copies is the model itself to the last bit of rounding', async () => {
  await fc.assert(
    fc.asyncProperty(finite, fc.integer({ min: 2, max: 40 }), async (value, copies) => {
      const merged = await merge(Array.from({ length: copies }, () => model({ w: [value] })))
      expect(merged.get('w')!.data[0]).toBeCloseTo(value, 5 - Math.log10(Math.abs(value) + 1e-30))
    })
  )
})

test('the order of models does not matter beyond float64', async () => {
  await fc.assert(
    fc.asyncProperty(someModels, async ({ models, weights }) => {
      const sets = models.map((values) => model({ w: values }))
      const one = (await merge(sets, weights)).get('w')!.data
      const other = (await merge([...sets].reverse(), [...weights].reverse())).get('w')!.data
      const scale = Math.max(...models.map((values) => Math.max(...values.map(Math.abs))), 1e-30)
      one.forEach((value, i) =>
        expect(Math.abs(value - other[i]!)).toBeLessThanOrEqual(scale * 1e-6)
      )
    })
  )
})

test('a merge of merges with their weights is the flat merge', async () => {
  const rows = [
    [1.5, -2],
    [0.25, 8],
    [3, 3],
    [-1, 0.5]
  ]
  const [a, b, c, d] = rows.map((values) => model({ w: values })) as [
    ParameterSet,
    ParameterSet,
    ParameterSet,
    ParameterSet
  ]
  const nested = await merge([await merge([a, b, c]), d], [3, 1])
  const flat = await merge([a, b, c, d])
  nested.get('w')!.data.forEach((value, i) => expect(value).toBeCloseTo(flat.get('w')!.data[i]!, 6))
})

test('a model of weight 0 changes nothing and is not read', async () => {
  const a = model({ w: [1, 2, 3] })
  const unreadable: ParameterSource = {
    ...sourceOf(a, 'unreadable'),
    read: () => {
      throw new Error('was read')
    }
  }
  const merged: ParameterSet = new Map()
  await averageWeighted([sourceOf(a, 'a'), unreadable], [2, 0], sinkTo(merged))
  expect([...merged.get('w')!.data]).toEqual([1, 2, 3])
})

test('a source read in ranges gives the bits of one held in memory', async () => {
  const length = 2_500_000
  const a = model({ w: Float32Array.from({ length }, (_, i) => Math.sin(i)) })
  const b = model({ w: Float32Array.from({ length }, (_, i) => Math.cos(i)) })
  const ranges: number[] = []
  const fromFile = (set: ParameterSet): ParameterSource => ({
    ...sourceOf(set, 'file'),
    isHeld: false,
    read: async (name, from, to) => {
      ranges.push(to! - from!)
      return set.get(name)!.data.slice(from, to)
    }
  })
  const streamed: ParameterSet = new Map()
  await averageWeighted([fromFile(a), fromFile(b)], [1, 3], sinkTo(streamed))
  const held = (await merge([a, b], [1, 3])).get('w')!.data
  expect(Buffer.from(streamed.get('w')!.data.buffer).equals(Buffer.from(held.buffer))).toBe(true)
  // What all sources are read at a time does not grow with their number.
  expect(Math.max(...ranges) * 2).toBeLessThanOrEqual(1 << 20)
})

test('values that are no numbers stay so', async () => {
  const merged = await merge([model({ w: [NaN, Infinity, 1] }), model({ w: [1, 1, -Infinity] })])
  expect([...merged.get('w')!.data]).toEqual([NaN, Infinity, -Infinity])
})

test.each([
  ['shape', { w: [1, 2], v: [1] }, { w: [1, 2, 3], v: [1] }, 'w [3] there and w [2] here'],
  ['name', { w: [1], v: [1] }, { w: [1], u: [1] }, 'u [1] there and v [1] here'],
  ['what one has more', { w: [1] }, { w: [1], v: [1] }, 'v [1] there and nothing here'],
  ['number', { w: [1], v: [1] }, { w: [1] }, 'nothing there and v [1] here']
])('models that differ in %s are refused, naming the first parameter', async (_, a, b, message) => {
  await expect(merge([model(a), model(b)])).rejects.toMatchObject({
    code: 'merge/mismatch',
    message: expect.stringContaining(message) as string
  })
})

test('parameters are found by name: their order follows from how a model was cut into files', async () => {
  const merged = await merge([model({ w: [1], v: [2] }), model({ v: [4], w: [3] })])
  expect([...merged].map(([name, { data }]) => [name, ...data])).toEqual([
    ['w', 2],
    ['v', 3]
  ])
})

test.each([
  ['negative', [1, -1]],
  ['not a number', [1, NaN]],
  ['all zero', [0, 0]]
])('weights that are %s are refused', async (_, weights) => {
  const a = model({ w: [1] })
  await expect(merge([a, a], weights)).rejects.toMatchObject({ code: 'study/invalid-weights' })
})

test('a merge of nothing is refused', async () => {
  await expect(merge([])).rejects.toMatchObject({ code: 'merge/empty' })
})
