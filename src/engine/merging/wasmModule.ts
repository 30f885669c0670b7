/** The bytes of small WebAssembly modules: what the kernels beside this file are assembled from. */

/** What is used of the WebAssembly interface; Node's own types leave it to the DOM's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Instance: new (module: object) => { exports: Record<string, unknown> }
}

/** Types by their names in the WebAssembly specification. */
export const I32 = 0x7f
export const F64 = 0x7c
export const V128 = 0x7b

// Opcodes by their names there.
const local = { get: 0x20, set: 0x21, tee: 0x22 }
const i32 = { const: 0x41, add: 0x6a, sub: 0x6b }
const loop = 0x03
const emptyBlock = 0x40
const branchIf = 0x0d
const end = 0x0b

/** Opcodes on vectors of 128 bits. */
export const simd = {
  load: [0xfd, 0x00],
  loadFour16: [0xfd, 0x04],
  loadSplat: [0xfd, 0x0a],
  loadTwo: [0xfd, 0x5d],
  store: [0xfd, 0x0b],
  storeLower: [0xfd, 0x5b],
  constant: [0xfd, 0x0c],
  shuffle: [0xfd, 0x0d],
  splatF64: [0xfd, 0x14],
  shiftLeftI32: [0xfd, 0xab, 0x01],
  shiftRightI32: [0xfd, 0xad, 0x01],
  addI32: [0xfd, 0xae, 0x01],
  greaterOrEqualI32: [0xfd, 0x40],
  narrowI32: [0xfd, 0x86, 0x01],
  multiplyF32: [0xfd, 0xe6, 0x01],
  differF32: [0xfd, 0x42],
  addF64: [0xfd, 0xf0, 0x01],
  multiplyF64: [0xfd, 0xf2, 0x01],
  absoluteF64: [0xfd, 0xec, 0x01],
  differF64: [0xfd, 0x48],
  greaterF64: [0xfd, 0x4a],
  demoteF64: [0xfd, 0x5e],
  promoteLowF32: [0xfd, 0x5f],
  and: [0xfd, 0x4e],
  or: [0xfd, 0x50],
  select: [0xfd, 0x52]
}
/** Lanes of a shuffle that joins the lower halves of two vectors. */
export const LOWER_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
/** Lanes that bring the upper half of a vector, given twice, below. */
export const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]
/** Lanes that keep one of each two words of 32 bits, of two vectors. */
export const EVEN_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]

/** A number in the encoding of all of the format's counts and indices, LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  do {
    const byte = value & 0x7f
    value >>>= 7
    bytes.push(value === 0 ? byte : byte | 0x80)
  } while (value !== 0)
  return bytes
}

/** Where a load or store reaches, beyond its address. */
export const at = (offset: number) => [0x00, ...unsigned(offset)]
/** Reads a local. */
export const get = (index: number) => [local.get, index]
/** Writes a local. */
export const set = (index: number) => [local.set, index]
/** The number 0, as an address. */
export const nothing = [i32.const, 0]
/** A small number; of at most 63, since constants are signed. */
export const constant = (value: number) => [i32.const, value]

/** Moves an address on, by at most 63 bytes. */
export const advance = (index: number, bytes: number) => [
  ...get(index),
  ...constant(bytes),
  i32.add,
  ...set(index)
]

/** Repeats a body until a local, lowered by `step` each time, is zero. */
export const repeat = (left: number, step: number, body: number[]) => [
  loop,
  emptyBlock,
  ...body,
  ...get(left),
  ...constant(step),
  i32.sub,
  local.tee,
  left,
  branchIf,
  0,
  end
]

/** A vector of four equal words of 32 bits. */
export function words(value: number): number[] {
  const bytes = [...new Uint8Array(Uint32Array.of(value, value, value, value).buffer)]
  return [...simd.constant, ...bytes]
}

/** A function: what it is called with, its further locals, and its instructions. */
export interface WasmFunction {
  name: string
  parameters: number[]
  locals: [count: number, type: number][]
  body: number[]
}

/**
 * Assembles and starts a module of functions that give nothing back, over a memory of its own.
 *
 * @param pages of 65,536 bytes
 */
export function startModule(
  pages: number,
  functions: readonly WasmFunction[]
): { buffer: ArrayBuffer; call: (name: string) => (...values: number[]) => void } {
  const sized = (bytes: number[]) => [...unsigned(bytes.length), ...bytes]
  const list = (items: number[][]) => [...unsigned(items.length), ...items.flat()]
  const section = (id: number, bytes: number[]) => [id, ...sized(bytes)]
  const text = (value: string) => sized([...Buffer.from(value)])
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(functions.map(({ parameters }) => [0x60, ...sized(parameters), 0]))),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(5, list([[0x00, ...unsigned(pages)]])),
    ...section(
      7,
      list([
        [...text('memory'), 0x02, 0],
        ...functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)])
      ])
    ),
    ...section(
      10,
      list(
        functions.map(({ locals, body }) =>
          sized([...list(locals.map(([count, type]) => [...unsigned(count), type])), ...body, end])
        )
      )
    )
  ])
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const { buffer } = exports['memory'] as { buffer: ArrayBuffer }
  return { buffer, call: (name) => exports[name] as (...values: number[]) => void }
}
