import { expect, test } from 'vitest'
import { findAround, firstLine } from '#engine/data/browse/preview'

test('the first line with text is shown, cut between characters', () => {
  expect(firstLine('\n\n  Title \nmore')).toBe('Title')
  expect(firstLine(' \n ')).toBe('')
  expect(firstLine(`${'x'.repeat(159)}😀 and more`)).toBe(`${'x'.repeat(159)}…`)
})

test('words are found in any case, as they stand, with what is around them', () => {
  expect(findAround('Ein Müller.\nMÜLLER', 'müller')).toEqual({
    matches: 2,
    around: 'Ein Müller. MÜLLER'
  })
  expect(findAround('a.b', 'a?b')).toBe(null)
  expect(findAround('(x) [y]', '[Y]')?.matches).toBe(1)
  expect(findAround(`${'a'.repeat(100)}needle`, 'needle')?.around).toMatch(/^…a+needle$/)
})
