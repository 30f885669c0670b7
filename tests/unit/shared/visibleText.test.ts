import fc from 'fast-check'
import { expect, test } from 'vitest'
import { visibleParts, visibleText } from '#shared/visibleText'

test('what shows as nothing, turns text or moves it stands by its number', () => {
  expect(visibleText('ls \u202Efdp.exe')).toBe('ls ⟨U+202E⟩fdp.exe')
  expect(visibleText('a\u200Bb\u00ADc\u3164d\u2800e\u00A0f\u{E0041}g')).toBe(
    'a⟨U+200B⟩b⟨U+00AD⟩c⟨U+3164⟩d⟨U+2800⟩e⟨U+00A0⟩f⟨U+E0041⟩g'
  )
  expect(visibleText('\u001B[2K\r\n\tok')).toBe('⟨U+001B⟩[2K⟨U+000D⟩⟨U+000A⟩⟨U+0009⟩ok')
  // A lone half of a pair, and a mark that is drawn over the letter before it.
  expect(visibleText('a\uD800b e\u0338')).toBe('a⟨U+D800⟩b e⟨U+0338⟩')
})

test('letters beyond ASCII are shown, and told apart', () => {
  expect(visibleParts('/home/jürgen/run 名')).toEqual([
    { kind: 'plain', text: '/home/j' },
    { kind: 'other', text: 'ü' },
    { kind: 'plain', text: 'rgen/run ' },
    { kind: 'other', text: '名' }
  ])
  // Cyrillic а looks like the Latin one.
  expect(visibleParts('b\u0430sh').map(({ kind }) => kind)).toEqual(['plain', 'other', 'plain'])
  expect(visibleParts('')).toEqual([])
})

test('nothing of a text is left out, and what is plain is plain ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const back = visibleParts(text).map(({ kind, text: part }) =>
        kind === 'hidden' ? String.fromCodePoint(parseInt(part.slice(2), 16)) : part
      )
      expect(back.join('')).toBe(text)
      const plain = visibleParts(text).filter(({ kind }) => kind === 'plain')
      expect(plain.every((one) => /^[ -~]+$/.test(one.text))).toBe(true)
    })
  )
})
