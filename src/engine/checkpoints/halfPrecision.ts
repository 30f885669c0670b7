/** 16-bit floats to float32, bit for bit, since every value of either kind is one; and back, rounded. */

/** bfloat16: the upper half of a float32. */
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const decoded = new Uint32Array(bits.length)
  for (let index = 0; index < bits.length; index++) decoded[index] = bits[index]! << 16
  return new Float32Array(decoded.buffer)
}

/** float16 (IEEE 754 binary16), subnormal values, infinities and payloads of NaN included. */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  const table = (float16Table ??= makeFloat16Table())
  const decoded = new Uint32Array(bits.length)
  for (let index = 0; index < bits.length; index++) decoded[index] = table[bits[index]!]!
  return new Float32Array(decoded.buffer)
}

/**
 * Float32 to bfloat16, to the nearest value, of two equally near the even one.
 *
 * What lies beyond the largest value becomes infinity, as IEEE 754 says. NaN stays NaN and keeps its
 * sign: rounded as a number it could become infinity.
 */
export function encodeBfloat16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values)
  const encoded = new Uint16Array(bits.length)
  for (let index = 0; index < bits.length; index++) {
    const one = bits[index]!
    const isNaN = (one & 0x7fffffff) > 0x7f800000
    encoded[index] = isNaN
      ? (one >>> 16) | QUIET_BFLOAT16
      : (one + 0x7fff + ((one >>> 16) & 1)) >>> 16
  }
  return encoded
}

/**
 * Float32 to float16, to the nearest value, of two equally near the even one; small ones become
 * subnormal values. From 65,520 on they become infinity, as IEEE 754 says; NaN stays NaN.
 */
export function encodeFloat16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values)
  const encoded = new Uint16Array(bits.length)
  for (let index = 0; index < bits.length; index++) {
    const one = bits[index]!
    encoded[index] = ((one >>> 16) & 0x8000) | float16Magnitude(one & 0x7fffffff)
  }
  return encoded
}

const QUIET_BFLOAT16 = 0x0040
/** Float32 bits of 65,520, which lies halfway between the largest float16 and the next power. */
const FLOAT16_OVERFLOW = 0x477ff000
/** Float32 bits of 2⁻¹⁴, the smallest normal float16, and of 2⁻²⁵, half the smallest subnormal. */
const FLOAT16_NORMAL = 0x38800000
const FLOAT16_NOTHING = 0x33000000

function float16Magnitude(bits: number): number {
  if (bits > 0x7f800000) return 0x7e00 | ((bits >> 13) & 0x3ff)
  if (bits >= FLOAT16_OVERFLOW) return 0x7c00
  if (bits >= FLOAT16_NORMAL) return roundedShift(bits - 0x38000000, 13)
  if (bits <= FLOAT16_NOTHING) return 0
  return roundedShift((bits & 0x7fffff) | 0x800000, 126 - (bits >> 23))
}

/** Divides by a power of two, to the nearest integer, of two equally near the even one. */
function roundedShift(value: number, by: number): number {
  return (value + (1 << (by - 1)) - 1 + ((value >> by) & 1)) >> by
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length)
}

/** Float32 bits of all 65,536 values; made when first needed. */
let float16Table: Uint32Array | undefined

function makeFloat16Table(): Uint32Array {
  const table = new Uint32Array(1 << 16)
  for (let bits = 0; bits < table.length; bits++) {
    const sign = (bits & 0x8000) << 16
    const exponent = (bits >> 10) & 0x1f
    const fraction = bits & 0x3ff
    table[bits] = sign | magnitude(exponent, fraction)
  }
  return table
}

const float = new Float32Array(1)
const floatBits = new Uint32Array(float.buffer)

function magnitude(exponent: number, fraction: number): number {
  if (exponent === 0) {
    float[0] = fraction * 2 ** -24
    return floatBits[0]!
  }
  if (exponent === 31) return 0x7f800000 | (fraction << 13)
  return ((exponent - 15 + 127) << 23) | (fraction << 13)
}
