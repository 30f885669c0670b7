import { expect, test } from 'vitest'
import { pictureOf } from '#engine/desk/glimpses'
import { studyMatrix } from '#engine/studies/matrix'
import { syntheticResults } from '../../../support/syntheticResults'

/** Merges whose loss falls with the size of the mixture. */
function matrixOf(partitions: number) {
  const names = Array.from({ length: partitions }, (_, i) => [`p${i}`, 1] as const)
  const loss = ({ members }: { members: readonly unknown[] }) => 4 - members.length / 10
  return studyMatrix(
    syntheticResults({ partitions: Object.fromEntries(names), truth: loss, proxy: loss })
  )
}

test('a picture has the changes of the first proxy against the seed, means left out', () => {
  const matrix = matrixOf(3)
  const picture = pictureOf(matrix)!
  const plain = matrix.domains.filter(({ kind }) => kind !== 'mean').length
  expect([picture.proxy, picture.mixtures, picture.domains]).toEqual(['merge-micro', 4, plain])
  const last = picture.cells.at(-1)!
  const value = matrix.proxies[0]!.values.at(-1)![0]!
  expect(last[0]).toBeCloseTo(Math.log(value) - Math.log(matrix.seed[0]!), 12)
})

test('of many mixtures a picture shows some, spread over all sizes', () => {
  const picture = pictureOf(matrixOf(8))!
  expect([picture.mixtures, picture.cells.length]).toEqual([247, 32])
  const changes = picture.cells.map(([first]) => first!)
  expect(changes.at(-1)! - changes[0]!).toBeLessThan(-0.2)
})

test('without a seed, or a measured mixture, there is no picture', () => {
  const matrix = matrixOf(2)
  expect(pictureOf({ ...matrix, seed: matrix.seed.map(() => null) })).toBe(null)
  expect(pictureOf({ ...matrix, proxies: [] })).toBe(null)
})
