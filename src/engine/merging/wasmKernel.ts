/**
 * The inner loop of averaging as a WebAssembly SIMD module, assembled here byte by byte.
 *
 * The module is made for a number of models: they are taken in groups, the loop over a group's
 * models is unrolled, and the sums stay in registers. A function per group,
 *   group(length): sums (+)= weight × source for each model of the group; the last one rounds
 * works on blocks in the module's own memory. Plain JavaScript converts element by element; SIMD
 * converts and multiplies two at a time.
 */

import {
  advance,
  at,
  get,
  LOWER_HALVES,
  nothing,
  repeat,
  set,
  simd,
  startModule,
  V128,
  I32
} from './wasmModule'

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
    ...LOWER_HALVES,
    ...simd.store,
    ...at(RESULT_AT)
  ]
  return [
    ...each.flatMap((model) => [
      ...nothing,
      ...simd.loadSplat,
      ...at(WEIGHTS_AT + 8 * model),
      ...set(WEIGHT + model)
    ]),
    ...repeat(LEFT, 16, [
      ...(isFirst ? [] : [...loadSum(0), ...set(SUM[0]), ...loadSum(1), ...set(SUM[1])]),
      ...each.flatMap((model) => [...addHalf(model, 0), ...addHalf(model, 1)]),
      ...(isLast ? keepRounded : [...keepSum(0), ...keepSum(1)]),
      ...advance(POSITION, 16),
      ...advance(SUMS_POSITION, 32)
    ])
  ]
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
  const { buffer, call } = startModule(
    PAGES,
    groups.map((group, index) => ({
      name: `group${index}`,
      parameters: [I32],
      locals: [
        [2, I32],
        [2 + group.models, V128]
      ],
      body: groupBody(group)
    }))
  )
  const run = groups.map((_, index) => call(`group${index}`))
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
