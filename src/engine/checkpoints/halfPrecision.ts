/** 16-bit floats to float32, bit for bit: every value of either kind is a float32. */

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
