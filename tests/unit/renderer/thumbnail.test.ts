import { expect, test } from 'vitest'
import { shadePaths } from '../../../src/renderer/charts/thumbnail'

test('cells are gathered by shade, each column to its own end; what is not measured is left out', () => {
  const paths = shadePaths([
    [-4, 0.2],
    [-2, null],
    [4, 0]
  ])
  expect(paths).toEqual([
    { isBetter: true, strength: 1, path: 'M0 0h1v1h-1z' },
    { isBetter: true, strength: 0.5, path: 'M0 1h1v1h-1z' },
    { isBetter: false, strength: 1, path: 'M0 2h1v1h-1zM1 0h1v1h-1z' }
  ])
  expect(shadePaths([])).toEqual([])
})
