/** The executor that a study asks for. */
import { WorkbenchError } from '#shared/errors'
import type { ExecutorSettings, SlurmSettings } from '#shared/executors'
import type { Executor } from './executor'
import { LocalExecutor } from './localExecutor'
import type { LocalExecutorOptions } from './localExecutor'
import type { Cluster } from './slurm/cluster'
import { sharedFolder } from './slurm/clusterFolder'
import { remoteFolder } from './slurm/remoteFolder'
import type { Program } from './slurm/script'
import { SlurmExecutor } from './slurm/slurmExecutor'

/** What executors need of the project that they work for. */
export interface ExecutorContext extends LocalExecutorOptions {
  /** Name of the study. */
  study: string
  /** How this program is called on other machines; null where it cannot be. */
  program: Program | null
  /** The study's own trainer may take so long to save its state, s. */
  graceSeconds?: number | undefined
}

/** @throws WorkbenchError `executor/*` where its settings cannot be met here */
export function chooseExecutor(settings: ExecutorSettings, context: ExecutorContext): Executor {
  switch (settings.kind) {
    case 'local':
      return new LocalExecutor(settings, context)
    case 'slurm':
      return new SlurmExecutor(clusterOf(settings, context), context.pool, context.onSetAside)
  }
}

/**
 * @throws WorkbenchError `executor/unavailable` where nobody knows how to call this program elsewhere,
 *   `executor/invalid` for a folder without a host
 */
export function clusterOf(
  settings: SlurmSettings,
  {
    project,
    study,
    program,
    graceSeconds
  }: Pick<ExecutorContext, 'project' | 'study' | 'program' | 'graceSeconds'>
): Cluster {
  if (!program) {
    throw new WorkbenchError(
      'executor/unavailable',
      'This engine does not know the command by which it is called on other machines, so it cannot submit jobs.'
    )
  }
  const { host, folder } = settings
  const cluster = { project, study, settings, program, graceSeconds }
  if (folder === undefined) return { ...cluster, folder: sharedFolder(project) }
  if (host === undefined) {
    throw new WorkbenchError(
      'executor/invalid',
      'The study names a folder on the cluster, but no host to reach it by. Set `host` of its executor settings, or leave `folder` out where the storage is shared.'
    )
  }
  return { ...cluster, folder: remoteFolder(project, { host, folder }) }
}
