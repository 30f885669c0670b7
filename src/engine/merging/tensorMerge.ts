/** From a recipe and one tensor of each model to the work that merges it. */
import { createHash } from 'node:crypto'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { MergeRecipe } from '#shared/merging'
import { FLOAT_BYTES } from './combineKernel'
import { addDifferences } from './consensus'
import type { Differences } from './consensus'
import { rowProducts } from './innerProducts'
import { METHOD_RULES, numberOf, settingOf, weightedFactors, weightsOf } from './methods'
import { applyMask, drawnMask, largestMask, rankedMask } from './sparsify'
import type { Draw } from './sparsify'
import {
  karcherFactors,
  modelStockFactors,
  multislerpFactors,
  nuslerpFactors,
  slerpFactors
} from './sphere'
import type { InnerProducts } from './sphere'
import type { StoredTensor, Strip, TensorTarget, TensorWork } from './streamCombine'

/** One tensor of all models. */
export interface TensorInputs {
  name: string
  values: number
  /** Values of its last side. */
  rowLength: number
  base: StoredTensor | null
  models: readonly StoredTensor[]
  target: TensorTarget
}

/** What preparing a tensor may use. */
export interface MergeTools {
  /** Reads through tensors without writing anything. */
  look(work: TensorWork): Promise<void>
  /** Memory for a tensor of each model, and for a mask; empty where the method holds none. */
  held: HeldTensors
}

/** Memory that is used for one tensor after the other. */
export interface HeldTensors {
  differences: Float32Array[]
  mask: Uint8Array
}

/**
 * Memory for the largest tensor of each model, where a method ranks or draws what it leaves out.
 *
 * @param values of the largest tensor
 */
export function holdTensors(recipe: MergeRecipe, values: number): HeldTensors {
  const isHeld = METHOD_RULES[recipe.method].kind === 'differences'
  const length = isHeld ? values : 0
  return {
    differences: recipe.models.map(() => new Float32Array(length)),
    mask: new Uint8Array(length)
  }
}

/** Bytes of {@link holdTensors}. */
export function heldBytes(recipe: MergeRecipe, values: number): number {
  const isHeld = METHOD_RULES[recipe.method].kind === 'differences'
  return isHeld ? values * (4 * recipe.models.length + 1) : 0
}

/** Bytes that are read of base and models for one tensor; `angles` and `differences` read twice. */
export function bytesReadOf(
  recipe: MergeRecipe,
  { values, base, models }: Pick<TensorInputs, 'values' | 'base' | 'models'>
): number {
  const bytes = (tensors: readonly StoredTensor[]) =>
    tensors.reduce((sum, { dtype }) => sum + values * FLOAT_BYTES[dtype], 0)
  const baseBytes = base ? bytes([base]) : 0
  const all = baseBytes + bytes(models)
  const { kind } = METHOD_RULES[recipe.method]
  return kind === 'weighted' ? all : kind === 'angles' ? 2 * all : all + baseBytes
}

/**
 * Prepares one tensor: knows its factors, or holds what is left of the models' differences.
 *
 * @throws WorkbenchError `merge/invalid`, `merge/undefined`
 */
export function prepareTensor(
  recipe: MergeRecipe,
  inputs: TensorInputs,
  tools: MergeTools
): Promise<TensorWork> {
  const { kind } = METHOD_RULES[recipe.method]
  if (kind === 'differences') return prepareDifferences(recipe, inputs, tools)
  if (kind === 'angles') return prepareAngles(recipe, inputs, tools)
  const { base, models } = weightedFactors(recipe, inputs.name)
  const tensors = inputs.base ? [inputs.base, ...inputs.models] : inputs.models
  const factors = inputs.base ? [base, ...models] : models
  return Promise.resolve(weightedSum(inputs, tensors, [factors], inputs.values))
}

/**
 * A sum of tensors with factors, per row; what has a factor of 0 in all rows is not read.
 *
 * @param factors of each row, one per tensor
 */
function weightedSum(
  { values, target }: TensorInputs,
  tensors: readonly StoredTensor[],
  factors: readonly (readonly number[])[],
  rowLength: number
): TensorWork {
  const used = tensors.flatMap((_, i) => (factors.some((row) => row[i] !== 0) ? [i] : []))
  const rows = factors.map((row) => used.map((i) => row[i]!))
  const parts = used.map((i) => tensors[i]!)
  return {
    values,
    target,
    inputs: parts,
    fill: (strip) => {
      if (parts.length === 0) strip.kernel.sums.fill(0, 0, strip.count)
      else
        eachRow(strip, rowLength, (row, at, count) => addRow(strip, parts, rows[row]!, at, count))
    }
  }
}

/** Takes a strip row by row. */
function eachRow(
  { from, count }: Strip,
  rowLength: number,
  take: (row: number, at: number, count: number) => void
): void {
  for (let at = 0; at < count;) {
    const row = Math.floor((from + at) / rowLength)
    const length = Math.min(count - at, (row + 1) * rowLength - from - at)
    take(row, at, length)
    at += length
  }
}

function addRow(
  { kernel, addresses }: Strip,
  parts: readonly StoredTensor[],
  factors: readonly number[],
  at: number,
  count: number
): void {
  parts.forEach(({ dtype }, i) => {
    kernel.add(dtype, addresses[i]! + at * FLOAT_BYTES[dtype], count, factors[i]!, i === 0, at)
  })
}

async function prepareAngles(
  recipe: MergeRecipe,
  inputs: TensorInputs,
  tools: MergeTools
): Promise<TensorWork> {
  const { name, values, base, models } = inputs
  const isRowWise =
    (recipe.method === 'model_stock' && settingOf(recipe, 'filter_wise', null, name) === true) ||
    (recipe.method === 'nuslerp' && settingOf(recipe, 'nuslerp_flatten', null, name) === false)
  const rowLength = Math.max(1, isRowWise ? inputs.rowLength : values)
  // The base is an end of SLERP's arc; for the others it is where all differences begin.
  const isEnd = recipe.method === 'slerp'
  const vectors = base && isEnd ? [base, ...models] : models
  const origin = isEnd ? null : base
  const rows = await rowProducts({ values, rowLength, vectors, origin }, tools.look)
  const factors = rows.map((products) => {
    const own = anglesOf(recipe, name, products)
    if (origin === null) return own
    return [1 - own.reduce((sum, factor) => sum + factor, 0), ...own]
  })
  return weightedSum(inputs, origin ? [origin, ...vectors] : vectors, factors, rowLength)
}

function anglesOf(recipe: MergeRecipe, name: string, products: InnerProducts): number[] {
  const number = (setting: 't' | 'eps' | 'tol' | 'max_iter') =>
    numberOf(recipe, setting, null, name)
  switch (recipe.method) {
    case 'slerp':
      return slerpFactors(products, number('t'))
    case 'nuslerp':
      return nuslerpFactors(products, weightsOf(recipe, name))
    case 'multislerp': {
      const normalize = settingOf(recipe, 'normalize_weights', null, name) === true
      return multislerpFactors(products, weightsOf(recipe, name), { normalize, eps: number('eps') })
    }
    case 'karcher':
      return karcherFactors(products, { maxIterations: number('max_iter'), tol: number('tol') })
    case 'model_stock':
      return modelStockFactors(products)
    case 'linear':
    case 'task_arithmetic':
    case 'ties':
    case 'dare_linear':
    case 'dare_ties':
    case 'della':
    case 'della_linear':
      throw new Error(`${recipe.method} has nothing to do with angles`)
  }
}

async function prepareDifferences(
  recipe: MergeRecipe,
  inputs: TensorInputs,
  { look, held }: MergeTools
): Promise<TensorWork> {
  const { name, values, models, target } = inputs
  const base = inputs.base!
  const differences = held.differences.map((one) => one.subarray(0, values))
  await look({
    values,
    inputs: [base, ...models],
    target: null,
    fill: ({ kernel, addresses, from, count }) => {
      models.forEach(({ dtype }, model) => {
        kernel.add(dtype, addresses[model + 1]!, count, 1, true)
        kernel.add(base.dtype, addresses[0]!, count, -1, false)
        differences[model]!.set(kernel.sums.subarray(0, count), from)
      })
    }
  })
  const mask = held.mask.subarray(0, values)
  const factors = differences.map((one, model) =>
    leaveOut(recipe, { name, rowLength: inputs.rowLength, model }, one, mask)
  )
  const summed: Differences = {
    values: differences,
    weights: weightsOf(recipe, name),
    factors,
    needsConsensus: ['ties', 'dare_ties', 'della'].includes(recipe.method),
    normalize: settingOf(recipe, 'normalize', null, name) === true,
    lambda: numberOf(recipe, 'lambda', null, name)
  }
  return {
    values,
    inputs: [base],
    target,
    isAlone: true,
    fill: ({ kernel, addresses, from, count }) => {
      kernel.add(base.dtype, addresses[0]!, count, 1, true)
      addDifferences(kernel.sums, from, count, summed)
    }
  }
}

/** Leaves out what the method says, in place. */
function leaveOut(
  recipe: MergeRecipe,
  { name, rowLength, model }: { name: string; rowLength: number; model: number },
  values: Float32Array,
  mask: Uint8Array
): number {
  const density = numberOf(recipe, 'density', model, name)
  if (density >= 1) return 1
  if (recipe.method === 'ties') largestMask(values, density, mask)
  else {
    const draw = drawFor(recipe.randomSeed, name, model)
    if (recipe.method.startsWith('dare')) drawnMask(density, mask, draw)
    else {
      const epsilon = numberOf(recipe, 'epsilon', model, name)
      rankedMask(values, { rowLength, density, epsilon }, mask, draw)
    }
  }
  return applyMask(values, mask, settingOf(recipe, 'rescale', null, name) === true)
}

/** A generator for one tensor of one model: what others draw does not move it. */
function drawFor(randomSeed: number, name: string, model: number): Draw {
  const text = JSON.stringify([randomSeed, name, model])
  const generator = xoroshiro128plus(createHash('sha256').update(text).digest().readInt32LE(0))
  return () => (generator.next() >>> 0) / 2 ** 32
}
