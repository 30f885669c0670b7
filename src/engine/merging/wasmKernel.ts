/**
 * The inner loop of averaging as a WebAssembly SIMD module, assembled here byte by byte.
 *
 * Three functions over blocks in the module's own memory. Each takes byte offsets, and a length
 * in bytes of float32 that is a multiple of 16:
 *   first(source, sums, length, weight)  sums  = weight × source      (float64)
 *   add(source, sums, length, weight)    sums += weight × source      (float64)
 *   round(sums, result, length)          result = sums rounded once   (float32)
 * Plain JavaScript converts element by element; SIMD converts and multiplies two at a time.
 */

/** Elements per block: sums (64 kB) and source (32 kB) stay in a core's own cache. */
export const BLOCK = 8192

const SUMS_AT = 0
const SOURCE_AT = BLOCK * 8
const RESULT_AT = SOURCE_AT + BLOCK * 4
const PAGES = Math.ceil((RESULT_AT + BLOCK * 4) / 65536)

// Opcodes by their names in the WebAssembly specification.
const I32 = 0x7f
const F64 = 0x7c
const V128 = 0x7b
const local = { get: 0x20, set: 0x21 }
const loop = 0x03
const emptyBlock = 0x40
const branchIf = 0x0d
const end = 0x0b
const i32 = { const: 0x41, add: 0x6a, sub: 0x6b }
const simd = {
  load: [0xfd, 0x00],
  store: [0xfd, 0x0b],
  shuffle: [0xfd, 0x0d],
  splatF64: [0xfd, 0x14],
  addF64: [0xfd, 0xf0, 0x01],
  multiplyF64: [0xfd, 0xf2, 0x01],
  demoteF64: [0xfd, 0x5e],
  promoteLowF32: [0xfd, 0x5f]
}
/** Moves the upper half of a vector into the lower. */
const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
/** Joins the lower halves of two vectors. */
const lowerHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]

function unsigned(value: number): number[] {
  const bytes: number[] = []
  do {
    const byte = value & 0x7f
    value >>>= 7
    bytes.push(value === 0 ? byte : byte | 0x80)
  } while (value !== 0)
  return bytes
}

const memoryAt = (offset: number) => [0x04, ...unsigned(offset)]
const get = (index: number) => [local.get, index]
const advance = (index: number, bytes: number) => [
  ...get(index),
  i32.const,
  ...unsigned(bytes),
  i32.add,
  local.set,
  index
]
/** Repeats a body until the length in local `counter` is used up, 16 bytes of float32 a turn. */
const whileLeft = (counter: number, body: number[]) => [
  loop,
  emptyBlock,
  ...body,
  ...get(counter),
  i32.const,
  16,
  i32.sub,
  local.set,
  counter,
  ...get(counter),
  branchIf,
  0,
  end
]

/** Body of `first` and `add`: parameters 0 source, 1 sums, 2 length, 3 weight; 4 and 5 vectors. */
function accumulateBody(isFirst: boolean): number[] {
  const half = (vector: number[], offset: number) => [
    ...get(1),
    ...vector,
    ...simd.promoteLowF32,
    ...get(4),
    ...simd.multiplyF64,
    ...(isFirst ? [] : [...get(1), ...simd.load, ...memoryAt(offset), ...simd.addF64]),
    ...simd.store,
    ...memoryAt(offset)
  ]
  return [
    ...get(3),
    ...simd.splatF64,
    local.set,
    4,
    ...whileLeft(2, [
      ...get(0),
      ...simd.load,
      ...memoryAt(0),
      local.set,
      5,
      ...half(get(5), 0),
      ...half([...get(5), ...get(5), ...simd.shuffle, ...upperHalf], 16),
      ...advance(0, 16),
      ...advance(1, 32)
    ])
  ]
}

/** Body of `round`: parameters 0 sums, 1 result, 2 length. */
function roundBody(): number[] {
  const demoted = (offset: number) => [
    ...get(0),
    ...simd.load,
    ...memoryAt(offset),
    ...simd.demoteF64
  ]
  return whileLeft(2, [
    ...get(1),
    ...demoted(0),
    ...demoted(16),
    ...simd.shuffle,
    ...lowerHalves,
    ...simd.store,
    ...memoryAt(0),
    ...advance(0, 32),
    ...advance(1, 16)
  ])
}

function assemble(): Uint8Array<ArrayBuffer> {
  const sized = (bytes: number[]) => [...unsigned(bytes.length), ...bytes]
  const list = (items: number[][]) => [...unsigned(items.length), ...items.flat()]
  const section = (id: number, bytes: number[]) => [id, ...sized(bytes)]
  const text = (value: string) => sized([...Buffer.from(value)])
  const body = (locals: number[], code: number[]) => sized([...locals, ...code, end])
  const twoVectors = [1, 2, V128]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list([[0x60, 4, I32, I32, I32, F64, 0], [0x60, 3, I32, I32, I32, 0]])),
    ...section(3, list([[0], [0], [1]])),
    ...section(5, list([[0x00, PAGES]])),
    ...section(
      7,
      list([
        [...text('memory'), 0x02, 0],
        [...text('first'), 0x00, 0],
        [...text('add'), 0x00, 1],
        [...text('round'), 0x00, 2]
      ])
    ),
    ...section(
      10,
      list([
        body(twoVectors, accumulateBody(true)),
        body(twoVectors, accumulateBody(false)),
        body([0], roundBody())
      ])
    )
  ])
}

/** One block of sums, to which weighted float32 values are added and which is rounded once. */
export interface BlockSums {
  /** Sets the sums to weight × values; at most {@link BLOCK} values. */
  first(values: Float32Array, weight: number): void
  /** Adds weight × values; as many values as `first` was given. */
  add(values: Float32Array, weight: number): void
  /** Rounds the sums into `result`. */
  round(result: Float32Array): void
}

/** Compiles the module; about a millisecond, once per merge. */
export function createBlockSums(): BlockSums {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()))
  const { memory, first, add, round } = exports as unknown as {
    memory: { buffer: ArrayBuffer }
    first(source: number, sums: number, length: number, weight: number): void
    add(source: number, sums: number, length: number, weight: number): void
    round(sums: number, result: number, length: number): void
  }
  const source = new Float32Array(memory.buffer, SOURCE_AT, BLOCK)
  const rounded = new Float32Array(memory.buffer, RESULT_AT, BLOCK)
  // Whole vectors only: what lies behind the last value is computed and never read.
  const lengthOf = (values: Float32Array) => Math.ceil(values.length / 4) * 16
  return {
    first: (values, weight) => {
      source.set(values)
      first(SOURCE_AT, SUMS_AT, lengthOf(values), weight)
    },
    add: (values, weight) => {
      source.set(values)
      add(SOURCE_AT, SUMS_AT, lengthOf(values), weight)
    },
    round: (result) => {
      round(SUMS_AT, RESULT_AT, lengthOf(result))
      result.set(result.length === BLOCK ? rounded : rounded.subarray(0, result.length))
    }
  }
}
