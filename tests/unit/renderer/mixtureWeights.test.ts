import { expect, test } from 'vitest'
import { whyNoWeight, withWeight } from '../../../src/renderer/state/mixtureWeights'

test('a weight is a number above 0, and what is none says so', () => {
  const words = 'a weight is above 0; remove the partition with its cell'
  expect(['3', '0.5', '1e-3'].map(whyNoWeight)).toEqual([null, null, null])
  expect(new Set(['0', '-1', '', ' ', '1e999', '-'].map(whyNoWeight))).toEqual(new Set([words]))
})

test('units of a partition share its weight; without weight they are not in the mixture', () => {
  const law = ['law#1', 'law#2']
  const both = withWeight({ mail: 1 }, law, 3)
  expect(both).toEqual({ mail: 1, 'law#1': 1.5, 'law#2': 1.5 })
  expect(withWeight(both, law, 0)).toEqual({ mail: 1 })
})
