import { expect, test } from 'vitest'
import { curveOf } from '#engine/studies/curve'

test('a curve is thinned to stored points; its last one and its held-out ones stay', () => {
  const points = Array.from({ length: 100 }, (_, i) => ({
    step: i + 1,
    tokens: (i + 1) * 8,
    loss: 9 - i / 50,
    learningRate: 1,
    gradientNorm: 1,
    tokensPerSecond: 1,
    ...((i + 1) % 25 === 0 ? { heldOut: { law: 8 - i / 50 } } : {})
  }))
  const curve = curveOf('run', points, 10, true)
  expect(curve.steps).toEqual([1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 100])
  expect(curve.losses[1]).toBe(points[10]!.loss)
  expect(curve.heldOut).toEqual([
    {
      domain: 'law',
      steps: [25, 50, 75, 100],
      tokens: [200, 400, 600, 800],
      losses: [24, 49, 74, 99].map((i) => points[i]!.heldOut!.law)
    }
  ])
  expect(curveOf('run', [], 10, true)).toMatchObject({ steps: [], heldOut: [] })
})
