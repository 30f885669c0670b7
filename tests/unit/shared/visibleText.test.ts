import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NAME_PATTERN, fitName } from '#shared/names'
import { terminalJson, terminalText, visibleParts, visibleText } from '#shared/visibleText'

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

const HOSTILE = 'a\u001B]52;c;aGk=\u0007\u001B[2J\u009B1m\u007F\u202Eb\u2028\u061C'

test('a terminal is given nothing that it obeys, and keeps lines and letters of any script', () => {
  expect(terminalText(HOSTILE)).toBe(
    'a⟨U+001B⟩]52;c;aGk=⟨U+0007⟩⟨U+001B⟩[2J⟨U+009B⟩1m⟨U+007F⟩⟨U+202E⟩b⟨U+2028⟩⟨U+061C⟩'
  )
  const fine = 'one\n\ttwo é e\u0301 हिन्दी עברית 👩\u200D💻'
  expect(terminalText(fine)).toBe(fine)
  expect(terminalText('a\r\nb\rc')).toBe('a\nb⟨U+000D⟩c')
})

test('JSON says the same in characters that no terminal obeys', () => {
  expect(terminalJson({ [HOSTILE]: HOSTILE })).toMatch(/^[ -~]*$/)
  fc.assert(
    fc.property(
      fc.json({ stringUnit: 'binary' }),
      fc.constantFrom(undefined, 2),
      (json, indent) => {
        const value: unknown = JSON.parse(json)
        const text = terminalJson(value, indent)
        expect(JSON.parse(text)).toEqual(value)
        expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Bidi_Control}\p{Zl}\p{Zp}]/u)
      }
    )
  )
})

test('such characters are in no name', () => {
  for (const character of HOSTILE.match(/[^ -~]/g)!) {
    expect([character, NAME_PATTERN.test(`a${character}b`)]).toEqual([character, false])
  }
  expect(fitName(HOSTILE)).toBe('a ]52;c;aGk= [2J 1m b')
  expect(NAME_PATTERN.test(fitName(HOSTILE)!)).toBe(true)
  expect(NAME_PATTERN.test('Recht – droit é 法律 قانون')).toBe(true)
})
