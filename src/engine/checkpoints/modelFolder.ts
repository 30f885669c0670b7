/** Models out: weights in one file or in several, of a chosen type, and the files beside them. */
import { DTYPE_NAMES } from '#shared/modelExport'
import type { StoredDtype } from '#shared/modelExport'
import { elementsOf } from '#engine/parameters'
import type { ParameterSource } from '#engine/parameters'
import type { FolderDraft } from '#engine/storage/files'
import { fileOf, hasFile, readJsonOf } from './folderFiles'
import { storedBytes, writeSafetensors } from './safetensors'
import type { StoringOptions } from './safetensors'
import { INDEX_FILE, indexText, shardsOf } from './shards'

export type { StoredDtype } from '#shared/modelExport'

export const CONFIG_FILE = 'config.json'

/** How weights are written. */
export interface WeightsOptions extends Omit<StoringOptions, 'dtype'> {
  dtype: StoredDtype | ((name: string) => StoredDtype)
  /** Bytes of tensors in one file at most, but for a tensor that is larger; no limit by default. */
  shardBytes?: number
  /** Further strings for the header of every file. */
  metadata?: Record<string, string>
}

/** What transformers calls a type in `config.json`. */
export function torchDtype(dtype: StoredDtype): string {
  return DTYPE_NAMES[dtype]
}

/**
 * Writes a model's weights as `model.safetensors`, or where that would be too large as
 * `model-00001-of-0000N.safetensors` … with `model.safetensors.index.json`.
 *
 * Tensors are dealt out by {@link shardsOf}. Each is read and written by blocks: no model is held
 * whole, and the next block is read while the last is written, so the source's memory must stay as
 * it is until the block after the next is asked for.
 *
 * @param draft committed by the caller
 * @returns names of the files written, and the bytes of all of them
 * @throws WorkbenchError `storage/disk-full`, `storage/not-writable`; what the source throws
 */
export async function writeModelWeights(
  draft: FolderDraft,
  source: Pick<ParameterSource, 'shapes' | 'read'>,
  options: WeightsOptions
): Promise<{ files: string[]; bytes: number }> {
  const { dtype, shardBytes = Infinity, metadata = {}, ...storing } = options
  const dtypeOf = typeof dtype === 'string' ? () => dtype : dtype
  const tensors = [...source.shapes].map(([name, shape]) => {
    const stored = dtypeOf(name)
    return { name, dtype: stored, shape, bytes: elementsOf(shape) * storedBytes(stored) }
  })
  const shards = shardsOf(tensors, shardBytes)
  const files: string[] = []
  let bytes = 0
  for (const shard of shards) {
    const writer = await draft.create(shard.file)
    const shapes = new Map(shard.tensors.map(({ name, shape }) => [name, shape]))
    const part = { shapes, read: source.read.bind(source) }
    await writeSafetensors(writer, part, metadata, { dtype: dtypeOf, ...storing })
    bytes += (await writer.close()).bytes
    files.push(shard.file)
  }
  const index = indexText(shards)
  if (index !== null) {
    bytes += (await draft.writeFile(INDEX_FILE, index)).bytes
    files.push(INDEX_FILE)
  }
  return { files, bytes }
}

/** Files beside weights that say nothing of them: they are copied as they are. */
export const COMPANIONS = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tokenizer.model',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'spiece.model',
  'chat_template.jinja',
  'chat_template.json'
]

/**
 * Copies what lies beside a model's weights: its configuration, saying the type that weights are
 * now stored in, its generation configuration, and its tokenizer.
 *
 * @param folder the model's
 * @returns names of the files written
 * @throws WorkbenchError `checkpoint/invalid` for one that leads out of the folder
 */
export async function copyModelFiles(
  draft: FolderDraft,
  folder: string,
  dtype: StoredDtype
): Promise<string[]> {
  const config = (await readJsonOf(folder, CONFIG_FILE)) as Record<string, unknown>
  const said = { ...config, torch_dtype: torchDtype(dtype), dtype: torchDtype(dtype) }
  await draft.writeFile(CONFIG_FILE, JSON.stringify(said, null, 2) + '\n')
  return [CONFIG_FILE, ...(await copyBeside(draft, folder, COMPANIONS))]
}

/**
 * Copies files of a model's folder as they are, those that it has.
 *
 * @returns names of the files written
 * @throws WorkbenchError `checkpoint/invalid` for one that leads out of the folder
 */
export async function copyBeside(
  draft: FolderDraft,
  folder: string,
  names: readonly string[]
): Promise<string[]> {
  const found = names.filter((name) => hasFile(folder, name))
  for (const name of found) await draft.copyFile(await fileOf(folder, name), name)
  return found
}
