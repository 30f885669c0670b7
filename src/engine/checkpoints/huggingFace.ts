/** Checkpoints as Hugging Face folders: any library that opens those opens ours. */
import { join } from 'node:path'
import type { DecoderConfig } from '#shared/records'
import { sourceOf } from '#engine/parameters'
import type { ParameterSet, ParameterSource } from '#engine/parameters'
import type { FolderDraft } from '#engine/storage/files'
import { readFileOf } from './folderFiles'
import { fromLlamaConfig, toLlamaConfig } from './llamaConfig'
import { CONFIG_FILE, writeModelWeights } from './modelFolder'
import { openModelWeights } from './modelWeights'
import { writeTokenizerFiles } from './tokenizerFiles'

export { OPTIMIZER_FILE, readOptimizerState, writeOptimizerState } from './optimizerState'

/**
 * Writes a model as a Hugging Face folder: `config.json`, `generation_config.json`,
 * `model.safetensors`, and with a tokenizer `tokenizer.json` and `tokenizer_config.json`.
 *
 * @param draft committed by the caller
 * @param parameters by Hugging Face's names; written as float32, tensor by tensor
 * @param options `tokenizerFile`: a `tokenizer.json`; `endOfTextId`: the token that ends a document
 * @throws WorkbenchError `tokenizer/invalid`, `storage/disk-full`, `storage/not-writable`
 */
export async function writeCheckpoint(
  draft: FolderDraft,
  config: DecoderConfig,
  parameters: ParameterSource | ParameterSet,
  options: { tokenizerFile?: string; endOfTextId: number }
): Promise<void> {
  const { tokenizerFile, endOfTextId } = options
  const json = (value: unknown) => JSON.stringify(value, null, 2) + '\n'
  const ends = { bos_token_id: endOfTextId, eos_token_id: endOfTextId, pad_token_id: endOfTextId }
  await draft.writeFile(CONFIG_FILE, json(toLlamaConfig(config, endOfTextId)))
  await draft.writeFile('generation_config.json', json(ends))
  if (tokenizerFile !== undefined) {
    await writeTokenizerFiles(draft, config, tokenizerFile, endOfTextId)
  }
  const source = parameters instanceof Map ? sourceOf(parameters, draft.target) : parameters
  await writeModelWeights(draft, source, { dtype: 'F32' })
}

/**
 * Opens a Hugging Face folder of the Llama family, of one file or of several.
 *
 * Only headers are read. Buffers that old checkpoints store beside parameters (`inv_freq`) and the
 * second copy of tied embeddings are left out: the decoder has no such parameters.
 *
 * @throws WorkbenchError `checkpoint/invalid` saying which file is missing, damaged or not usable
 */
export async function openCheckpoint(
  folder: string
): Promise<{ config: DecoderConfig; parameters: ParameterSource; weightFiles: string[] }> {
  const configText = (await readFileOf(folder, CONFIG_FILE)).toString('utf8')
  const config = fromLlamaConfig(configText, join(folder, CONFIG_FILE))
  const weights = await openModelWeights(folder)
  const shapes = new Map(
    [...weights.shapes].filter(([name]) => {
      if (name.endsWith('.rotary_emb.inv_freq')) return false
      return !(config.tieEmbeddings && name === 'lm_head.weight')
    })
  )
  return { config, weightFiles: [...weights.files], parameters: { ...weights, shapes } }
}

/** Reads all parameters of a source into memory. */
export async function readParameters(source: ParameterSource): Promise<ParameterSet> {
  const parameters: ParameterSet = new Map()
  for (const [name, shape] of source.shapes) {
    parameters.set(name, { shape: [...shape], data: await source.read(name) })
  }
  return parameters
}
