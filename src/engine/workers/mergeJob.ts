/** Merges models of folders into a folder: foreseen first, then streamed and renamed whole. */
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { MERGE_FILE, ancestryOfMerge } from '#engine/checkpoints/ancestry'
import { encodeFloat16 } from '#engine/checkpoints/halfPrecision'
import { assertMergeable, openLineageModel } from '#engine/checkpoints/lineage'
import { COMPANIONS, CONFIG_FILE, copyBeside, torchDtype } from '#engine/checkpoints/modelFolder'
import { createPlacedWeights, placedBytes } from '#engine/checkpoints/placedWeights'
import type { PlacedWeights } from '#engine/checkpoints/placedWeights'
import { FLOAT_BYTES, createCombineKernel } from '#engine/merging/combineKernel'
import type { CombineKernel } from '#engine/merging/combineKernel'
import { METHOD_RULES, numberOf, weightedFactors } from '#engine/merging/methods'
import { HEAP_BYTES, streamCombine } from '#engine/merging/streamCombine'
import type { TensorWork } from '#engine/merging/streamCombine'
import { heldBytes, holdTensors, prepareTensor } from '#engine/merging/tensorMerge'
import { FolderDraft, freeBytes } from '#engine/storage/files'
import { WorkbenchError } from '#shared/errors'
import type { MergePlan, MergeResult, MergeType, PlannedInput } from '#shared/merging'
import type { JobHooks, MergeJob } from './jobs'
import { baseAndModels, openMerge } from './openMerge'
import type { MergedTensor, OpenMerge } from './openMerge'
import { byteProgress } from './rate'

/** Left for configuration, tokenizer and the rest of a folder. */
const COMPANION_BYTES = 1 << 26
/** Of a process that merges, besides its tensors: Node, and the code of all jobs. */
const PROCESS_BYTES = 140_000_000

/**
 * What a merge will do and need; reads headers only.
 *
 * @throws WorkbenchError `merge/invalid`, `merge/mismatch`, `checkpoint/invalid`, `storage/exists`
 *   where its folder is there already, `storage/disk-full` where the disk cannot hold it
 */
export async function planMerge(job: MergeJob): Promise<MergePlan> {
  assertFolderFree(job.folder)
  const open = await openMerge(job.recipe)
  try {
    const { recipe } = open
    const lineage = []
    for (const folder of open.folders) lineage.push(await openLineageModel(folder))
    const { warnings } = assertMergeable(lineage)
    const { tensors } = open
    const floats = tensors.filter(({ type }) => type !== null)
    const bytesWritten = placedBytes(tensors, job.shardBytes)
    const bytesFree = await freeBytes(nearestFolder(job.folder))
    assertRoom(job.folder, bytesWritten, bytesFree)
    const largest = Math.max(0, ...floats.map(({ values }) => values))
    const isHeld = heldBytes(recipe, largest) > 0 || METHOD_RULES[recipe.method].kind === 'angles'
    const { inputs, byTensor } = plannedInputs(open)
    return {
      method: recipe.method,
      folder: job.folder,
      inputs,
      byTensor,
      tensors: tensors.length,
      parameters: tensors.reduce((sum, { values }) => sum + values, 0),
      types: typesOf(tensors),
      copied: tensors.length - floats.length,
      bytesRead: open.bytesRead,
      bytesWritten,
      bytesFree,
      peakBytes: PROCESS_BYTES + HEAP_BYTES * (isHeld ? 2 : 1) + heldBytes(recipe, largest),
      largestTensorBytes: 4 * largest,
      warnings: [...warnings, ...leftOutWarnings(open)]
    }
  } finally {
    await open.close()
  }
}

function leftOutWarnings({ leftOut }: OpenMerge): string[] {
  if (leftOut.length === 0) return []
  return [`Not all models store ${leftOut.join(', ')}; the result does without.`]
}

function typesOf(tensors: readonly MergedTensor[]): MergePlan['types'] {
  const types: MergePlan['types'] = {}
  for (const { type, values } of tensors) if (type) types[type] = (types[type] ?? 0) + values
  return types
}

/** What each model is multiplied by, where that is the same for all tensors. */
function plannedInputs({
  recipe,
  folders,
  tensors
}: OpenMerge): Pick<MergePlan, 'inputs' | 'byTensor'> {
  const rules = METHOD_RULES[recipe.method]
  const names = tensors.filter(({ type }) => type !== null).map(({ name }) => name)
  const same = <T>(values: (name: string) => T): T | null => {
    const [first, ...others] = names.map(values)
    return first !== undefined && others.every((one) => one === first) ? first : null
  }
  const isWeighted = rules.kind === 'weighted'
  const inputs = folders.map((folder, index): PlannedInput => {
    const model = recipe.base === null ? index : index - 1
    if (model < 0) {
      const effective = isWeighted ? same((name) => weightedFactors(recipe, name).base) : null
      return { folder, role: 'base', weight: null, effective }
    }
    return {
      folder,
      role: 'model',
      weight:
        'weight' in rules.perModel ? same((name) => numberOf(recipe, 'weight', model, name)) : null,
      effective: isWeighted ? same((name) => weightedFactors(recipe, name).models[model]!) : null
    }
  })
  const settings = [recipe.settings, ...recipe.models.map((one) => one.settings)]
  const varied = settings.flatMap((one) =>
    Object.entries(one).flatMap(([name, given]) =>
      given.some(({ filter, under }) => filter !== null || under !== undefined) ? [name] : []
    )
  )
  return { inputs, byTensor: [...new Set(varied)] }
}

function assertFolderFree(folder: string): void {
  if (!existsSync(folder)) return
  throw new WorkbenchError(
    'storage/exists',
    `${folder} is there already; a merge is written into a folder of its own. Name another, or remove it.`,
    { folder }
  )
}

function nearestFolder(folder: string): string {
  const above = dirname(folder)
  return existsSync(above) || above === folder ? above : nearestFolder(above)
}

function assertRoom(folder: string, bytesWritten: number, bytesFree: number): void {
  const needed = bytesWritten + COMPANION_BYTES
  if (needed <= bytesFree) return
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  throw new WorkbenchError(
    'storage/disk-full',
    `The merge needs ${gigabytes(needed)} on the disk of ${folder}; ${gigabytes(bytesFree)} are free. Free some space, or choose another disk or a shorter type.`,
    { path: folder, needed, free: bytesFree }
  )
}

/**
 * Merges. The folder is there complete or not at all, also when the job is stopped.
 *
 * Whether the models belong together is what {@link planMerge} asks; here names and shapes must agree.
 *
 * @throws WorkbenchError as {@link planMerge}, `merge/undefined`, `storage/not-writable`, and
 *   `checkpoint/invalid` for a model with a tensor that holds NaN or infinity
 */
export async function mergeModels(job: MergeJob, hooks: JobHooks): Promise<MergeResult> {
  assertFolderFree(job.folder)
  const beganAt = performance.now()
  const open = await openMerge(job.recipe)
  try {
    const draft = await FolderDraft.begin(job.folder)
    try {
      const written = await fillDraft(draft, job, open, hooks)
      await open.assertUnchanged()
      hooks.signal.throwIfAborted()
      if ((await draft.commit()) === 'there') assertFolderFree(job.folder)
      return {
        folder: job.folder,
        files: written.files,
        parameters: open.tensors.reduce((sum, { values }) => sum + values, 0),
        bytesRead: open.bytesRead,
        bytesWritten: written.bytes,
        elapsedSeconds: (performance.now() - beganAt) / 1000,
        peakBytes: process.resourceUsage().maxRSS * 1024
      }
    } catch (error) {
      await draft.discard()
      throw error
    }
  } finally {
    await open.close()
  }
}

async function fillDraft(
  draft: FolderDraft,
  job: MergeJob,
  open: OpenMerge,
  hooks: JobHooks
): Promise<{ files: string[]; bytes: number }> {
  const [reference] = open.folders
  const weights = await createPlacedWeights(draft, open.tensors, job.shardBytes)
  const total = open.bytesRead + open.tensors.reduce((sum, { bytes }) => sum + bytes, 0)
  const tell = byteProgress('merge', total, hooks)
  const onBytes = (bytes: number) => tell(bytes, basename(job.folder))
  await mergeTensors(open, weights, { signal: hooks.signal, onBytes })
  await weights.close()
  const json = (value: unknown) => JSON.stringify(value, null, 2) + '\n'
  await draft.writeFile(CONFIG_FILE, json(configOf(open)))
  const copied = await copyBeside(draft, reference!, COMPANIONS)
  const came = await ancestryOfMerge(open.folders)
  await draft.writeFile(MERGE_FILE, json({ ...job.recipe, folders: open.folders, ...came }))
  return { ...weights, files: [...weights.files, CONFIG_FILE, ...copied, MERGE_FILE] }
}

/** The reference's configuration, with the type that most of the result's values are stored in. */
function configOf({ reference, tensors }: OpenMerge): Record<string, unknown> {
  const types = Object.entries(typesOf(tensors)) as [MergeType, number][]
  const [most] = types.sort(([, a], [, b]) => b - a)
  // Transformers renamed the key in version 5, and reads both.
  const key = 'dtype' in reference.config ? 'dtype' : 'torch_dtype'
  return { ...reference.config, ...(most ? { [key]: torchDtype(most[0]) } : {}) }
}

async function mergeTensors(
  open: OpenMerge,
  weights: PlacedWeights,
  hooks: { signal: AbortSignal; onBytes: (bytes: number) => void }
): Promise<void> {
  const { recipe } = open
  const kernelOf = () => createCombineKernel(HEAP_BYTES, encodeFloat16)
  const options = { ...hooks, inputs: open.folders.length, kernel: kernelOf() }
  const largest = Math.max(0, ...open.tensors.map(({ type, values }) => (type ? values : 0)))
  const held = holdTensors(recipe, largest)
  let lookKernel: CombineKernel | null = null
  const look = (work: TensorWork) =>
    streamCombine([work], { ...options, kernel: (lookKernel ??= kernelOf()) })
  async function* works(): AsyncGenerator<TensorWork> {
    for (const tensor of open.tensors) {
      const { name, type, values, rowLength } = tensor
      if (type === null) {
        await copyAgreed(tensor, weights, open.folders, hooks)
        continue
      }
      const [base, models] = baseAndModels(recipe, tensor)
      const target = {
        dtype: type,
        write: (bytes: Uint8Array, from: number) =>
          weights.write(name, bytes, from * FLOAT_BYTES[type])
      }
      const inputs = { name, values, rowLength, base, models, target }
      yield await prepareTensor(recipe, inputs, { look, held })
    }
  }
  await streamCombine(works(), options)
}

/** Bytes of a tensor that is copied, at a time. */
const COPY_BYTES = 1 << 20

/** Copies what is no floating-point number, where all models have the same. */
async function copyAgreed(
  { name, bytes, sources }: MergedTensor,
  weights: PlacedWeights,
  folders: readonly string[],
  hooks: { signal: AbortSignal; onBytes: (bytes: number) => void }
): Promise<void> {
  const { width } = sources[0]!
  const step = Math.floor(COPY_BYTES / width) * width
  for (let from = 0; from < bytes; from += step) {
    hooks.signal.throwIfAborted()
    const length = Math.min(step, bytes - from)
    const parts = sources.map(() => Buffer.alloc(length))
    await Promise.all(sources.map((source, i) => source.readInto(parts[i]!, from / width)))
    const other = parts.findIndex((part) => !part.equals(parts[0]!))
    if (other >= 0) {
      throw new WorkbenchError(
        'merge/mismatch',
        `${name} holds no floating-point numbers and differs between ${folders[0]} and ${folders[other]}: it can be copied only where all models agree.`,
        { tensor: name, model: folders[other]! }
      )
    }
    await weights.write(name, parts[0]!, from)
    hooks.onBytes(length * (sources.length + 1))
  }
}
