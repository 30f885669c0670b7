/**
 * The checkpoints that check.py and checkShards.py open in transformers.
 *
 *     npx tsx ours.ts FOLDER [FOLDER OF SHARDS]
 *
 * Its bytes are the same on every machine, so what transformers said of them once stays true as
 * long as a test finds the same bytes.
 */
import { join } from 'node:path'
import { writeCheckpoint } from '#engine/checkpoints/huggingFace'
import { copyModelFiles, writeModelWeights } from '#engine/checkpoints/modelFolder'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import type { ParameterSet } from '#engine/parameters'
import { FolderDraft } from '#engine/storage/files'
import type { DecoderConfig } from '#shared/records'

export const config: DecoderConfig = {
  vocabularySize: 300,
  hiddenSize: 8,
  hiddenLayers: 2,
  attentionHeads: 2,
  keyValueHeads: 1,
  intermediateSize: 12,
  contextLength: 32,
  ropeTheta: 5000,
  rmsNormEpsilon: 1e-6,
  tieEmbeddings: false,
  initializerRange: 0.02
}

/** Parameters of a closed form that check.py computes too. */
export function parameters(): ParameterSet {
  const { hiddenSize: C, intermediateSize: F, vocabularySize: V } = config
  const shapes: [string, number[]][] = [['model.embed_tokens.weight', [V, C]]]
  for (let layer = 0; layer < config.hiddenLayers; layer++) {
    const named = (name: string) => `model.layers.${layer}.${name}.weight`
    shapes.push([named('self_attn.q_proj'), [C, C]])
    shapes.push([named('self_attn.k_proj'), [C / 2, C]])
    shapes.push([named('self_attn.v_proj'), [C / 2, C]])
    shapes.push([named('self_attn.o_proj'), [C, C]])
    shapes.push([named('mlp.gate_proj'), [F, C]])
    shapes.push([named('mlp.up_proj'), [F, C]])
    shapes.push([named('mlp.down_proj'), [C, F]])
    shapes.push([named('input_layernorm'), [C]])
    shapes.push([named('post_attention_layernorm'), [C]])
  }
  shapes.push(['model.norm.weight', [C]], ['lm_head.weight', [V, C]])
  return new Map(
    shapes.map(([name, shape], tensor) => {
      const length = shape.reduce((product, one) => product * one, 1)
      const data = Float32Array.from(
        { length },
        (_, i) => ((i * 37 + tensor * 11) % 101) / 64 - 0.75
      )
      return [name, { shape, data }]
    })
  )
}

/** Writes it to a folder that is not there yet. */
export async function writeOurs(folder: string): Promise<void> {
  const draft = await FolderDraft.begin(folder)
  await writeCheckpoint(draft, config, parameters(), {
    tokenizerFile: join(import.meta.dirname, 'tokenizer.json'),
    endOfTextId: 0
  })
  await draft.commit()
}

/** Exports what lies in a folder to another one: bfloat16, in shards, as any export is written. */
export async function exportShards(from: string, folder: string): Promise<void> {
  const draft = await FolderDraft.begin(folder)
  await copyModelFiles(draft, from, 'BF16')
  const options = { dtype: 'BF16', shardBytes: 2000 } as const
  await writeModelWeights(draft, await openModelWeights(from), options)
  await draft.commit()
}

if (process.argv[1] === import.meta.filename) {
  const [, , ours, shards] = process.argv
  await writeOurs(ours!)
  if (shards !== undefined) await exportShards(ours!, shards)
}
