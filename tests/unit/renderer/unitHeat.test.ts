import { expect, test } from 'vitest'
import {
  cellWords,
  heatCsv,
  heatReach,
  heatRows,
  sortedBy
} from '../../../src/renderer/state/unitHeat'

const changes = {
  domains: [
    { name: 'law', kind: 'in' as const },
    { name: 'prose', kind: 'out' as const }
  ],
  units: [
    { unit: 'law#1', partition: 'law', changes: [-0.5, 0.1] },
    { unit: 'law#2', partition: 'law', changes: [-0.7, null] },
    { unit: 'code#1', partition: 'code', changes: [0.25, null] }
  ]
}

test('rows are base units, or partitions as means of their units', () => {
  const units = heatRows(changes, 'units')
  expect(units.map(({ name }) => name)).toEqual(['law#1', 'law#2', 'code#1'])
  expect(heatRows(changes, 'partitions')).toEqual([
    { name: 'law', partition: 'law', changes: [expect.closeTo(-0.6, 12), 0.1] },
    { name: 'code', partition: 'code', changes: [0.25, null] }
  ])
  // What is not measured comes last; without a domain the order is the study's.
  expect(sortedBy(units, 0).map(({ name }) => name)).toEqual(['law#2', 'law#1', 'code#1'])
  expect(sortedBy(units, 1)[0]!.name).toBe('law#1')
  expect(sortedBy(units, null)).toEqual(units)
  expect(heatReach(units, 2, false)).toEqual([0.7, 0.7])
  expect(heatReach(units, 2, true)).toEqual([0.7, 0.1])
  expect(cellWords(units[0]!, 'law', -0.5)).toBe(
    'law#1 on law: −0.500 nats per token, better than the seed'
  )
  expect(cellWords(units[1]!, 'prose', null)).toBe('law#2 on prose: not measured')
  expect(heatCsv(changes, units).split('\r\n')).toEqual([
    'unit,partition,law,prose',
    'law#1,law,-0.5,0.1',
    'law#2,law,-0.7,',
    'code#1,code,0.25,',
    ''
  ])
})
