import { expect, test } from 'vitest'
import {
  axisOver,
  fitPaths,
  identityOf,
  isLogAxis,
  roomyExtent,
  ticksOf
} from '../../../src/renderer/charts/scatterAxes'

test.each([
  ['auto', 'perplexity', [10, 101], true],
  ['auto', 'perplexity', [10, 90], false],
  ['log', 'perplexity', [10, 20], true],
  ['linear', 'perplexity', [10, 1e6], false],
  ['log', 'nats/token', [1, 2], false],
  ['log', 'perplexity', [], false]
] as const)('axes asked to be %s over %s %j: log %s', (choice, unit, values, isLog) => {
  expect(isLogAxis(choice, unit, values)).toBe(isLog)
})

test('an axis has room around its values, even around a single one', () => {
  for (const isLog of [false, true]) {
    for (const values of [[40, 90], [7]]) {
      const [low, high] = roomyExtent(values, isLog)
      expect(low).toBeLessThan(Math.min(...values))
      expect(high).toBeGreaterThan(Math.max(...values))
    }
  }
})

test('a log axis has few ticks over decades and enough within one', () => {
  expect(ticksOf(axisOver([10, 10_000], [0, 100], true), 4, true)).toEqual([10, 100, 1000, 10_000])
  expect(ticksOf(axisOver([30, 600], [0, 100], true), 4, true)).toEqual([50, 100, 200, 500])
  expect(ticksOf(axisOver([52, 88], [0, 100], true), 4, true).length).toBeGreaterThan(2)
})

test('identity runs where both axes hold the same values', () => {
  const x = axisOver([10, 50], [0, 100], false)
  expect(identityOf(x, axisOver([30, 80], [100, 0], false))).toEqual({ from: 30, to: 50 })
  expect(identityOf(x, axisOver([60, 80], [100, 0], false))).toBe(null)
})

test('a fit is drawn through its group’s mean, over the proxies it was fitted to and no further', () => {
  const axis = axisOver([0, 10], [0, 10], false)
  const line = { n: 4, meanX: 3, meanY: 5, from: 1, to: 5 }
  const fit = { slope: 2, reach: 0, squares: 8, lines: [line, { ...line, from: 2, to: 2 }] }
  const paths = fitPaths(fit, axis, axis, false)
  expect(paths).toHaveLength(1)
  const points = paths[0]!.line.match(/-?[\d.]+,-?[\d.]+/g)!
  expect([points[0], points[12], points.at(-1)]).toEqual(['1,1', '3,5', '5,9'])
})
