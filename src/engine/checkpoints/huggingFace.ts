/** Checkpoints as Hugging Face folders: any library that opens those opens ours. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { DecoderConfig } from '#shared/records'
import { sourceOf } from '#engine/parameters'
import type { ParameterSet, ParameterSource } from '#engine/parameters'
import type { FolderDraft } from '#engine/storage/files'
import { fromModelConfig, toModelConfig } from './modelConfig'
import { openSafetensors, writeSafetensors } from './safetensors'
import { invalid } from './safetensorsHeader'
import { writeTokenizerFiles } from './tokenizerFiles'

export { OPTIMIZER_FILE, readOptimizerState, writeOptimizerState } from './optimizerState'

const CONFIG = 'config.json'
const WEIGHTS = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'

const IndexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) })

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
  await draft.writeFile(CONFIG, json(toModelConfig(config, endOfTextId)))
  await draft.writeFile('generation_config.json', json(ends))
  if (tokenizerFile !== undefined) {
    await writeTokenizerFiles(draft, config, tokenizerFile, endOfTextId)
  }
  const source = parameters instanceof Map ? sourceOf(parameters, draft.target) : parameters
  const writer = await draft.create(WEIGHTS)
  await writeSafetensors(writer, source)
  await writer.close()
}

/** What old checkpoints store beside parameters: rotary frequencies, causal masks. */
const BUFFERS = /\.rotary_emb\.inv_freq$|\.(attn|attention)\.(bias|masked_bias)$/

/** A parameter's name in a model of its family; null for what is none. */
function parameterName({ architecture, tieEmbeddings }: DecoderConfig, stored: string) {
  if (BUFFERS.test(stored)) return null
  if (tieEmbeddings && /^(lm_head|embed_out)\.weight$/.test(stored)) return null
  if (architecture?.family === 'gpt_neox' && stored === 'lm_head.weight') return 'embed_out.weight'
  // GPT-2's own files have the inner model's names.
  const isInner = architecture?.family === 'gpt2' && /^(wte|wpe|h|ln_f)\./.test(stored)
  return isInner ? `transformer.${stored}` : stored
}

/**
 * Opens a Hugging Face folder of a family that can be computed, of one file or of several.
 *
 * Only headers are read. Buffers that old checkpoints store beside parameters and the second copy
 * of tied embeddings are left out: the decoder has no such parameters.
 *
 * @throws WorkbenchError `checkpoint/invalid` saying which file is missing, damaged or not usable
 */
export async function openCheckpoint(
  folder: string
): Promise<{ config: DecoderConfig; parameters: ParameterSource; weightFiles: string[] }> {
  const configFile = join(folder, CONFIG)
  if (!existsSync(configFile)) throw invalid(configFile, 'there is no such file')
  const config = fromModelConfig(await readFile(configFile, 'utf8'), configFile)
  const files = await weightFiles(folder)
  const shapes = new Map<string, readonly number[]>()
  const holders = new Map<string, { source: ParameterSource; stored: string }>()
  for (const file of files) {
    const source = await openSafetensors(file, folder)
    for (const [stored, shape] of source.shapes) {
      const name = parameterName(config, stored)
      if (name === null) continue
      if (holders.has(name)) throw invalid(file, `${name} is in another file of ${folder} too`)
      shapes.set(name, shape)
      holders.set(name, { source, stored })
    }
  }
  return {
    config,
    weightFiles: files,
    parameters: {
      label: folder,
      shapes,
      isHeld: false,
      read: (name, from, to) => {
        const holder = holders.get(name)
        if (!holder) throw invalid(folder, `it holds no parameter ${name}`)
        return holder.source.read(holder.stored, from, to)
      }
    }
  }
}

async function weightFiles(folder: string): Promise<string[]> {
  const single = join(folder, WEIGHTS)
  if (existsSync(single)) return [single]
  const index = join(folder, INDEX)
  if (!existsSync(index)) throw invalid(single, 'there is no such file')
  let raw: unknown
  try {
    raw = JSON.parse(await readFile(index, 'utf8'))
  } catch (error) {
    throw invalid(index, `it is not JSON (${(error as Error).message})`, error)
  }
  const parsed = IndexSchema.safeParse(raw)
  if (!parsed.success) throw invalid(index, z.prettifyError(parsed.error))
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort()
  const outside = names.find((name) => !/^[\w.-]+\.safetensors$/.test(name))
  if (outside !== undefined) throw invalid(index, `${outside} is not a file of this folder`)
  return names.map((name) => join(folder, name))
}

/** Reads all parameters of a source into memory. */
export async function readParameters(source: ParameterSource): Promise<ParameterSet> {
  const parameters: ParameterSet = new Map()
  for (const [name, shape] of source.shapes) {
    parameters.set(name, { shape: [...shape], data: await source.read(name) })
  }
  return parameters
}
