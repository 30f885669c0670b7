/** Describes a checkpoint from outside that a study wants to start from. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hubNode } from '#engine/checkpoints/ancestry'
import { OPTIMIZER_FILE, openCheckpoint } from '#engine/checkpoints/huggingFace'
import { fingerprintOf, hashFile } from '#engine/storage/fingerprint'
import type { CheckpointJob, SeedCheckpoint } from './jobs'

/**
 * Reads a Hugging Face folder's configuration and hashes its contents.
 *
 * @throws WorkbenchError `checkpoint/invalid` saying which file is missing, damaged or not usable
 */
export async function describeCheckpoint({ folder }: CheckpointJob): Promise<SeedCheckpoint> {
  const { config, weightFiles } = await openCheckpoint(folder)
  const hashIfThere = (name: string) => {
    const path = join(folder, name)
    return existsSync(path) ? hashFile(path) : null
  }
  const weights = []
  for (const file of weightFiles) weights.push(await hashFile(file))
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
