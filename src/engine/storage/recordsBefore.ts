/** The records as they were before the last change: what a repair puts in the place of damaged ones. */
import { existsSync } from 'node:fs'
import { toPlain } from '#shared/errors'
import { projectPaths } from './paths'
import { parseProject } from './projectFormat'
import type { ProjectData } from './projectFormat'
import { readText } from './reading'
import type { Redoing } from './redoing'

/**
 * Reads the copy that every change keeps of the records before it.
 *
 * @returns null where there is none, or it is damaged too
 * @throws WorkbenchError `storage/newer-version`
 */
export async function readRecordsBefore(folder: string): Promise<ProjectData | null> {
  const path = projectPaths.before(folder)
  if (!existsSync(path)) return null
  try {
    return parseProject(await readText(path), path).data
  } catch (error) {
    if (toPlain(error).code !== 'storage/corrupt') throw error
    return null
  }
}

/**
 * What putting back does, and what it loses. Pure.
 *
 * @param damaged the newest records as they stand there, which nobody can trust; null where they cannot
 *   be read
 */
export function puttingBack(before: ProjectData, damaged: ProjectData | null): Redoing {
  const aside = 'project.assay'
  const back = 'put back as it was before the last change'
  if (damaged === null) {
    const redoing = `${back}; what that change was cannot be read: look whether the last import or edit of a study is there`
    return { aside, redoing, isRedone: false }
  }
  const lost = [
    ...named('the corpus', before.corpora, damaged.corpora),
    ...named('the study', before.studies, damaged.studies),
    ...(same(before.draws, damaged.draws) ? [] : ['which members were drawn at random'])
  ]
  // Heads of runs and the tokenizer's are found again by what lies in their folders.
  if (lost.length === 0) return { aside, redoing: `${back}, without loss`, isRedone: true }
  const redoing = `${back}; what stands differently in the damaged file: ${lost.join(', ')}`
  return { aside, redoing, isRedone: false }
}

/** Items of the damaged records that those before do not have, or have otherwise, and the other way. */
function named(
  what: string,
  before: readonly { name: string }[],
  damaged: readonly { name: string }[]
): string[] {
  const names = new Set([...before, ...damaged].map(({ name }) => name))
  const find = (list: readonly { name: string }[], name: string) =>
    list.find((one) => one.name === name)
  return [...names]
    .filter((name) => !same(find(before, name), find(damaged, name)))
    .map((name) => `${what} "${name}"`)
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
