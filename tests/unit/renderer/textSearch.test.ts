import { expect, test } from 'vitest'
import {
  findMatches,
  nextMatch,
  spanAt,
  visibleToken
} from '../../../src/renderer/state/textSearch'

test('words are found as they stand, in any case', () => {
  expect(findMatches('A.b a.B axb', 'a.b')).toEqual([
    { from: 0, to: 3 },
    { from: 4, to: 7 }
  ])
  expect([findMatches('text', ''), findMatches('text', 'no')]).toEqual([[], []])
})

test('matches go round in both directions', () => {
  expect([nextMatch(2, 3, 1), nextMatch(0, 3, -1), nextMatch(0, 0, 1)]).toEqual([0, 2, 0])
})

test('the token at an offset is the one whose span holds it', () => {
  expect([0, 1, 2, 4, 5, 9].map((at) => spanAt([2, 5, 6], at))).toEqual([0, 0, 1, 1, 2, null])
  expect(visibleToken(' a\n\t')).toBe('␣a⏎⇥')
})
