import { expect, test } from 'vitest'
import { measureDeltas } from '#engine/merging/branchDeltas'
import { sourceOf } from '#engine/parameters'
import type { Parameter, ParameterSource } from '#engine/parameters'
import { noiseOf } from '../../../support/syntheticResults'

/** A model of two tensors, the second longer than a block. */
const LENGTHS = { small: 3, long: 1_600_000 }

function model(label: string, value: (name: string, i: number) => number): ParameterSource {
  const entries = Object.entries(LENGTHS).map(([name, length]): [string, Parameter] => {
    const data = Float32Array.from({ length }, (_, i) => value(name, i))
    return [name, { shape: [length], data }]
  })
  return sourceOf(new Map(entries), label)
}

test('distances and cosines over all tensors and blocks are those of one long vector', async () => {
  const seed = model('seed', () => 2)
  const one = model('one', (_, i) => 2 + (i % 2 === 0 ? 0.5 : 0))
  const opposite = model('opposite', (_, i) => 2 - (i % 2 === 0 ? 0.25 : 0))
  const acrossIt = model('across', (_, i) => 2 + (i % 2 === 0 ? 0 : 1))
  const same = model('same', () => 2)
  const branches = { one, opposite, across: acrossIt, same }
  const found = await measureDeltas(
    seed,
    Object.entries(branches).map(([name, source]) => ({ name, source }))
  )
  const total = LENGTHS.small + LENGTHS.long
  const even = Math.ceil(LENGTHS.small / 2) + LENGTHS.long / 2
  expect(found.seedNorm).toBeCloseTo(2 * Math.sqrt(total), 6)
  const distances = found.branches.map(({ relativeDistance }) => relativeDistance)
  const part = Math.sqrt(even / total) / 2
  expect(distances[0]).toBeCloseTo(0.5 * part, 9)
  expect(distances[1]).toBeCloseTo(0.25 * part, 9)
  expect(distances[2]).toBeCloseTo(Math.sqrt((total - even) / total) / 2, 9)
  expect(distances[3]).toBe(0)
  const rounded = found.cosines.map((row) =>
    row.map((one) => (one === null ? null : Math.round(one * 1e9) / 1e9 + 0))
  )
  expect(rounded).toEqual([
    [1, -1, 0, null],
    [-1, 1, 0, null],
    [0, 0, 1, null],
    [null, null, null, null]
  ])
})

test('a cosine is that of plain sums; another architecture is refused', async () => {
  const of = (label: string) => model(label, (name, i) => noiseOf(`${label} ${name} ${i % 997}`))
  const [seed, a, b] = [of('seed'), of('a'), of('b')]
  const { cosines } = await measureDeltas(seed, [
    { name: 'a', source: a },
    { name: 'b', source: b }
  ])
  let [aa, bb, ab] = [0, 0, 0]
  for (const name of Object.keys(LENGTHS)) {
    const [s, x, y] = [seed, a, b].map((one) => one.read(name) as Float32Array)
    x!.forEach((value, i) => {
      const [u, v] = [value - s![i]!, y![i]! - s![i]!]
      aa += u * u
      bb += v * v
      ab += u * v
    })
  }
  expect(cosines[0]![1]).toBeCloseTo(ab / Math.sqrt(aa * bb), 9)
  const other = sourceOf(new Map([['small', { shape: [1], data: new Float32Array(1) }]]), 'other')
  await expect(measureDeltas(seed, [{ name: 'o', source: other }])).rejects.toMatchObject({
    code: 'merge/mismatch'
  })
})
