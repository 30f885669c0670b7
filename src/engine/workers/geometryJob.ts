/** Reads where branches lie around their seed off their checkpoints: no tensors library. */
import { measureDeltas } from '#engine/merging/branchDeltas'
import { initializeParameters } from '#engine/model/initialize'
import { sourceOf } from '#engine/parameters'
import type { BranchGeometry } from '#shared/diagnosis'
import type { GeometryJob, JobHooks } from './jobs'
import { ModelReader } from './modelReader'

/**
 * Measures distances from the weights that branches started from, and the angles between their ways.
 *
 * First weights that were drawn at random are drawn again: they follow from the random seed.
 *
 * @throws WorkbenchError `storage/corrupt` when a checkpoint does not match its manifest,
 *   `merge/mismatch`, `checkpoint/invalid`
 */
export async function measureGeometry(
  { project, config, start, branches }: GeometryJob,
  { signal }: JobHooks
): Promise<BranchGeometry> {
  const reader = new ModelReader()
  const seed =
    start.kind === 'initialize'
      ? sourceOf(initializeParameters(config, start.randomSeed), 'the first weights')
      : await reader.open(project, start)
  const sources = []
  for (const { name, fingerprint } of branches) {
    signal.throwIfAborted()
    sources.push({ name, source: await reader.open(project, { kind: 'run', fingerprint }) })
  }
  return measureDeltas(seed, sources, { signal })
}
