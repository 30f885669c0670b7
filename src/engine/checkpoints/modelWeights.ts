/** Any model of a Hugging Face folder as named tensors, whatever its architecture. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import type { ParameterSource } from '#engine/parameters'
import { fileOf, hasFile, readJsonOf } from './folderFiles'
import { COMPANIONS, CONFIG_FILE } from './modelFolder'
import { openSafetensors } from './safetensors'
import type { SafetensorsSource } from './safetensors'
import { invalid, shownName } from './safetensorsHeader'
import { INDEX_FILE, WEIGHTS_FILE } from './shards'

/** A model as its files have it. Holds no file open. */
export interface ModelWeights extends ParameterSource {
  readonly folder: string
  /** `config.json`, as it is. */
  readonly config: Readonly<Record<string, unknown>>
  /** Paths of the files that hold tensors. */
  readonly files: readonly string[]
  /** Bytes of those files. */
  readonly bytes: number
  /** The type that each tensor is stored in: `F32`, `BF16`, `F16` … */
  readonly dtypes: ReadonlyMap<string, string>
  /** Path of the file that holds a tensor. */
  readonly fileOf: (name: string) => string
  /** Bytes that a tensor takes in it. */
  readonly bytesOf: (name: string) => number
}

const IndexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) })
const ConfigSchema = z.record(z.string(), z.unknown())

/**
 * Opens a folder of one safetensors file or of several with their index.
 *
 * Only headers are read. Names come in the order of the files, and in each in the order of its
 * bytes: compare models by name. `read` gives float32 of what is stored as F32, BF16 or F16.
 *
 * @throws WorkbenchError `checkpoint/invalid` naming the file and the tensor: what is missing,
 *   damaged, leads out of the folder, or is claimed by the configuration and not there
 */
export async function openModelWeights(folder: string): Promise<ModelWeights> {
  if (!hasFile(folder, CONFIG_FILE)) {
    throw invalid(join(folder, CONFIG_FILE), 'there is no such file')
  }
  const config = ConfigSchema.safeParse(await readJsonOf(folder, CONFIG_FILE))
  if (!config.success) throw invalid(join(folder, CONFIG_FILE), 'it is not a JSON object')
  const { files, listed } = await weightFiles(folder)
  const holders = new Map<string, { file: string; source: SafetensorsSource }>()
  const shapes = new Map<string, readonly number[]>()
  let bytes = 0
  for (const file of files) {
    const source = await openSafetensors(file, folder)
    bytes += source.fileBytes
    for (const [name, shape] of source.shapes) {
      const holder = holders.get(name)
      if (holder) throw invalid(file, `${shownName(name)} is in ${holder.file} too`)
      holders.set(name, { file, source })
      shapes.set(name, shape)
    }
  }
  for (const [name, file] of listed) {
    if (holders.get(name)?.file === file) continue
    throw invalid(file, `${shownName(name)} is not in it, although ${INDEX_FILE} says so`)
  }
  checkSizes(join(folder, CONFIG_FILE), config.data, shapes)
  const holderOf = (name: string) => {
    const holder = holders.get(name)
    if (!holder) throw invalid(folder, `it holds no parameter ${shownName(name)}`)
    return holder
  }
  return {
    label: folder,
    folder,
    shapes,
    isHeld: false,
    config: config.data,
    files,
    bytes,
    dtypes: new Map([...holders].map(([name, { source }]) => [name, source.dtype(name)])),
    fileOf: (name) => holderOf(name).file,
    bytesOf: (name) => holderOf(name).source.bytesOf(name),
    read: (name, from, to) => holderOf(name).source.read(name, from, to)
  }
}

/**
 * Names that a model's files have: configuration, weights with their index, generation
 * configuration, tokenizer. Besides its weights not every model has each.
 */
export function modelFileNames({ files }: ModelWeights): string[] {
  return [CONFIG_FILE, INDEX_FILE, ...COMPANIONS, ...files.map((file) => basename(file))]
}

/** The files that hold tensors, and what the index says of each tensor. */
async function weightFiles(
  folder: string
): Promise<{ files: string[]; listed: [name: string, file: string][] }> {
  if (hasFile(folder, WEIGHTS_FILE)) {
    return { files: [await fileOf(folder, WEIGHTS_FILE)], listed: [] }
  }
  const index = join(folder, INDEX_FILE)
  if (!hasFile(folder, INDEX_FILE)) throw await withoutSafetensors(folder)
  const parsed = IndexSchema.safeParse(await readJsonOf(folder, INDEX_FILE))
  if (!parsed.success) throw invalid(index, z.prettifyError(parsed.error))
  const paths = new Map<string, string>()
  for (const name of [...new Set(Object.values(parsed.data.weight_map))].sort()) {
    if (!/^[\w.-]+\.safetensors$/.test(name)) {
      throw invalid(index, `${shownName(name)} is not a file of this folder`)
    }
    if (!hasFile(folder, name)) throw invalid(index, `it names ${name}, which is not there`)
    paths.set(name, await fileOf(folder, name))
  }
  return {
    files: [...paths.values()],
    listed: Object.entries(parsed.data.weight_map).map(([name, file]) => [name, paths.get(file)!])
  }
}

/** Why a folder has no safetensors: pickled weights are told how to become some. */
async function withoutSafetensors(folder: string): Promise<WorkbenchError> {
  const pickled = (await readdir(folder)).find((name) => /\.(bin|pt|pth|ckpt)$/.test(name))
  if (pickled === undefined) return invalid(join(folder, WEIGHTS_FILE), 'there is no such file')
  const path = JSON.stringify(folder)
  return new WorkbenchError(
    'checkpoint/invalid',
    `${join(folder, pickled)} holds weights as a Python pickle, which can run code when it is opened and is not read here. Convert it, where you trust it, with two lines of Python:\nfrom transformers import AutoModelForCausalLM\nAutoModelForCausalLM.from_pretrained(${path}).save_pretrained(${path}, safe_serialization=True)`,
    { path: join(folder, pickled), problem: 'pickled weights' }
  )
}

/** Keys of sizes that no model of these tensors can have, since a tensor has a side of that size. */
const SIDES = ['hidden_size', 'n_embd', 'd_model', 'vocab_size', 'num_attention_heads', 'n_head']
const LAYERS = ['num_hidden_layers', 'n_layer', 'num_layers', 'n_layers']
/** Keys that no tensor need show; a million times what models have. */
const MOST_OTHER = 2 ** 31
const OTHERS = ['intermediate_size', 'max_position_embeddings', 'n_positions', 'head_dim']

/** Refuses sizes that would be allocated by before anybody saw that no tensor has them. */
function checkSizes(path: string, config: ModelWeights['config'], shapes: ModelWeights['shapes']) {
  let largest = 0
  for (const shape of shapes.values()) for (const side of shape) if (side > largest) largest = side
  const limits: [keys: string[], most: number, because: string][] = [
    [SIDES, largest, `the largest side of its tensors is ${largest}`],
    [LAYERS, shapes.size, `there are ${shapes.size} tensors`],
    [OTHERS, MOST_OTHER, `at most ${MOST_OTHER} can be meant`]
  ]
  for (const [keys, most, because] of limits) {
    for (const key of keys) {
      const value = config[key]
      if (typeof value !== 'number' || value <= most) continue
      throw invalid(path, `${key} is ${value}, but ${because}`)
    }
  }
}
