import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16
} from '#engine/checkpoints/halfPrecision'
import { STRIP, createCombineKernel } from '#engine/merging/combineKernel'
import type { FloatType } from '#engine/merging/combineKernel'

const kernel = createCombineKernel(1 << 20, encodeFloat16)
const OUT = kernel.heapAt + (1 << 19)

const bytesOf = (values: Float32Array | Uint16Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** Values as they are stored, and the numbers that they are. */
function stored(type: FloatType, values: Float32Array): { bytes: Uint8Array; exact: number[] } {
  if (type === 'F32') return { bytes: bytesOf(values), exact: [...values] }
  const bits = type === 'BF16' ? encodeBfloat16(values) : encodeFloat16(values)
  const decoded = type === 'BF16' ? decodeBfloat16(bits) : decodeFloat16(bits)
  return { bytes: bytesOf(bits), exact: [...decoded] }
}

function rounded(type: FloatType, sums: readonly number[]): Float32Array {
  kernel.sums.set(sums)
  kernel.round(type, OUT, sums.length)
  const width = type === 'F32' ? 4 : 2
  const bytes = kernel.bytes.slice(OUT, OUT + sums.length * width)
  if (type === 'F32') return new Float32Array(bytes.buffer)
  const bits = new Uint16Array(bytes.buffer)
  return type === 'BF16' ? decodeBfloat16(bits) : decodeFloat16(bits)
}

const types = fc.constantFrom<FloatType>('F32', 'BF16', 'F16')
const number = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 })

test('sums have the bits of the obvious float64 loop, for any mix of types', () => {
  const model = fc.record({
    type: types,
    weight: fc.double({ min: -3, max: 3, noNaN: true }),
    values: fc.array(number, { minLength: 70, maxLength: 70 })
  })
  fc.assert(
    fc.property(
      fc.array(model, { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 70 }),
      (models, count) => {
        const expected = new Float64Array(count)
        models.forEach(({ type, weight, values }, m) => {
          const { bytes, exact } = stored(type, Float32Array.from(values))
          // Nothing lies aligned in a file: an odd address must do.
          const address = kernel.heapAt + m * 1024 + (m % 3)
          kernel.bytes.set(bytes, address)
          kernel.add(type, address, count, weight, m === 0)
          for (let i = 0; i < count; i++) {
            expected[i] = m === 0 ? weight * exact[i]! : expected[i]! + weight * exact[i]!
          }
        })
        expect([...kernel.sums.subarray(0, count)]).toEqual([...expected])
      }
    )
  )
})

test.each(['BF16', 'F16'] as const)('all 65,536 values of %s are decoded', (type) => {
  const bits = Uint16Array.from({ length: 1 << 16 }, (_, i) => i)
  const exact = type === 'BF16' ? decodeBfloat16(bits) : decodeFloat16(bits)
  for (let from = 0; from < bits.length; from += STRIP) {
    kernel.bytes.set(bytesOf(bits.subarray(from, from + STRIP)), kernel.heapAt)
    kernel.add(type, kernel.heapAt, STRIP, 1, true)
    expect([...kernel.sums]).toEqual([...exact.subarray(from, from + STRIP)])
  }
})

/** The nearest value of 16 bits, of two equally near the even one, by comparing with the middle. */
function nearest(type: 'BF16' | 'F16', value: number): number {
  const decode = (bits: number) => {
    const one = Uint16Array.of(bits)
    return (type === 'BF16' ? decodeBfloat16(one) : decodeFloat16(one))[0]!
  }
  const infinity = type === 'BF16' ? 0x7f80 : 0x7c00
  const magnitude = Math.abs(value)
  let [low, high] = [0, infinity]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (decode(middle) <= magnitude) low = middle
    else high = middle
  }
  // What would come next, had the exponent no end: rounding to infinity begins halfway to it.
  const above = high === infinity ? decode(low) * 2 - decode(low - 1) : decode(high)
  const half = (decode(low) + above) / 2
  const isUp = magnitude > half || (magnitude === half && low % 2 === 1)
  return Math.sign(value) * decode(isUp ? high : low)
}

test.each(['BF16', 'F16'] as const)(
  'a sum is rounded once to %s, never by way of float32',
  (type) => {
    const exponent = fc.integer({ min: -30, max: 20 })
    // Beside the middle of two values of 16 bits, nearer than float32 can tell.
    const nearMiddle = fc
      .tuple(fc.integer({ min: 0x100, max: 0x7bff }), fc.constantFrom(-1, 0, 1), fc.boolean())
      .map(([bits, side, isNegative]) => {
        const pair = Uint16Array.of(bits, bits + 1)
        const [a, b] = type === 'BF16' ? decodeBfloat16(pair) : decodeFloat16(pair)
        const middle = ((a! + b!) / 2) * (1 + side * 2 ** -40)
        return isNegative ? -middle : middle
      })
      .filter((value) => Number.isFinite(value))
    const any = fc
      .tuple(fc.double({ min: -2, max: 2, noNaN: true }), exponent)
      .map(([fraction, power]) => fraction * 2 ** power)
    fc.assert(
      fc.property(fc.array(fc.oneof(nearMiddle, any), { minLength: 1, maxLength: 40 }), (sums) => {
        expect([...rounded(type, sums)].map((value) => value + 0)).toEqual(
          sums.map((value) => nearest(type, value) + 0)
        )
      }),
      { numRuns: 500 }
    )
  }
)

test('float32 is what Math.fround gives; what is no number or infinite stays so in every type', () => {
  fc.assert(
    fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 40 }), (sums) => {
      expect([...rounded('F32', sums)]).toEqual(sums.map(Math.fround))
    })
  )
  const special = [NaN, Infinity, -Infinity, 1e300, -1e300, -0]
  for (const type of ['F32', 'BF16', 'F16'] as const) {
    expect([...rounded(type, special)]).toEqual([NaN, Infinity, -Infinity, Infinity, -Infinity, -0])
  }
})

test('what lies behind a strip stays as it is, but for the vector that ends there', () => {
  kernel.bytes.fill(7, OUT, OUT + 64)
  kernel.sums.fill(1, 0, 8)
  kernel.round('BF16', OUT, 5)
  expect([...kernel.bytes.subarray(OUT + 16, OUT + 64)]).toEqual(Array(48).fill(7))
})
