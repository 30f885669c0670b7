/** Checkpoints as Hugging Face folders: any library that opens those opens ours. */
import { join } from 'node:path'
import type { DecoderConfig } from '#shared/records'
import { sourceOf } from '#engine/parameters'
import type { ParameterSet, ParameterSource } from '#engine/parameters'
import type { FolderDraft } from '#engine/storage/files'
import { isBuffer } from './lineage'
import { fromModelConfig, toModelConfig } from './modelConfig'
import { CONFIG_FILE, writeModelWeights } from './modelFolder'
import { openModelWeights } from './modelWeights'
import type { ModelWeights } from './modelWeights'
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
  await draft.writeFile(CONFIG_FILE, json(toModelConfig(config, endOfTextId)))
  await draft.writeFile('generation_config.json', json(ends))
  if (tokenizerFile !== undefined) {
    await writeTokenizerFiles(draft, config, tokenizerFile, endOfTextId)
  }
  const source = parameters instanceof Map ? sourceOf(parameters, draft.target) : parameters
  await writeModelWeights(draft, source, { dtype: 'F32' })
}

/** A parameter's name in a model of its family; null for what is none. */
function parameterName(
  { architecture, tieEmbeddings }: DecoderConfig,
  stored: string,
  shape: readonly number[]
): string | null {
  if (isBuffer(stored, shape)) return null
  if (tieEmbeddings && /^(lm_head|embed_out)\.weight$/.test(stored)) return null
  if (architecture?.family === 'gpt_neox' && stored === 'lm_head.weight') return 'embed_out.weight'
  // GPT-2's own files have the inner model's names.
  const isInner = architecture?.family === 'gpt2' && /^(wte|wpe|h|ln_f)\./.test(stored)
  return isInner ? `transformer.${stored}` : stored
}

/** A model of a family that can be computed, as the decoder has it. Holds no file open. */
export interface Checkpoint {
  config: DecoderConfig
  parameters: ParameterSource
}

/**
 * Opens a Hugging Face folder of a family that can be computed, of one file or of several.
 *
 * @throws WorkbenchError `checkpoint/invalid` saying which file is missing, damaged or not usable
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  return checkpointOf(await openModelWeights(folder))
}

/**
 * A model that is open already, as the decoder has it.
 *
 * Buffers that old checkpoints store beside parameters and the second copy of tied embeddings are
 * left out: the decoder has no such parameters.
 *
 * @param weights opened first, which holds sizes against tensors: of a billion layers nothing may be
 *   made
 * @throws WorkbenchError `checkpoint/invalid` saying what its configuration lacks, or cannot be computed
 */
export function checkpointOf(weights: ModelWeights): Checkpoint {
  const { folder } = weights
  const config = fromModelConfig(weights.config, join(folder, CONFIG_FILE))
  const stored = new Map<string, string>()
  for (const [name, shape] of weights.shapes) {
    const own = parameterName(config, name, shape)
    if (own !== null) stored.set(own, name)
  }
  const storedName = (name: string) => stored.get(name) ?? name
  const parameters: ParameterSource = {
    label: folder,
    shapes: new Map([...stored].map(([name, own]) => [name, weights.shapes.get(own)!])),
    isHeld: false,
    read: (name, from, to) => weights.read(storedName(name), from, to)
  }
  return { config, parameters }
}

/** Reads all parameters of a source into memory. */
export async function readParameters(source: ParameterSource): Promise<ParameterSet> {
  const parameters: ParameterSet = new Map()
  for (const [name, shape] of source.shapes) {
    parameters.set(name, { shape: [...shape], data: await source.read(name) })
  }
  return parameters
}
