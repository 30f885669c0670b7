import { expect, test } from 'vitest'
import { afterClick, afterKey } from '../../../src/renderer/state/selecting'
import type { SelectedRows } from '../../../src/renderer/state/selecting'

const ORDER = ['a', 'b', 'c', 'd', 'e']
const NONE: SelectedRows = { picked: null, anchor: null, selected: [] }
const PLAIN = { shiftKey: false, ctrlKey: false, metaKey: false }
const click = (before: SelectedRows, name: string, keys = {}) =>
  afterClick(before, ORDER, name, { ...PLAIN, ...keys })
const press = (before: SelectedRows, key: string, keys = {}) =>
  afterKey(before, ORDER, { ...PLAIN, key, ...keys }, 3)

test('clicks select one, a range, or one more and one less', () => {
  const one = click(NONE, 'b')
  expect(one).toEqual({ picked: 'b', anchor: 'b', selected: ['b'] })
  expect(click(one, 'b')).toEqual(NONE)
  const range = click(one, 'd', { shiftKey: true })
  expect(range).toEqual({ picked: 'd', anchor: 'b', selected: ['b', 'c', 'd'] })
  expect(click(range, 'a', { shiftKey: true }).selected).toEqual(['a', 'b'])
  const more = click(range, 'a', { ctrlKey: true })
  expect(more).toEqual({ picked: 'a', anchor: 'a', selected: ['b', 'c', 'd', 'a'] })
  expect(click(more, 'c', { metaKey: true }).selected).toEqual(['b', 'd', 'a'])
})

test('keys move, and with Shift they select', () => {
  const first = press(NONE, 'ArrowDown')!
  expect(first.picked).toBe('a')
  expect(press(NONE, 'End')!.picked).toBe('e')
  expect(press(NONE, 'ArrowUp')!.picked).toBe('a')
  expect(press(first, 'ArrowUp')!.picked).toBe('a')
  expect(press(first, 'PageDown')!.picked).toBe('d')
  expect(press(first, 'End')!.picked).toBe('e')
  const two = press(first, 'ArrowDown', { shiftKey: true })!
  expect(two).toEqual({ picked: 'b', anchor: 'a', selected: ['a', 'b'] })
  expect(press(two, 'End', { shiftKey: true })!.selected).toEqual(ORDER)
  expect(press(two, 'ArrowUp', { shiftKey: true })!.selected).toEqual(['a'])
})

test('Space takes one in and out, Ctrl-A takes all, Escape none; other keys mean nothing', () => {
  const at = { picked: 'c', anchor: 'c', selected: ['a'] }
  expect(press(at, ' ')!.selected).toEqual(['a', 'c'])
  expect(press(press(at, ' ')!, ' ')!.selected).toEqual(['a'])
  expect(press(at, 'a', { ctrlKey: true })!.selected).toEqual(ORDER)
  expect(press(at, 'Escape')!.selected).toEqual([])
  expect([press(NONE, 'Escape'), press(NONE, ' '), press(at, 'x'), press(at, 'a')]).toEqual([
    null,
    null,
    null,
    null
  ])
})

test('what is picked and not listed any more begins anew', () => {
  expect(press({ ...NONE, picked: 'gone' }, 'ArrowDown')!.picked).toBe('a')
  expect(click({ ...NONE, anchor: 'gone' }, 'c', { shiftKey: true }).selected).toEqual(['c'])
  expect(afterKey(NONE, [], { ...PLAIN, key: 'ArrowDown' }, 3)).toBe(null)
})
