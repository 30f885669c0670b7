/** Which runs the Training screen draws, and together with which. Pure. */
import type { QueuedRun } from '#shared/trainingView'

/** Runs whose curves stand in one small picture. */
export interface CurveGroup {
  title: string
  role: QueuedRun['role']
  runs: readonly QueuedRun[]
}

/**
 * The seed, then branches by partition in the order of the catalogue, then sequential models.
 *
 * A run without a picture of its own kind is left out: there are no empty groups.
 */
export function curveGroups(
  runs: readonly QueuedRun[],
  partitions: readonly string[]
): CurveGroup[] {
  const of = (role: QueuedRun['role']) => runs.filter((run) => run.role === role)
  const branches = of('branch')
  return [
    { title: 'seed', role: 'seed' as const, runs: of('seed') },
    ...partitions.map((title) => ({
      title,
      role: 'branch' as const,
      runs: branches.filter((run) => run.partitions.includes(title))
    })),
    { title: 'sequential', role: 'sequential' as const, runs: of('sequential') }
  ].filter((group) => group.runs.length > 0)
}

/** What the large chart shows: what is picked, else what trains, else the branches, else the seed. */
export function picturedRuns(
  runs: readonly QueuedRun[],
  picked: readonly string[]
): readonly QueuedRun[] {
  const wanted = new Set(picked)
  if (picked.length > 0) return runs.filter((run) => wanted.has(run.fingerprint))
  const training = runs.filter((run) => run.isTraining)
  if (training.length > 0) return training
  const branches = runs.filter((run) => run.role === 'branch' && run.head)
  return branches.length > 0 ? branches : runs.slice(0, 1)
}
