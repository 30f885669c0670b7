import { expect, test } from 'vitest'
import { measureDistances } from '#engine/merging/distances'
import { sourceOf } from '#engine/parameters'

function model(small: number[], long: (i: number) => number) {
  const data = Float32Array.from({ length: 1_600_000 }, (_, i) => long(i))
  return sourceOf(
    new Map([
      ['small', { shape: [small.length], data: Float32Array.from(small) }],
      ['long', { shape: [1000, 1600], data }]
    ]),
    'model'
  )
}

test('distances and cosines are those of one long vector, whatever the blocks', async () => {
  const models = [
    { name: 'a', source: model([3, 4], () => 0) },
    { name: 'b', source: model([4, -3], () => 0) },
    { name: 'c', source: model([0, 0], (i) => (i % 1000 === 0 ? 0.5 : 0)) },
    { name: 'zero', source: model([0, 0], () => 0) }
  ]
  const found = await measureDistances(models, { origin: 3 })
  expect(found.norms).toEqual([5, 5, 20, 0])
  const apart = Math.sqrt((25 + 400) / ((25 + 400) / 2))
  expect(found.relativeDistances[0]).toEqual([0, Math.sqrt(2), apart, Math.sqrt(2)])
  expect(found.cosines).toEqual([
    [1, 0, 0, null],
    [0, 1, 0, null],
    [0, 0, 1, null],
    [null, null, null, null]
  ])
  // From the model of zeros, the way to a model is that model.
  expect(found.ways!.from).toBe('zero')
  found.ways!.cosines.forEach((row, a) =>
    row.forEach((cosine, b) => {
      const wanted = found.cosines[a]![b]!
      if (wanted === null) expect(cosine).toBeNull()
      else expect(cosine).toBeCloseTo(wanted, 12)
    })
  )
})

test('a tensor of another shape is named', async () => {
  const models = [
    { name: 'a', source: model([1, 2], () => 0) },
    { name: 'b', source: model([1], () => 0) }
  ]
  await expect(measureDistances(models)).rejects.toMatchObject({
    code: 'merge/mismatch',
    details: { model: 'b', tensor: 'small' }
  })
})
