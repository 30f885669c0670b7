import { expect, it } from 'vitest'
import { taskItem } from '#engine/data/taskItems'

const fields = { context: 'q', choices: 'c', gold: 'g', delimiter: ' ' }
const where = { file: 'items.jsonl', position: 3 }
const read = (record: Record<string, unknown>) => taskItem(record, fields, where)

it.each([
  ['a place from 0', { q: 'x', c: ['a', 'b'], g: 1 }],
  ['a place in digits', { q: 'x', c: ['a', 'b'], g: '1' }],
  ['the text of a choice', { q: 'x', c: ['a', 'b'], g: 'b' }],
  ['a label, as ARC has them', { q: 'x', c: { text: ['a', 'b'], label: ['A', 'B'] }, g: 'B' }],
  ['a label that is a number', { q: 'x', c: { text: ['a', 'b'], label: ['1', '2'] }, g: '2' }]
])('finds the right answer by %s', (_, record) => {
  expect(read(record)).toEqual({ context: 'x', answers: [' a', ' b'], gold: 1 })
})

it('puts the delimiter only where neither side brings white space', () => {
  expect(read({ q: 'x ', g: 'a' }).answers).toEqual(['a'])
  expect(read({ q: 'x', g: '\na' }).answers).toEqual(['\na'])
  expect(read({ q: '', g: 'a' }).answers).toEqual(['a'])
  expect(read({ q: 'x', g: 'a' }).answers).toEqual([' a'])
})

it.each([
  [{ c: ['a', 'b'], g: 0 }, 'there is no field "q"'],
  [{ q: 'x', c: ['a', 'b'] }, 'there is no field "g"'],
  [{ q: 1, g: 'a' }, 'should hold a text'],
  [{ q: 'x', c: ['a'], g: 0 }, 'a list of two texts or more'],
  [{ q: 'x', c: ['a', ''], g: 0 }, 'none of them empty'],
  [{ q: 'x', c: ['a', 'b'], g: 2 }, 'one of the 2 choices'],
  [{ q: 'x', c: ['a', 'b'], g: 'z' }, 'one of the 2 choices'],
  [{ q: 'x', g: 0 }, 'there being no field "c"']
])('refuses %o', (record, words) => {
  expect(() => read(record)).toThrow(words)
})
