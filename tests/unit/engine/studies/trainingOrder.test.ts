import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { shortestLast } from '#engine/studies/trainingOrder'

const NOBODY = { awaitedMixtures: [] }

/** Runs of so many tokens each, named by their place. */
const runsOf = (tokens: readonly number[]) =>
  tokens.map((one, place) => ({ mixture: `m${place}`, tokens: one }))

test('the shortest come last, the longest of them first; before them the order stands', () => {
  const runs = runsOf([2, 4, 3, 2, 4, 3, 2, 4, 3, 2, 4, 3, 2, 4, 3, 2, 4, 3, 2, 4, 3])
  const ordered = shortestLast(runs, 2, NOBODY)
  expect(ordered.map(({ tokens }) => tokens).join('')).toBe('434343434343432222222')
})

test('no run is lost or trained twice, and the first half is as it would have been without its short ones', () => {
  const tokens = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 })
  fc.assert(
    fc.property(tokens, fc.integer({ min: 1, max: 9 }), (given, atOnce) => {
      const runs = runsOf(given)
      const ordered = shortestLast(runs, atOnce, NOBODY)
      expect(new Set(ordered)).toEqual(new Set(runs))
      expect(ordered).toHaveLength(runs.length)
      const kept = Math.min(4 * atOnce, runs.length >> 1)
      const first = ordered.slice(0, runs.length - kept)
      expect(first).toEqual(
        atOnce < 2 ? runs.slice(0, first.length) : runs.filter((run) => first.includes(run))
      )
      const last = ordered.slice(runs.length - kept)
      const shortest = Math.min(...first.map((run) => run.tokens))
      if (atOnce > 1) expect(last.every((run) => run.tokens <= shortest)).toBe(true)
    })
  )
})

test('runs as long as one another, or one at a time, keep their order', () => {
  const same = runsOf([3, 3, 3, 3, 3, 3])
  expect(shortestLast(same, 4, NOBODY)).toEqual(same)
  const others = runsOf([1, 2, 3, 4])
  expect(shortestLast(others, 1, NOBODY)).toEqual(others)
})

test('what somebody waits for keeps its place', () => {
  const runs = runsOf([1, 2, 2, 2, 1, 2])
  const ordered = shortestLast(runs, 2, { awaitedMixtures: ['m0'] })
  expect(ordered.map(({ mixture }) => mixture)).toEqual(['m0', 'm1', 'm2', 'm3', 'm5', 'm4'])
})
