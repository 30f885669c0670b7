/** What a run's weights started from, by an id that other folders can agree on. */
import type { ModelNode } from '#shared/modelInspection'
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { PlannedRun, StudyPlan } from './plan'

/**
 * The model that a run started from: the seed model, a checkpoint from outside by the hash of its
 * weights, or weights drawn at random, which follow from shape and random seed. Null for models that
 * were trained elsewhere, from what nobody said.
 */
export function startNode(
  { start }: Pick<PlannedRun, 'start'>,
  { config, seed, seedCheckpoint }: Pick<StudyPlan, 'config' | 'seed' | 'seedCheckpoint'>
): ModelNode | null {
  if (!start) return null
  if (start.kind === 'run') return { id: `run:${start.fingerprint}`, name: seed?.name ?? 'seed' }
  if (start.kind === 'checkpoint') {
    const { fingerprint = start.folder, name = 'a checkpoint' } = seedCheckpoint ?? {}
    return { id: `weights:${fingerprint}`, name }
  }
  const { randomSeed } = start
  const drawn = fingerprintOf({ config, randomSeed }).slice(0, 16)
  return { id: `random:${drawn}`, name: `weights drawn at random (seed ${randomSeed})` }
}
