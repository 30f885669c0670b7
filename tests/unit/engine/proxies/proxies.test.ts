import { expect, test } from 'vitest'
import { BRANCH_PROXIES } from '#engine/proxies/branchProxies'
import { holdsPartition, partitionShare, unitCount } from '#engine/proxies/composition'
import type { Mixture } from '#shared/records'

const UNEVEN: Mixture = {
  name: 'code+speeches',
  members: [
    { name: 'code', weight: null },
    { name: 'speeches', weight: null }
  ],
  units: [
    { unit: 'code#1', partition: 'code', microWeight: 1 / 3, macroWeight: 1 / 2 },
    { unit: 'speeches#1', partition: 'speeches', microWeight: 1 / 3, macroWeight: 1 / 4 },
    { unit: 'speeches#2', partition: 'speeches', microWeight: 1 / 3, macroWeight: 1 / 4 }
  ]
}

test('means of branches weigh them as the micro merge, of perplexity and of its log', () => {
  const losses = new Map([
    ['code#1', Math.log(10)],
    ['speeches#1', Math.log(20)],
    ['speeches#2', Math.log(60)]
  ])
  const of = (name: keyof typeof BRANCH_PROXIES) =>
    Math.exp(BRANCH_PROXIES[name](UNEVEN, (unit) => losses.get(unit)!))
  expect(of('branch-mean')).toBeCloseTo(30, 12)
  expect(of('branch-mean-log')).toBeCloseTo(Math.cbrt(10 * 20 * 60), 12)
  expect(of('best-branch')).toBeCloseTo(10, 12)
})

test('what branches say is not a number while one of them is missing', () => {
  for (const of of Object.values(BRANCH_PROXIES)) {
    expect(of(UNEVEN, (unit) => (unit === 'code#1' ? NaN : 5))).toBeNaN()
  }
})

test('count is the number of base units, not of members', () => {
  expect(unitCount(UNEVEN)).toBe(3)
})

test('share is the partition’s share of base units, 0 where it is not in', () => {
  const shares = ['speeches', 'code', 'email'].map((name) => partitionShare(UNEVEN, name))
  expect(shares).toEqual([2 / 3, 1 / 3, 0])
  expect([holdsPartition(UNEVEN, 'code'), holdsPartition(UNEVEN, 'email')]).toEqual([true, false])
})

test('of a weighted mixture, share is the weight given', () => {
  const weighted: Mixture = {
    name: 'code*0.4+speeches*0.6',
    members: [
      { name: 'code', weight: 0.4 },
      { name: 'speeches', weight: 0.6 }
    ],
    units: [
      { unit: 'code#1', partition: 'code', microWeight: 0.4, macroWeight: 0.4 },
      { unit: 'speeches#1', partition: 'speeches', microWeight: 0.3, macroWeight: 0.3 },
      { unit: 'speeches#2', partition: 'speeches', microWeight: 0.3, macroWeight: 0.3 }
    ]
  }
  expect(partitionShare(weighted, 'speeches')).toBeCloseTo(0.6, 12)
})
