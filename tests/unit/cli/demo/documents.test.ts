import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { distinct, passage, sample } from '../../../../src/cli/demo/documents'
import type { DemoDocument } from '../../../../src/cli/demo/documents'

const documents = (...texts: string[]): DemoDocument[] =>
  texts.map((text, index) => ({ text, source: String(index) }))

test('a text that differs from an earlier one only in blanks is dropped', () => {
  const kept = distinct(documents('a b', 'c', 'a\n  b ', 'c d'))
  expect(kept.map(({ text }) => text)).toEqual(['a b', 'c', 'c d'])
})

const someTexts = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 30 })

test('a sample stops at the first document that reaches the bytes asked for', () => {
  fc.assert(
    fc.property(someTexts, fc.integer({ min: 0, max: 200 }), (texts, bytes) => {
      const all = documents(...texts)
      const sizes = sample(all, bytes).map(({ text }) => Buffer.byteLength(text))
      const total = sizes.reduce((sum, size) => sum + size, 0)
      if (sizes.length < all.length) expect(total).toBeGreaterThanOrEqual(bytes)
      expect(total - Math.max(0, ...sizes)).toBeLessThan(Math.max(1, bytes))
    })
  )
})

test('what a sample draws does not depend on the order of documents, and keeps it', () => {
  fc.assert(
    fc.property(someTexts, fc.integer({ min: 0, max: 200 }), (texts, bytes) => {
      const forward = sample(documents(...texts), bytes).map(({ text }) => text)
      const backward = sample(documents(...texts.toReversed()), bytes).map(({ text }) => text)
      expect(backward).toEqual(forward.toReversed())
    })
  )
})

test('a passage begins at the first sentence after the middle and ends with a sentence', () => {
  const text = Array.from({ length: 20 }, (_, i) => `This is sentence ${i + 10}.`).join(' ')
  expect(passage(text, 50)).toBe('This is sentence 20. This is sentence 21.')
})

test('a text no longer than a passage is the passage', () => {
  expect(passage(' Short. Text. ', 50)).toBe('Short. Text.')
})

test('a text without sentences is cut at the length asked for', () => {
  expect(passage('a'.repeat(100), 30)).toBe('a'.repeat(30))
})
