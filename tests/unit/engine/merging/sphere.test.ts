import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  karcherFactors,
  modelStockFactors,
  multislerpFactors,
  nuslerpFactors,
  slerpFactors
} from '#engine/merging/sphere'

type Vector = number[]
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const products = (vectors: Vector[]) => vectors.map((a) => vectors.map((b) => dot(a, b)))
const combined = (factors: number[], vectors: Vector[]) =>
  vectors[0]!.map((_, i) => factors.reduce((sum, factor, m) => sum + factor * vectors[m]![i]!, 0))
const angle = (a: Vector, b: Vector) =>
  Math.acos(Math.max(-1, Math.min(1, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)))))

const vector = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
  .filter((values) => dot(values, values) > 0.1)
/** Neither parallel nor opposite. */
const pair = fc
  .tuple(vector, vector)
  .filter(([a, b]) => angle(a, b) > 0.1 && angle(a, b) < Math.PI - 0.1)
const share = fc.double({ min: 0, max: 1, noNaN: true })

test('SLERP of unit vectors goes its share of the angle and stays on the sphere', () => {
  fc.assert(
    fc.property(pair, share, (ends, t) => {
      const [a, b] = ends.map((one) => one.map((value) => value / Math.sqrt(dot(one, one))))
      const between = combined(slerpFactors(products([a!, b!]), t), [a!, b!])
      expect(dot(between, between)).toBeCloseTo(1, 6)
      expect(angle(a!, between)).toBeCloseTo(t * angle(a!, b!), 5)
    })
  )
})

test('SLERP’s ends are the models themselves, and NuSLERP is SLERP by the second’s share', () => {
  fc.assert(
    fc.property(pair, fc.double({ min: 0.1, max: 3, noNaN: true }), ([a, b], weight) => {
      const of = products([a, b])
      expect(slerpFactors(of, 0).map((value) => value + 0)).toEqual([1, 0])
      expect(slerpFactors(of, 1).map((value) => value + 0)).toEqual([0, 1])
      nuslerpFactors(of, [1, weight]).forEach((factor, i) =>
        expect(factor).toBeCloseTo(slerpFactors(of, weight / (1 + weight))[i]!, 6)
      )
    })
  )
})

test('at the Karcher mean the arcs to the models cancel out; its length is their mean', () => {
  const near = fc
    .array(vector, { minLength: 2, maxLength: 4 })
    .filter((all) => all.every((a) => all.every((b) => angle(a, b) < 1.2)))
  fc.assert(
    fc.property(near, (vectors) => {
      const factors = karcherFactors(products(vectors), { maxIterations: 100, tol: 1e-7 })
      const mean = combined(factors, vectors)
      const length = Math.sqrt(dot(mean, mean))
      const lengths = vectors.map((one) => Math.sqrt(dot(one, one)))
      expect(length).toBeCloseTo(lengths.reduce((sum, one) => sum + one, 0) / lengths.length, 5)
      const arcs = vectors.map((one, m) => {
        const far = angle(one, mean)
        if (far < 1e-7) return one.map(() => 0)
        const unit = one.map((value) => value / lengths[m]!)
        const step = far / Math.sin(far)
        return unit.map((value, i) => step * (value - (Math.cos(far) * mean[i]!) / length))
      })
      combined(
        vectors.map(() => 1),
        arcs
      ).forEach((value) => expect(value).toBeCloseTo(0, 4))
    })
  )
})

test('methods on the sphere give a model back when all are that model, or one alone', () => {
  const same = products([
    [1, 2],
    [1, 2],
    [1, 2]
  ])
  const sum = (factors: number[]) => factors.reduce((total, factor) => total + factor, 0)
  expect(sum(karcherFactors(same, { maxIterations: 10, tol: 1e-5 }))).toBeCloseTo(1, 9)
  const options = { normalize: true, eps: 1e-8 }
  expect(sum(multislerpFactors(same, [1, 1, 2], options))).toBeCloseTo(1, 7)
  expect(multislerpFactors([[5]], [3], options)).toEqual([1])
  expect(karcherFactors([[5]], { maxIterations: 10, tol: 1e-5 })).toEqual([1])
})

test('Model Stock takes the mean of equal differences, and stays at the base where they are at right angles', () => {
  const equal = modelStockFactors(
    products([
      [3, 0],
      [3, 0]
    ])
  )
  expect(equal.map((factor) => Math.round(factor * 1e9) / 1e9)).toEqual([0.5, 0.5])
  expect(
    modelStockFactors(
      products([
        [3, 0],
        [0, 2]
      ])
    )
  ).toEqual([0, 0])
})

test('zeros merge to zero, and directions that cancel are refused by name', () => {
  const zeros = products([
    [0, 0],
    [0, 0]
  ])
  expect(karcherFactors(zeros, { maxIterations: 10, tol: 1e-5 })).toEqual([0, 0])
  expect(slerpFactors(zeros, 0.3).every(Number.isFinite)).toBe(true)
  const star = products([
    [1, 0],
    [-0.5, Math.sqrt(0.75)],
    [-0.5, -Math.sqrt(0.75)]
  ])
  expect(() => multislerpFactors(star, [1, 1, 1], { normalize: true, eps: 1e-6 })).toThrow(
    expect.objectContaining({ code: 'merge/undefined' })
  )
})
