import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16
} from '#engine/checkpoints/halfPrecision'
import expected from '../../../golden/checkpoints/halves.json'

/** The patterns of halves.py. */
function patterns(): Uint32Array {
  const bits: number[] = []
  for (const sign of [0, 1]) {
    for (let exponent = 0; exponent < 256; exponent++) {
      for (const fraction of expected.fractions) {
        bits.push(((sign << 31) | (exponent << 23) | fraction) >>> 0)
      }
    }
  }
  let state = 1
  for (let index = 0; index < 200_000; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bits.push(state)
  }
  return Uint32Array.from(bits)
}

const KINDS = [
  ['bfloat16', encodeBfloat16, decodeBfloat16, expected.bfloat16, 0x7fc0],
  ['float16', encodeFloat16, decodeFloat16, expected.float16, 0x7e00]
] as const

test.each(KINDS)(
  '%s is rounded as PyTorch and NumPy round it, at every exponent',
  (_, encode, __, sha256, nan) => {
    const bits = patterns()
    expect(bits.length).toBe(expected.count)
    const values = new Float32Array(bits.buffer)
    const encoded = encode(values)
    values.forEach((value, index) => Number.isNaN(value) && (encoded[index] = nan))
    const hash = createHash('sha256').update(new Uint8Array(encoded.buffer))
    expect(hash.digest('hex')).toBe(sha256)
  }
)

test.each(KINDS)('%s keeps every NaN a NaN of its sign', (_, encode, decode) => {
  const bits = patterns().filter((one) => (one & 0x7fffffff) > 0x7f800000)
  const encoded = encode(new Float32Array(bits.buffer))
  expect(decode(encoded).every(Number.isNaN)).toBe(true)
  expect([...encoded].map((one) => one >>> 15)).toEqual([...bits].map((one) => one >>> 31))
})

test.each(KINDS)('every value of %s is kept as it is', (_, encode, decode) => {
  const all = Uint16Array.from({ length: 65536 }, (_, index) => index)
  const values = decode(all)
  const again = encode(values)
  const changed = all.filter((one, i) => again[i] !== one && !Number.isNaN(values[i]))
  expect([...changed]).toEqual([])
})
