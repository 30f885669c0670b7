import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { greedyDesign } from '#engine/statistics/greedyDesign'

interface Golden {
  points: number[][]
  groups: number[]
  taken: number[]
  steps: { item: number; information: number; before: number[]; after: number[] }[]
}
const { designs } = JSON.parse(readFileSync('tests/golden/statistics/design.json', 'utf8')) as {
  designs: Golden[]
}

const openOf = ({ points, taken }: Golden) =>
  [...points.keys()].filter((item) => !taken.includes(item))

test.each(designs)('chooses what the largest determinant does, design %#', (golden) => {
  const { points, groups, taken, steps } = golden
  const found = greedyDesign(
    points.map((one) => Float64Array.from(one)),
    Int32Array.from(groups),
    { taken, open: openOf(golden), count: steps.length }
  )
  expect(found.map(({ item }) => item)).toEqual(steps.map(({ item }) => item))
  found.forEach((step, i) => {
    expect(step.information).toBeCloseTo(steps[i]!.information, 9)
    step.before.forEach((value, term) => expect(value).toBeCloseTo(steps[i]!.before[term]!, 7))
    step.after.forEach((value, term) => expect(value).toBeCloseTo(steps[i]!.after[term]!, 7))
  })
})

test('points that tell the same are taken as they come, and no more than there are', () => {
  const points = [1, 1, -1, 1].map((value) => Float64Array.of(value, -value))
  const choice = { taken: [], open: [1, 2, 3], count: 9 }
  const found = greedyDesign(points, new Int32Array(4), choice)
  expect(found.map(({ item }) => item)).toEqual([1, 2, 3])
})
