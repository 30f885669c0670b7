/** A glance at a project that is not opened: what a list of projects says of it. */
import { stat } from 'node:fs/promises'
import type { ShelvedProject } from '#shared/deskView'
import { toPlain } from '#shared/errors'
import { projectPaths } from './paths'
import { readProjectFile } from './project'

/** What its records say; `problem` in words when it cannot be opened. */
type ProjectGlance = Omit<ShelvedProject, 'id' | 'title' | 'where'>

/** What was seen last, by folder: a list is asked for at every change of any project. */
const seen = new Map<string, { mtimeMs: number; size: number; glance: ProjectGlance }>()

/** Reads the records of a project without a lock; never throws for what lies there. */
export async function glanceAt(folder: string): Promise<ProjectGlance> {
  const nothing = { changedAt: null, studies: 0, partitions: 0, runs: 0 }
  try {
    const records = await stat(projectPaths.file(folder))
    const heads = await stat(projectPaths.heads(folder)).catch(() => null)
    const mtimeMs = Math.max(records.mtimeMs, heads?.mtimeMs ?? 0)
    const size = records.size + (heads?.size ?? 0)
    const known = seen.get(folder)
    if (known?.mtimeMs === mtimeMs && known.size === size) return known.glance
    const glance = await readGlance(folder, mtimeMs)
    seen.set(folder, { mtimeMs, size, glance })
    return glance
  } catch (error) {
    seen.delete(folder)
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = isGone ? 'It is not there any more.' : toPlain(error).message
    return { ...nothing, problem }
  }
}

async function readGlance(folder: string, changedAt: number): Promise<ProjectGlance> {
  const { studies, corpora, runs } = await readProjectFile(folder)
  const training = corpora.filter((corpus) => corpus.role === 'training')
  return {
    changedAt,
    studies: studies.length,
    partitions: training.reduce((sum, corpus) => sum + corpus.partitions.length, 0),
    runs: runs.filter((run) => run.state === 'done').length,
    problem: null
  }
}
