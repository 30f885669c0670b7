/**
 * The inner loop of averaging as a WebAssembly SIMD module, assembled here byte by byte.
 *
 * The module is made for a number of models: they are taken in groups, the loop over a group's
 * models is unrolled, and the sums stay in registers. A function per group,
 *   group(length): sums (+)= weight × source for each model of the group; the last one rounds
 * works on blocks in the module's own memory. Plain JavaScript converts element by element; SIMD
 * converts and multiplies two at a time.
 */

/** What is used of the WebAssembly interface; Node's own types leave it to the DOM's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Instance: new (module: object) => { exports: Record<string, unknown> }
}

/**
 * Elements per block. Long ones, although eight of them leave a core's own cache: reading main
 * memory in short turns between eight arrays costs more than reading the copies from the last cache.
 */
export const BLOCK = 1 << 16
/** Models whose weights fit in vector registers beside the sums. */
const GROUP = 8

const SUMS_AT = 0
const RESULT_AT = SUMS_AT + BLOCK * 8
const SOURCES_AT = RESULT_AT + BLOCK * 4
const WEIGHTS_AT = SOURCES_AT + GROUP * BLOCK * 4
const PAGES = Math.ceil((WEIGHTS_AT + GROUP * 8) / 65536)

// Opcodes by their names in the WebAssembly specification.
const I32 = 0x7f
const V128 = 0x7b
const local = { get: 0x20, set: 0x21, tee: 0x22 }
const loop = 0x03
const emptyBlock = 0x40
const branchIf = 0x0d
const end = 0x0b
const i32 = { const: 0x41, add: 0x6a, sub: 0x6b }
const simd = {
  load: [0xfd, 0x00],
  store: [0xfd, 0x0b],
  shuffle: [0xfd, 0x0d],
  loadSplat: [0xfd, 0x0a],
  loadTwo: [0xfd, 0x5d],
  addF64: [0xfd, 0xf0, 0x01],
  multiplyF64: [0xfd, 0xf2, 0x01],
  demoteF64: [0xfd, 0x5e],
  promoteLowF32: [0xfd, 0x5f]
}
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

const at = (offset: number) => [0x00, ...unsigned(offset)]
const get = (index: number) => [local.get, index]
const set = (index: number) => [local.set, index]
const nothing = [i32.const, 0]

interface Group {
  models: number
  isFirst: boolean
  isLast: boolean
}

// Locals of a group's function: the bytes of float32 left (its parameter), where it stands in a
// source and in the sums, the two sums, and a weight for each model.
const LEFT = 0
const POSITION = 1
const SUMS_POSITION = 2
const SUM = [3, 4] as const
const WEIGHT = 5

function groupBody({ models, isFirst, isLast }: Group): number[] {
  const each = Array.from({ length: models }, (_, model) => model)
  const loadSum = (half: 0 | 1) => [...get(SUMS_POSITION), ...simd.load, ...at(SUMS_AT + 16 * half)]
  const addHalf = (model: number, half: 0 | 1) => [
    ...(isFirst && model === 0 ? [] : get(SUM[half])),
    ...get(POSITION),
    ...simd.loadTwo,
    ...at(SOURCES_AT + model * BLOCK * 4 + 8 * half),
    ...simd.promoteLowF32,
    ...get(WEIGHT + model),
    ...simd.multiplyF64,
    ...(isFirst && model === 0 ? [] : simd.addF64),
    ...set(SUM[half])
  ]
  const keepSum = (half: 0 | 1) => [
    ...get(SUMS_POSITION),
    ...get(SUM[half]),
    ...simd.store,
    ...at(SUMS_AT + 16 * half)
  ]
  const keepRounded = [
    ...get(POSITION),
    ...get(SUM[0]),
    ...simd.demoteF64,
    ...get(SUM[1]),
    ...simd.demoteF64,
    ...simd.shuffle,
    ...lowerHalves,
    ...simd.store,
    ...at(RESULT_AT)
  ]
  const advance = (index: number, bytes: number) => [
    ...get(index),
    i32.const,
    ...unsigned(bytes),
    i32.add,
    ...set(index)
  ]
  return [
    ...each.flatMap((model) => [
      ...nothing,
      ...simd.loadSplat,
      ...at(WEIGHTS_AT + 8 * model),
      ...set(WEIGHT + model)
    ]),
    loop,
    emptyBlock,
    ...(isFirst ? [] : [...loadSum(0), ...set(SUM[0]), ...loadSum(1), ...set(SUM[1])]),
    ...each.flatMap((model) => [...addHalf(model, 0), ...addHalf(model, 1)]),
    ...(isLast ? keepRounded : [...keepSum(0), ...keepSum(1)]),
    ...advance(POSITION, 16),
    ...advance(SUMS_POSITION, 32),
    ...get(LEFT),
    i32.const,
    16,
    i32.sub,
    local.tee,
    LEFT,
    branchIf,
    0,
    end
  ]
}

function assemble(groups: readonly Group[]): Uint8Array<ArrayBuffer> {
  const sized = (bytes: number[]) => [...unsigned(bytes.length), ...bytes]
  const list = (items: number[][]) => [...unsigned(items.length), ...items.flat()]
  const section = (id: number, bytes: number[]) => [id, ...sized(bytes)]
  const text = (value: string) => sized([...Buffer.from(value)])
  const locals = (models: number) => [2, 2, I32, 2 + models, V128]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list([[0x60, 1, I32, 0]])),
    ...section(3, list(groups.map(() => [0]))),
    ...section(5, list([[0x00, PAGES]])),
    ...section(
      7,
      list([
        [...text('memory'), 0x02, 0],
        ...groups.map((_, index) => [...text(`group${index}`), 0x00, ...unsigned(index)])
      ])
    ),
    ...section(
      10,
      list(groups.map((group) => sized([...locals(group.models), ...groupBody(group), end])))
    )
  ])
}

/** Averages one block of several models; at most {@link BLOCK} values of each. */
export type AverageBlock = (
  models: readonly Float32Array[],
  from: number,
  to: number,
  result: Float32Array
) => void

/**
 * Compiles a module for these weights; about a millisecond, once per merge.
 *
 * @param weights one per model, in the order in which their products are added
 * @returns writes Σ weight × values[from … to] into `result` at the same place, rounded once
 */
export function createAverageBlock(weights: readonly number[]): AverageBlock {
  const count = Math.ceil(weights.length / GROUP)
  const groups = Array.from({ length: count }, (_, index) => ({
    models: Math.min(GROUP, weights.length - index * GROUP),
    isFirst: index === 0,
    isLast: index === count - 1
  }))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(groups)))
  const { buffer } = exports['memory'] as { buffer: ArrayBuffer }
  const run = groups.map((_, index) => exports[`group${index}`] as (length: number) => void)
  const weightsOfGroup = new Float64Array(buffer, WEIGHTS_AT, GROUP)
  const sources = Array.from(
    { length: GROUP },
    (_, model) => new Float32Array(buffer, SOURCES_AT + model * BLOCK * 4, BLOCK)
  )
  const rounded = new Float32Array(buffer, RESULT_AT, BLOCK)
  return (models, from, to, result) => {
    // Whole vectors only: what lies behind the last value is computed and never kept.
    const length = Math.ceil((to - from) / 4) * 16
    groups.forEach((group, index) => {
      for (let member = 0; member < group.models; member++) {
        weightsOfGroup[member] = weights[index * GROUP + member]!
        sources[member]!.set(models[index * GROUP + member]!.subarray(from, to))
      }
      run[index]!(length)
    })
    result.set(to - from === BLOCK ? rounded : rounded.subarray(0, to - from), from)
  }
}
