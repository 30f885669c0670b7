import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fairShares, sharedAtOnce } from '#engine/executors/slurm/atOnce'
import type { ArrayLoad } from '#engine/executors/slurm/atOnce'

test('shares are fair, and no more than is wanted', () => {
  expect(fairShares([2000, 1], 64)).toEqual([63, 1])
  expect(fairShares([2000, 2000, 5], 64)).toEqual([30, 29, 5])
  expect(fairShares([3, 4], 64)).toEqual([3, 4])
  expect(fairShares([5, 5, 5], 2)).toEqual([1, 1, 0])
  expect(fairShares([], 7)).toEqual([])
})

const load = (key: string, atOnce: number, live: number, running: number): ArrayLoad => ({
  key,
  atOnce,
  live,
  running
})
const shared = (arrays: ArrayLoad[], wanting: number, most: number) => {
  const { atOnce, room } = sharedAtOnce(arrays, wanting, most)
  return { ...Object.fromEntries(atOnce), room }
}

test('one that comes has room once those that run have made it', () => {
  expect(shared([], 100, 64)).toEqual({ room: 64 })
  expect(shared([load('a', 64, 900, 64)], 4, 64)).toEqual({ a: 60, room: 0 })
  expect(shared([load('a', 60, 890, 62)], 4, 64)).toEqual({ room: 2 })
  // As the one drains, the other has what it leaves.
  expect(shared([load('a', 60, 20, 20), load('b', 2, 90, 2)], 0, 64)).toEqual({ b: 44, room: 0 })
  // An array that is larger than one may be: all parts begin, and share.
  expect(shared([load('a', 1, 50, 1)], 3, 1)).toEqual({ room: 0 })
})

test('what runs, or may begin, is never more than may run at once, and nothing waits for ever', () => {
  const small = fc.integer({ min: 1, max: 9 })
  const coming = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(small, coming, fc.infiniteStream(fc.nat(3)), (most, sizes, random) => {
      const next = () => random.next().value as number
      let arrays: ArrayLoad[] = []
      const waiting = [...sizes]
      for (let round = 0; arrays.length > 0 || waiting.length > 0; round++) {
        expect(round).toBeLessThan(2000)
        const { atOnce, room } = sharedAtOnce(arrays, waiting[0] ?? 0, most)
        arrays = arrays.map((one) => ({ ...one, atOnce: atOnce.get(one.key) ?? one.atOnce }))
        if (room > 0) arrays.push(load(`a${round}`, room, waiting.shift()!, 0))
        // Slurm begins as many as it may, or fewer; some end.
        arrays = arrays.map((one) => {
          const may = Math.max(one.running, Math.min(one.atOnce, one.live))
          return { ...one, running: Math.max(one.running, may - next()) }
        })
        expect(arrays.reduce((sum, { running }) => sum + running, 0)).toBeLessThanOrEqual(most)
        arrays = arrays
          .map((one) => {
            const over = Math.min(one.running, next())
            return { ...one, live: one.live - over, running: one.running - over }
          })
          .filter(({ live }) => live > 0)
      }
    }),
    { numRuns: 200 }
  )
})
