/** A glance at a project that is not opened: what a list of projects says of it. */
import { stat } from 'node:fs/promises'
import { toPlain } from '#shared/errors'
import { projectPaths } from './paths'
import { readProjectFile } from './project'

/** What its records say; `problem` in words when it cannot be opened. */
export interface ProjectGlance {
  /** In ms since 1970; null when it is gone. */
  changedAt: number | null
  studies: number
  partitions: number
  /** Finished ones. */
  runs: number
  problem: string | null
}

/** Reads the records of a project without a lock; never throws for what lies there. */
export async function glanceAt(folder: string): Promise<ProjectGlance> {
  const nothing = { changedAt: null, studies: 0, partitions: 0, runs: 0 }
  try {
    const { mtimeMs } = await stat(projectPaths.file(folder))
    const { studies, corpora, runs } = await readProjectFile(folder)
    const training = corpora.filter((corpus) => corpus.role === 'training')
    return {
      changedAt: mtimeMs,
      studies: studies.length,
      partitions: training.reduce((sum, corpus) => sum + corpus.partitions.length, 0),
      runs: runs.filter((run) => run.state === 'done').length,
      problem: null
    }
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = isGone ? 'It is not there any more.' : toPlain(error).message
    return { ...nothing, problem }
  }
}
