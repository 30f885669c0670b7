import { expect, test } from 'vitest'
import { relabelMixtures } from '#engine/studies/evidence/relabel'
import { labelOrderings } from '#engine/statistics/permutations'
import type { Mixture } from '#shared/records'

function mixture(weights: Record<string, number>): Mixture {
  const members = Object.entries(weights).map(([name, weight]) => ({ name, weight }))
  return { name: JSON.stringify(weights), members, units: [] }
}

test('a mixture whose weights no other has becomes itself or nothing, others one another', () => {
  const mixtures: Record<string, number>[] = [
    { a: 0.5, b: 0.3, c: 0.2 },
    { a: 0.3, b: 0.5, c: 0.2 },
    { a: 0.6, b: 0.2, c: 0.2 },
    { b: 0.9, c: 0.1 }
  ]
  const names = ['a', 'b', 'c']
  const { count, orderings } = labelOrderings(3, [], 1)
  const textOf = (weights: Record<string, number>) => JSON.stringify(Object.entries(weights).sort())
  const expected = Array.from({ length: count }, (_, k) =>
    mixtures.map((weights) => {
      const renamed = Object.entries(weights).map(([name, weight]) => {
        return [names[orderings[k * 3 + names.indexOf(name)]!]!, weight] as const
      })
      const image = textOf(Object.fromEntries(renamed))
      return mixtures.findIndex((other) => textOf(other) === image)
    })
  ).flat()
  const all = mixtures.map(mixture)
  expect([...relabelMixtures(all, all, [], 1).images]).toEqual(expected)
  expect(expected.filter((place) => place >= 0).length).toBeGreaterThan(4)
})
