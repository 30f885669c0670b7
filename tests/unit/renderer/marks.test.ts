import { expect, test } from 'vitest'
import { markOf } from '../../../src/renderer/charts/marks'

/** Relative luminance of `#rrggbb`, as WCAG 2 has it. */
function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
  const linear = parts.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!
}

test('kinds of domains and proxies laid over one another differ in shape alone', () => {
  const shapes = ['in', 'out', 'seed', 'mean'].map((kind) => markOf(kind, 0, 2, 'kind').path)
  expect(new Set(shapes).size).toBe(4)
  for (const kind of ['in', 'out']) {
    const looks = [0, 1, 2].map((place) => {
      const { path, isHollow } = markOf(kind, place, 2, 'proxy')
      return `${path} ${isHollow}`
    })
    expect(new Set(looks).size).toBe(3)
  }
})

test('in-domain and out-of-domain differ in greyscale too', () => {
  const [within, beyond] = ['in', 'out'].map((kind) => luminance(markOf(kind, 0, 2, 'kind').colour))
  expect((beyond! + 0.05) / (within! + 0.05)).toBeGreaterThan(2)
})
