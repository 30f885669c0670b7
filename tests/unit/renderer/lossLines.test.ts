import { expect, test } from 'vitest'
import type { QueuedRun } from '#shared/trainingView'
import { lossLines, smoothedLines, smoothingSpan } from '../../../src/renderer/charts/lossLines'
import { axisScale, fewTicks } from '../../../src/renderer/charts/lossScales'

const columns = {
  steps: [1, 2, 3],
  tokens: [10, 20, 30],
  losses: [5, 3, 4],
  extent: [3, 5] as const
}
const run = { fingerprint: 'f', name: 'law#1', role: 'branch', tokens: 40, head: null } as QueuedRun
const heldOut = {
  domain: 'law',
  steps: [2],
  tokens: [20],
  losses: [4.5],
  extent: [4.5, 4.5] as const
}
const shown = [
  {
    run,
    curve: { run: 'f', ...columns, heldOut: [heldOut] },
    mark: { colour: '#000', dash: [] }
  }
]

test('training is drawn faint and held-out loss strong, each as it is stored', () => {
  const [training, law] = lossLines(shown, 'tokens', null)
  expect([training!.xs, training!.ys]).toEqual([columns.tokens, columns.losses])
  expect([law!.on, law!.xs, law!.ys]).toEqual(['law', [20], [4.5]])
  expect(training!.width < law!.width && training!.opacity < law!.opacity).toBe(true)
  expect(lossLines(shown, 'steps', null)[0]!.xs).toEqual([1, 2, 3])
})

test('smoothing adds a line over the raw one, spans a share of the whole run, and is done once', () => {
  const lines = lossLines(shown, 'tokens', null)
  const known = new WeakMap()
  expect(smoothedLines(lines, 0, known)).toBe(lines)
  expect(smoothingSpan(lines, 0.25)).toBe(10)
  const drawn = smoothedLines(lines, 0.25, known)
  expect(drawn.map(({ key }) => key)).toEqual(['f', 'f smoothed', 'f law'])
  expect(drawn[0]!.ys).toEqual(columns.losses)
  expect(drawn[1]!.ys[0]).toBe(5)
  expect(drawn[1]!.ys[1]).toBeGreaterThan(3)
  expect(smoothedLines(lines, 0.25, known)[1]!.ys).toBe(drawn[1]!.ys)
  expect(smoothedLines(lines, 0.5, known)[1]!.ys).not.toBe(drawn[1]!.ys)
})

test('an axis is logarithmic only over values above zero, with ticks that read well', () => {
  const log = axisScale([1, 1000], [0, 300], true)
  expect(log(10)).toBeCloseTo(100)
  expect(axisScale([0, 1000], [0, 300], true)(500)).toBeCloseTo(150)
  expect(fewTicks(axisScale([1000, 5_000_000], [0, 300], true), 6)).toEqual([1e3, 1e4, 1e5, 1e6])
  expect(fewTicks(axisScale([2, 8], [0, 300], true), 5)).toEqual([2, 3, 4, 5, 6, 7, 8])
  expect(axisScale([3, 3], [0, 300], false)(3)).toBe(150)
})
