/**
 * Sums of weighted models in float64, read as they are stored and rounded once: the inner loops of
 * merging as a WebAssembly SIMD module.
 *
 * Values are taken in strips short enough that their sums stay in the processor's first cache: each
 * model's strip is decoded, multiplied and added, then the sums are rounded to the type they are
 * stored in. So any number of models, of any mix of types, goes through one module.
 */
import {
  EVEN_WORDS,
  F64,
  I32,
  LOWER_HALVES,
  UPPER_HALF,
  V128,
  advance,
  at,
  get,
  nothing,
  repeat,
  set,
  simd,
  startModule,
  constant,
  words
} from './wasmModule'
import type { WasmFunction } from './wasmModule'

/** Types of values that are merged, by the names of safetensors. */
export type FloatType = 'F32' | 'F16' | 'BF16'

/** Bytes of one value. */
export const FLOAT_BYTES: Readonly<Record<FloatType, number>> = { F32: 4, F16: 2, BF16: 2 }

/** Values of a strip. */
export const STRIP = 2048

const SUMS_AT = 0
/** Behind a strip: whole vectors are read and written. */
const MARGIN = 32
const ODD_AT = SUMS_AT + STRIP * 8 + MARGIN
const HEAP_AT = ODD_AT + STRIP * 4 + MARGIN

// Locals: values left, an address, a weight and where it stands in the sums are given; the weight in
// both halves of a vector, four values, and what their decoding needs.
const LEFT = 0
const ADDRESS = 1
const WEIGHT = 2
const SUMS = 3
const WEIGHTS = 4
const VALUES = 5
const SCRATCH = 6

type Half = 'lower' | 'upper'

/** Decodes four values at the address into float32. */
const DECODE: Readonly<Record<FloatType, number[]>> = {
  F32: [...get(ADDRESS), ...simd.load, ...at(0)],
  BF16: [...get(ADDRESS), ...simd.loadFour16, ...at(0), ...constant(16), ...simd.shiftLeftI32],
  F16: decodeFloat16()
}

/**
 * The exponent is moved by multiplying, so that subnormal values come out right; what was infinity or
 * no number has an exponent of 143 then, and is given the largest.
 */
function decodeFloat16(): number[] {
  return [
    ...[...get(ADDRESS), ...simd.loadFour16, ...at(0), ...set(SCRATCH)],
    ...[...get(SCRATCH), ...words(0x7fff), ...simd.and, ...constant(13), ...simd.shiftLeftI32],
    ...[...words(0x77800000), ...simd.multiplyF32],
    ...[...get(SCRATCH), ...words(0x7fff), ...simd.and, ...words(0x7c00)],
    ...[...simd.greaterOrEqualI32, ...words(0x7f800000), ...simd.and, ...simd.or],
    ...[...get(SCRATCH), ...words(0x8000), ...simd.and, ...constant(16), ...simd.shiftLeftI32],
    ...simd.or
  ]
}

/** Adds weight × value, or begins the sums with it. */
function adding(type: FloatType, isFirst: boolean): WasmFunction {
  const promoted = (half: Half) => [
    ...get(VALUES),
    ...(half === 'upper' ? [...get(VALUES), ...simd.shuffle, ...UPPER_HALF] : []),
    ...simd.promoteLowF32,
    ...get(WEIGHTS),
    ...simd.multiplyF64
  ]
  const kept = (half: Half) => {
    const place = at(SUMS_AT + (half === 'upper' ? 16 : 0))
    const before = isFirst ? [] : [...get(SUMS), ...simd.load, ...place, ...simd.addF64]
    return [...get(SUMS), ...promoted(half), ...before, ...simd.store, ...place]
  }
  return {
    name: `${isFirst ? 'begin' : 'add'}${type}`,
    parameters: [I32, I32, F64, I32],
    locals: [[3, V128]],
    body: [
      ...[...get(WEIGHT), ...simd.splatF64, ...set(WEIGHTS)],
      ...repeat(LEFT, 4, [
        ...[...DECODE[type], ...set(VALUES)],
        ...kept('lower'),
        ...kept('upper'),
        ...advance(ADDRESS, 4 * FLOAT_BYTES[type]),
        ...advance(SUMS, 32)
      ])
    ]
  }
}

// Locals of the functions that round: float64 sums of both halves, them as float32, those again as
// float64, and all four float32.
const R_SUMS = 2
const EXACT = { lower: 3, upper: 4 }
const ROUNDED = { lower: 5, upper: 6 }
const BACK = { lower: 7, upper: 8 }
const BITS = 9

const HALVES: readonly Half[] = ['lower', 'upper']

const loadSums = HALVES.flatMap((half) => [
  ...get(R_SUMS),
  ...simd.load,
  ...at(SUMS_AT + (half === 'upper' ? 16 : 0)),
  ...set(EXACT[half])
])

/** Of two equally near the even one, as the processor does. */
const toNearest = [
  ...HALVES.flatMap((half) => [...get(EXACT[half]), ...simd.demoteF64]),
  ...[...simd.shuffle, ...LOWER_HALVES]
]

/**
 * Rounds to float32 so that rounding that again to 16 bits is one rounding of the sum: towards zero,
 * and then the last bit says whether anything was lost. A value that is halfway between two of 16
 * bits is told from one that is nearly.
 *
 * @see Boldo and Melquiond 2008, "Emulation of a FMA and correctly rounded sums: proved algorithms
 *   using rounding to odd"
 */
const toOdd = [
  ...HALVES.flatMap((half) => [
    ...[...get(EXACT[half]), ...simd.demoteF64, ...set(ROUNDED[half])],
    ...[...get(ROUNDED[half]), ...simd.promoteLowF32, ...set(BACK[half])]
  ]),
  ...[...get(ROUNDED.lower), ...get(ROUNDED.upper), ...simd.shuffle, ...LOWER_HALVES],
  // Where the magnitude grew it goes back by one: the comparison's mask is −1.
  ...HALVES.flatMap((half) => [
    ...[...get(BACK[half]), ...simd.absoluteF64],
    ...[...get(EXACT[half]), ...simd.absoluteF64],
    ...simd.greaterF64
  ]),
  ...[...simd.shuffle, ...EVEN_WORDS, ...simd.addI32],
  ...HALVES.flatMap((half) => [...get(BACK[half]), ...get(EXACT[half]), ...simd.differF64]),
  ...[...simd.shuffle, ...EVEN_WORDS, ...words(1), ...simd.and, ...simd.or]
]

/** The upper 16 bits of a float32, to nearest, of two equally near the even one; or no number. */
const toBfloat16 = [
  ...[...toOdd, ...set(BITS)],
  ...words(0x7fc0),
  ...[...get(BITS), ...words(0x7fff), ...simd.addI32],
  ...[...get(BITS), ...constant(16), ...simd.shiftRightI32, ...words(1), ...simd.and],
  ...[...simd.addI32, ...constant(16), ...simd.shiftRightI32],
  ...[...get(BITS), ...get(BITS), ...simd.differF32, ...simd.select],
  ...[...get(BITS), ...simd.narrowI32]
]

function rounding(name: string, store: number[], bytes: number): WasmFunction {
  return {
    name,
    parameters: [I32, I32],
    locals: [
      [1, I32],
      [7, V128]
    ],
    body: repeat(LEFT, 4, [
      ...loadSums,
      ...get(ADDRESS),
      ...store,
      ...advance(ADDRESS, bytes),
      ...advance(R_SUMS, 32)
    ])
  }
}

/**
 * Exponents in 32 bits: a value is NaN or infinite where all bits of its exponent are set. With one
 * added in the exponent's lowest place they carry into the sign's, which is cleared before; so two
 * values of 16 bits are looked at together.
 */
export const EXPONENTS: Readonly<
  Record<FloatType, { mask: number; one: number; carried: number }>
> = {
  F32: { mask: 0x7f800000, one: 0x00800000, carried: 0x80000000 },
  BF16: { mask: 0x7f807f80, one: 0x00800080, carried: 0x80008000 },
  F16: { mask: 0x7c007c00, one: 0x04000400, carried: 0x80008000 }
}

/** Bytes that are looked at together. */
const VECTOR = 16
// Bytes left and an address are given; what was carried anywhere.
const FOUND = 2

/** Gathers what carries out of the exponents of whole vectors. */
function looking(type: FloatType): WasmFunction {
  const { mask, one } = EXPONENTS[type]
  return {
    name: `look${type}`,
    parameters: [I32, I32],
    locals: [[1, V128]],
    body: [
      ...repeat(LEFT, VECTOR, [
        ...[...get(ADDRESS), ...simd.load, ...at(0), ...words(mask), ...simd.and],
        ...[...words(one), ...simd.addI32, ...get(FOUND), ...simd.or, ...set(FOUND)],
        ...advance(ADDRESS, VECTOR)
      ]),
      ...[...nothing, ...get(FOUND), ...simd.store, ...at(ODD_AT)]
    ]
  }
}

const TYPES: readonly FloatType[] = ['F32', 'F16', 'BF16']

const FUNCTIONS: readonly WasmFunction[] = [
  ...TYPES.flatMap((type) => [adding(type, true), adding(type, false), looking(type)]),
  rounding('roundF32', [...toNearest, ...simd.store, ...at(0)], 16),
  rounding('roundOdd', [...toOdd, ...simd.store, ...at(0)], 16),
  rounding('roundBF16', [...toBfloat16, ...simd.storeLower, ...at(0), 0], 8)
]

/** Works on strips in a memory of its own; addresses are bytes of `bytes`. */
export interface CombineKernel {
  /** Of the whole memory; a caller reads into it and writes from it. */
  bytes: Uint8Array<ArrayBuffer>
  /** The sums of the strip under way, to be read or written. */
  sums: Float64Array
  /** Where a caller's own memory begins. */
  heapAt: number
  /**
   * Adds weight × value to the sums of a strip.
   *
   * @param isFirst the sums begin with it
   * @param at the first sum; up to three behind the last are overwritten
   */
  add(
    type: FloatType,
    address: number,
    count: number,
    weight: number,
    isFirst: boolean,
    at?: number
  ): void
  /**
   * True where any of the values is NaN or infinite: asked of everything that a merge reads, it must
   * cost nothing to speak of.
   *
   * @param address a multiple of 4
   */
  holdsNotFinite(type: FloatType, address: number, count: number): boolean
  /** Rounds the sums of a strip, once, to a type; up to 16 bytes behind the last are written too. */
  round(type: FloatType, address: number, count: number): void
}

/**
 * Compiles a kernel, in about a millisecond.
 *
 * @param heapBytes memory for what is read and what is to be written
 * @param encodeFloat16 of float32 values, to nearest: rare enough to be plain code
 */
export function createCombineKernel(
  heapBytes: number,
  encodeFloat16: (values: Float32Array) => Uint16Array
): CombineKernel {
  const pages = Math.ceil((HEAP_AT + heapBytes + MARGIN) / 65536)
  const { buffer, call } = startModule(pages, FUNCTIONS)
  const bytes = new Uint8Array(buffer)
  const odd = new Float32Array(buffer, ODD_AT, STRIP)
  const [round32, roundOdd, round16] = ['roundF32', 'roundOdd', 'roundBF16'].map(call)
  const begin = { F32: call('beginF32'), F16: call('beginF16'), BF16: call('beginBF16') }
  const add = { F32: call('addF32'), F16: call('addF16'), BF16: call('addBF16') }
  const look = { F32: call('lookF32'), F16: call('lookF16'), BF16: call('lookBF16') }
  const all = new Int32Array(buffer)
  const carriedAt = ODD_AT >> 2
  // Whole vectors only: what lies behind the last value is computed and never kept.
  const whole = (count: number) => (count + 3) & ~3
  return {
    bytes,
    sums: new Float64Array(buffer, SUMS_AT, STRIP),
    heapAt: HEAP_AT,
    add: (type, address, count, weight, isFirst, at = 0) => {
      if (count > 0) (isFirst ? begin : add)[type](whole(count), address, weight, at * 8)
    },
    holdsNotFinite: (type, address, count) => {
      const { mask, one, carried } = EXPONENTS[type]
      const bytes = count * FLOAT_BYTES[type]
      const vectors = bytes - (bytes % VECTOR)
      let found = 0
      if (vectors > 0) {
        look[type](vectors, address)
        for (let i = 0; i < VECTOR / 4; i++) found |= all[carriedAt + i]!
      }
      const end = (address + bytes) >> 2
      for (let i = (address + vectors) >> 2; i < end; i++) found |= (all[i]! & mask) + one
      // The last of an odd number of 16-bit values has the lower half of a word for itself.
      if (bytes % 4 !== 0) found |= (all[end]! & mask & 0xffff) + (one & 0xffff)
      return (found & carried) !== 0
    },
    round: (type, address, count) => {
      if (count === 0) return
      if (type === 'F32') round32!(whole(count), address)
      else if (type === 'BF16') round16!(whole(count), address)
      else {
        roundOdd!(whole(count), ODD_AT)
        const encoded = encodeFloat16(odd.subarray(0, count))
        bytes.set(new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength), address)
      }
    }
  }
}
