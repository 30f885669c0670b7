import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CanonicalText, canonicalJson, fingerprintOf } from '#engine/storage/fingerprint'

test('the order of keys does not matter, that of lists does', () => {
  expect(fingerprintOf({ a: 1, b: [1, 2] })).toBe(fingerprintOf({ b: [1, 2], a: 1 }))
  expect(fingerprintOf({ b: [1, 2] })).not.toBe(fingerprintOf({ b: [2, 1] }))
})

test('canonical JSON reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    })
  )
})

test('a part that was written before stands for what it was made of', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (part, other) => {
      const written = new CanonicalText(canonicalJson(part))
      expect(fingerprintOf({ other, part: written })).toBe(fingerprintOf({ part, other }))
      expect(canonicalJson([written, other])).toBe(canonicalJson([part, other]))
    })
  )
})

test('a key that is undefined is as good as none', () => {
  expect(canonicalJson({ a: undefined, b: null })).toBe('{"b":null}')
})

test('a number that JSON cannot hold is refused', () => {
  expect(() => canonicalJson({ loss: NaN })).toThrow('NaN')
})

test('the fingerprint of a known value never changes', () => {
  expect(fingerprintOf({ format: 1, units: ['a', 'b'] })).toBe(
    '024b4159717516cfa9c90cefc7881ab442f544ceae47200107cbbe4e2dc43220'
  )
})
