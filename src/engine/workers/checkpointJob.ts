/** Describes a checkpoint from outside that a study wants to start from. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hubNode } from '#engine/checkpoints/ancestry'
import { OPTIMIZER_FILE, checkpointOf } from '#engine/checkpoints/huggingFace'
import { openModelWeights } from '#engine/checkpoints/modelWeights'
import type { ModelWeights } from '#engine/checkpoints/modelWeights'
import { fingerprintOf, hashFile } from '#engine/storage/fingerprint'
import type { CheckpointJob, SeedCheckpoint } from './jobs'

/**
 * Reads a Hugging Face folder's configuration and hashes its contents.
 *
 * @throws WorkbenchError `checkpoint/invalid` saying which file is missing, damaged or not usable
 */
export async function describeCheckpoint({ folder }: CheckpointJob): Promise<SeedCheckpoint> {
  return describeOpen(await openModelWeights(folder))
}

/**
 * {@link describeCheckpoint} of a model that is open already.
 *
 * @throws WorkbenchError `checkpoint/invalid`
 */
export async function describeOpen(model: ModelWeights): Promise<SeedCheckpoint> {
  const { folder, files } = model
  const { config } = checkpointOf(model)
  const hashIfThere = (name: string) => {
    const path = join(folder, name)
    return existsSync(path) ? hashFile(path) : null
  }
  const weights = []
  for (const file of files) weights.push(await hashFile(file))
  const optimizer = await hashIfThere(OPTIMIZER_FILE)
  return {
    folder,
    name: hubNode(folder)?.name ?? basename(folder),
    config,
    fingerprint: fingerprintOf({ config, weights, optimizer }),
    tokenizer: await hashIfThere('tokenizer.json'),
    hasMoments: optimizer !== null
  }
}
