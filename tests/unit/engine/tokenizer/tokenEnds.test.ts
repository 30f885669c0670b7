import { expect, test } from 'vitest'
import { joinTokenEnds } from '#engine/tokenizer/tokenEnds'

test('offsets of characters become offsets of UTF-16 units, pieces follow one another', () => {
  const pieces = [
    {
      text: '😀a',
      ids: [7, 8],
      offsets: [
        [0, 1],
        [1, 2]
      ]
    },
    { text: ' b', ids: [9], offsets: [[0, 2]] }
  ]
  expect(joinTokenEnds(pieces)).toEqual({ ends: [2, 3, 5], ids: [[7], [8], [9]] })
})

test('tokens that spell the bytes of one character share its end', () => {
  const piece = {
    text: 'é!',
    ids: [1, 2, 3],
    offsets: [
      [0, 1],
      [0, 1],
      [1, 2]
    ]
  }
  expect(joinTokenEnds([piece])).toEqual({ ends: [1, 2], ids: [[1, 2], [3]] })
})

test('blanks that a tokenizer trims count to a token, so that the spans are the whole text', () => {
  const piece = {
    text: 'a  b  ',
    ids: [1, 2],
    offsets: [
      [0, 1],
      [3, 4]
    ]
  }
  expect(joinTokenEnds([piece])).toEqual({ ends: [1, 6], ids: [[1], [2]] })
  expect(joinTokenEnds([])).toEqual({ ends: [], ids: [] })
  expect(joinTokenEnds([{ text: '', ids: [], offsets: [] }])).toEqual({ ends: [], ids: [] })
})
