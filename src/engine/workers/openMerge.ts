/** The models of a merge with their files open, and what becomes of each tensor. */
import { isBuffer } from '#engine/checkpoints/lineage'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import type { ModelWeights } from '#engine/checkpoints/modelWeights'
import type { TensorLayout } from '#engine/checkpoints/shards'
import { openStoredTensors } from '#engine/checkpoints/storedTensors'
import type { StoredTensors, TensorInFile } from '#engine/checkpoints/storedTensors'
import { FLOAT_BYTES } from '#engine/merging/combineKernel'
import { checkRecipe, checkTensor } from '#engine/merging/methods'
import { spreadOverLayers } from '#engine/merging/layers'
import type { StoredTensor } from '#engine/merging/streamCombine'
import { bytesReadOf } from '#engine/merging/tensorMerge'
import { WorkbenchError } from '#shared/errors'
import { MERGE_TYPES } from '#shared/merging'
import type { MergeRecipe, MergeType } from '#shared/merging'

/** A tensor of the result. */
export interface MergedTensor extends TensorLayout {
  values: number
  rowLength: number
  /** Null for what is no floating-point number, and is copied. */
  type: MergeType | null
  /** Of each model, the base first where there is one. */
  sources: TensorInFile[]
}

/** Everything that a merge reads. Its files are closed by whoever opened it. */
export interface OpenMerge {
  /** With its settings spread over the models' layers. */
  recipe: MergeRecipe
  /** The base first where there is one; its configuration and tokenizer are the result's. */
  folders: string[]
  reference: ModelWeights
  tensors: MergedTensor[]
  /** Tensors that not all models have, and that the result can do without. */
  leftOut: string[]
  bytesRead: number
  assertUnchanged(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the models; only headers are read.
 *
 * @throws WorkbenchError `merge/invalid` for a recipe that cannot be, `merge/mismatch` naming the
 *   tensor and the models, `checkpoint/invalid`
 */
export async function openMerge(asked: MergeRecipe): Promise<OpenMerge> {
  checkRecipe(asked)
  const { base, models } = asked
  const folders = [...(base === null ? [] : [base]), ...models.map(({ folder }) => folder)]
  const opened: StoredTensors[] = []
  const close = async () => {
    for (const one of opened) await one.close()
  }
  try {
    let reference: ModelWeights | null = null
    for (const folder of folders) {
      const weights = await openModelWeights(folder)
      reference ??= weights
      opened.push(await openStoredTensors(weights))
    }
    const recipe = spreadOverLayers(asked, [...opened[0]!.tensors.keys()])
    const { tensors, leftOut } = mergedTensors(recipe, opened)
    for (const { name, type } of tensors) if (type !== null) checkTensor(recipe, name)
    const bytesRead = tensors.reduce((sum, tensor) => sum + bytesOf(recipe, tensor), 0)
    const assertUnchanged = async () => {
      for (const one of opened) await one.assertUnchanged()
    }
    const facts = { recipe, folders, reference: reference!, tensors, leftOut, bytesRead }
    return { ...facts, assertUnchanged, close }
  } catch (error) {
    await close()
    throw error
  }
}

function bytesOf(recipe: MergeRecipe, tensor: MergedTensor): number {
  const { type, values, sources } = tensor
  if (type === null) return sources.reduce((sum, source) => sum + values * source.width, 0)
  const [base, models] = baseAndModels(recipe, tensor)
  return bytesReadOf(recipe, { values, base, models })
}

/** The tensors of floating-point numbers, base and models apart. */
export function baseAndModels(
  recipe: MergeRecipe,
  { name, sources }: Pick<MergedTensor, 'name' | 'sources'>
): [base: StoredTensor | null, models: StoredTensor[]] {
  const folders = [
    ...(recipe.base === null ? [] : [recipe.base]),
    ...recipe.models.map(({ folder }) => folder)
  ]
  const stored = sources.map((source, i) => ({
    ...source,
    dtype: source.dtype as MergeType,
    owner: { model: folders[i]!, tensor: name }
  }))
  return recipe.base === null ? [null, stored] : [stored[0]!, stored.slice(1)]
}

function mergedTensors(
  recipe: MergeRecipe,
  opened: readonly StoredTensors[]
): Pick<OpenMerge, 'tensors' | 'leftOut'> {
  const names = new Set(opened.flatMap(({ tensors }) => [...tensors.keys()]))
  const tensors: MergedTensor[] = []
  const leftOut: string[] = []
  for (const name of names) {
    const found = opened.map((one) => one.tensors.get(name))
    const first = found.find((one) => one !== undefined)!
    if (found.some((one) => one === undefined)) {
      assertDispensable(name, first.shape, opened)
      leftOut.push(name)
      continue
    }
    const sources = found as TensorInFile[]
    assertOneShape(name, sources, opened)
    tensors.push(mergedTensor(name, sources, recipe, opened))
  }
  return { tensors, leftOut }
}

function mergedTensor(
  name: string,
  sources: TensorInFile[],
  recipe: MergeRecipe,
  opened: readonly StoredTensors[]
): MergedTensor {
  const { shape, values } = sources[0]!
  const rowLength = shape.at(-1) ?? 1
  const type = typeOf(name, sources, recipe, opened)
  const dtype = type ?? sources[0]!.dtype
  const bytes = values * (type === null ? sources[0]!.width : FLOAT_BYTES[type])
  return { name, dtype, shape, bytes, values, rowLength, type, sources }
}

/** As asked, or the type that holds what all models store; null for what is no float. */
function typeOf(
  name: string,
  sources: readonly TensorInFile[],
  { dtype }: MergeRecipe,
  opened: readonly StoredTensors[]
): MergeType | null {
  const found = [...new Set(sources.map((source) => source.dtype))]
  const isFloat = (type: string) => (MERGE_TYPES as readonly string[]).includes(type)
  if (found.every(isFloat)) {
    return dtype ?? (found.length === 1 ? (found[0] as MergeType) : 'F32')
  }
  if (found.length === 1 && !/^F/.test(found[0]!)) return null
  const index = sources.findIndex((source) => !isFloat(source.dtype))
  throw new WorkbenchError(
    'merge/mismatch',
    `${name} is stored as ${sources[index]!.dtype} in ${opened[index]!.label}; F32, BF16 and F16 can be merged. Convert it first.`,
    { tensor: name, found: sources[index]!.dtype, model: opened[index]!.label }
  )
}

function assertDispensable(
  name: string,
  shape: readonly number[],
  opened: readonly StoredTensors[]
): void {
  // A head that not all store is the embedding's second copy; whether it may be is asked before.
  if (isBuffer(name, shape) || name === 'lm_head.weight') return
  const [has, lacks] = [true, false].map(
    (wanted) => opened.find(({ tensors }) => tensors.has(name) === wanted)!.label
  )
  throw new WorkbenchError(
    'merge/mismatch',
    `${name} is in ${has} and not in ${lacks}: only models of one architecture can be merged.`,
    { tensor: name, expected: `[${shape.join(', ')}]`, found: 'nothing', model: lacks! }
  )
}

function assertOneShape(
  name: string,
  sources: readonly TensorInFile[],
  opened: readonly StoredTensors[]
): void {
  const said = sources.map(({ shape }) => `[${shape.join(', ')}]`)
  const index = said.findIndex((shape) => shape !== said[0])
  if (index < 0) return
  throw new WorkbenchError(
    'merge/mismatch',
    `${name} is ${said[0]} in ${opened[0]!.label} and ${said[index]} in ${opened[index]!.label}: only models of one architecture can be merged.`,
    { tensor: name, expected: said[0]!, found: said[index]!, model: opened[index]!.label }
  )
}
