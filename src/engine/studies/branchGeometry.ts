/** Where the branches of a study lie around their seed: measured once, kept in the cache. */
import { existsSync } from 'node:fs'
import type { BranchGeometry } from '#shared/diagnosis'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { projectPaths } from '#engine/storage/paths'
import { readCache, writeCache } from '#engine/storage/sealedFiles'
import type { Project } from '#engine/storage/project'
import { isRunFinished } from '#engine/storage/runs'
import type { WorkerPool } from '#engine/workers/pool'
import type { StudyPlan } from './plan'

/** Named in what is kept: another way to measure needs another number. */
const DEFINITION = 'branch geometry 1'

/**
 * Measures where the finished branches lie, or reads what was measured of the same ones before.
 *
 * A project without the lock is not written: there it is measured each time.
 *
 * @returns null where no branch is trained, or no checkpoints are here and nothing is kept
 * @throws WorkbenchError `storage/corrupt` when a checkpoint does not match its manifest,
 *   `checkpoint/invalid`
 */
export async function branchGeometry(
  project: Project,
  pool: WorkerPool,
  plan: StudyPlan,
  options: { signal?: AbortSignal } = {}
): Promise<BranchGeometry | null> {
  const { folder } = project
  const branches = plan.branches
    .filter(({ fingerprint }) => isRunFinished(folder, fingerprint))
    .map(({ name, fingerprint }) => ({ name, fingerprint }))
  const start = plan.branches[0]?.start
  if (branches.length === 0 || !start) return null
  // A branch's fingerprint holds what it started from.
  const path = projectPaths.geometry(folder, fingerprintOf({ DEFINITION, branches }))
  const kept = (await readCache(path)) as BranchGeometry | null
  if (kept) return kept
  const needed = [...branches, ...(start.kind === 'run' ? [start] : [])]
  const areHere = needed.every(({ fingerprint }) =>
    existsSync(projectPaths.checkpoint(folder, fingerprint))
  )
  if (!areHere) return null
  const job = { project: folder, config: plan.config, start, branches }
  const geometry = await pool.run('geometry', job, { ...options, lane: 'aside' })
  if (!project.isReadOnly) await writeCache(path, geometry)
  return geometry
}
