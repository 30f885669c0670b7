/** The executor that a study asks for. */
import type { ExecutorSettings } from '#shared/executors'
import type { Executor } from './executor'
import { LocalExecutor } from './localExecutor'
import type { LocalExecutorOptions } from './localExecutor'

/** What executors need of the project that they work for. */
export interface ExecutorContext extends LocalExecutorOptions {
  /** Name of the study. */
  study: string
}

/** @throws WorkbenchError `executor/*` where its settings cannot be met here */
export function chooseExecutor(settings: ExecutorSettings, context: ExecutorContext): Executor {
  switch (settings.kind) {
    case 'local':
      return new LocalExecutor(settings, context)
    case 'slurm':
      throw new Error('not yet')
  }
}
