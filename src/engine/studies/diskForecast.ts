/** How much disk a study will fill, told before a night is spent on it. */
import { WorkbenchError } from '#shared/errors'
import { formatBytes } from '#shared/byteSize'
import type { DecoderConfig, Study } from '#shared/records'
import { parameterCount } from '#engine/model/config'
import { freeBytes } from '#engine/storage/files'
import { bytesUnder } from '#engine/storage/folderSize'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished } from '#engine/storage/runs'
import { keptSteps } from './earlierBranches'
import { distinctRuns, runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'
import type { RunContext } from './runContext'

/** Bytes of a float32. */
const FLOAT = 4

/** What a run saves to go on from: weights and both moments. */
export function savedBytes(config: DecoderConfig): number {
  return 3 * FLOAT * parameterCount(config)
}

/** What stays of runs when they are finished: weights, moments where others go on from them, and earlier weights. */
export function keptBytes(
  study: Study,
  config: DecoderConfig,
  runs: readonly PlannedRun[]
): number {
  const each = FLOAT * parameterCount(config)
  return runs.reduce((sum, run) => {
    if (run.isImported) return sum
    return sum + each * ((run.keepMoments ? 3 : 1) + keptSteps(study, run).length)
  }, 0)
}

/** What runs that are left keep, and what is free on the disk they are kept on. */
export async function diskOf(
  study: Study,
  plan: StudyPlan,
  folder: string
): Promise<{ neededBytes: number; freeBytes: number }> {
  const runs = distinctRuns(runsOf(plan))
  const left = runs.filter(({ fingerprint }) => !isRunFinished(folder, fingerprint))
  return {
    neededBytes: keptBytes(study, plan.config, left),
    freeBytes: await freeBytes(folder)
  }
}

/**
 * Refuses what certainly does not fit: what finished runs keep is more than is free, counting as free
 * what their own resume points take now. What may fit is begun, and waits where it does not.
 *
 * @param missing runs that are still to be trained
 * @throws WorkbenchError `storage/disk-full` with the bytes needed and the bytes free
 */
export async function assertDiskHolds(
  missing: readonly PlannedRun[],
  { study, plan, project, room }: Pick<RunContext, 'study' | 'plan' | 'project' | 'room'>
): Promise<void> {
  const needed = keptBytes(study, plan.config, missing)
  const free = await room.free()
  if (needed <= free) return
  const there = await Promise.all(
    missing.map((run) => bytesUnder(projectPaths.run(project.folder, run.fingerprint)))
  )
  const freed = there.reduce((sum, bytes) => sum + bytes, 0)
  if (needed <= free + freed) return
  throw new WorkbenchError(
    'storage/disk-full',
    `The ${missing.length} runs that are left take at least ${formatBytes(needed)} of disk, and ${formatBytes(free)} are free` +
      `${freed > 0 ? ` (${formatBytes(freed)} more are in their resume points)` : ''}. ` +
      'Free some space, or ask for fewer runs.',
    { needed, free, runs: missing.length }
  )
}
