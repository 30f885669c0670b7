/** How much of a run is saved: what a next try goes on from. */
import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { jsonValue } from '#shared/jsonText'
import { projectPaths } from './paths'
import { readText } from './reading'
import { walkFolders } from './walkFolders'

/** Of Assay's own trainer the steps, of another's command what lies in its folder. */
export interface SavedState {
  /** Steps that the resume point has behind it; 0 without one. */
  steps: number
  /** Name, size and time of each file in a command's `{state}`, a line for each, sorted; empty without any. */
  files: string
}

/** What is saved of a run in this folder of its project. */
export async function savedState(project: string, run: string): Promise<SavedState> {
  const resume = join(projectPaths.resume(project, run), 'progress.json')
  const text = await readText(resume).catch(() => '')
  return { steps: stepsOf(text), files: await filesOf(projectPaths.commandState(project, run)) }
}

/** Steps that `progress.json` of a resume point says; 0 where it says none. */
export function stepsOf(progress: string): number {
  const { completedSteps } = (jsonValue(progress) ?? {}) as { completedSteps?: unknown }
  return Number(completedSteps) || 0
}

/**
 * True where a try got further than what was there before it: more steps, or a command that keeps something else. What a
 * command keeps only it can read: that it changed must do.
 */
export function isFurther(now: SavedState, before: SavedState): boolean {
  return now.steps > before.steps || (now.files !== '' && now.files !== before.files)
}

async function filesOf(folder: string): Promise<string> {
  const paths: string[] = []
  await walkFolders(folder, (within, entries) => {
    for (const one of entries) if (one.isFile()) paths.push(join(within, one.name))
  }).catch(() => undefined)
  const lines = paths.map(async (path) => {
    const found = await stat(path).catch(() => null)
    return found ? [`${relative(folder, path)} ${found.size} ${found.mtimeMs}`] : []
  })
  return (await Promise.all(lines)).flat().sort().join('\n')
}
