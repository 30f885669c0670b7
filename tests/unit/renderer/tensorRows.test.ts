import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TensorInspection, TensorValues } from '#shared/modelInspection'
import {
  histogramPath,
  histogramWords,
  tensorNumber,
  tensorRows,
  tensorsCsv
} from '../../../src/renderer/state/tensorRows'

const VALUES: TensorValues = {
  min: -1.5,
  max: 2,
  mean: 0.00025,
  standardDeviation: 0.5,
  zeros: 1,
  nans: 0,
  infinities: 0,
  histogram: { from: -2, width: 1, counts: [1, 0, 4, 2] }
}

function tensor(name: string, change: Partial<TensorInspection> = {}): TensorInspection {
  return {
    name,
    shape: [3, 2],
    parameters: 6,
    dtype: 'F32',
    file: 'model.safetensors',
    block: 'attention',
    layer: 0,
    values: VALUES,
    ...change
  }
}

const TENSORS = [
  tensor('layers.0.q'),
  tensor('layers.10.q', { values: { ...VALUES, mean: -3 } }),
  tensor('layers.2.q', { values: null, dtype: 'I64' }),
  tensor('norm', { block: 'norms', values: { ...VALUES, mean: 9 } })
]
const names = (tensors: readonly TensorInspection[]) => tensors.map(({ name }) => name)

test('tensors are found by name and part, and sorted by any column, unread ones last', () => {
  expect(names(tensorRows(TENSORS, 'attention q', null))).toHaveLength(3)
  expect(names(tensorRows(TENSORS, '', { column: 'name', isUp: true }))).toEqual([
    'layers.0.q',
    'layers.2.q',
    'layers.10.q',
    'norm'
  ])
  expect(names(tensorRows(TENSORS, '', { column: 'mean', isUp: false }))).toEqual([
    'norm',
    'layers.0.q',
    'layers.10.q',
    'layers.2.q'
  ])
  expect(names(TENSORS)).toEqual(['layers.0.q', 'layers.10.q', 'layers.2.q', 'norm'])
})

test('values have three digits however small, and a minus that is one', () => {
  expect([0, 0.0125, -0.5, 2.5e-7, -123456, null].map(tensorNumber)).toEqual([
    '0',
    '0.0125',
    '−0.500',
    '2.50e−7',
    '−1.23e+5',
    '–'
  ])
})

test('a histogram is as high as its box where most lie, and shows whatever there is', () => {
  expect(histogramPath(VALUES.histogram, 40, 8)).toBe('M0,8V6H10V8H20V0H30V4H40V8Z')
  expect(histogramPath({ from: 0, width: 1, counts: [1, 100000] }, 2, 10)).toContain('V9.25')
  expect(histogramPath({ from: 0, width: 1, counts: [] }, 40, 8)).toBe('')
  expect(histogramWords(VALUES)).toBe('from −2.00 to 2.00, 4 intervals of 1.00; 1 zeros')
})

test('no bar leaves its box', () => {
  const counts = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(counts, (given) => {
      const path = histogramPath({ from: 0, width: 1, counts: given }, 96, 18)
      const heights = [...path.matchAll(/V([\d.]+)/g)].map(([, y]) => Number(y))
      expect(heights.every((y) => y >= 0 && y <= 18)).toBe(true)
      expect(path === '').toBe(given.every((count) => count === 0))
    })
  )
})

test('what is copied has every digit and the histogram itself', () => {
  const [head, line, , unread] = tensorsCsv('law#1', TENSORS).trim().split('\r\n')
  const row = Object.fromEntries(head!.split(',').map((name, i) => [name, line!.split(',')[i]]))
  expect(row).toMatchObject({
    model: 'law#1',
    tensor: 'layers.0.q',
    shape: '3x2',
    mean: '0.00025',
    histogram_counts: '1 0 4 2'
  })
  expect(unread).toMatch(/,I64,model\.safetensors,,,,,,,,,,$/)
})
