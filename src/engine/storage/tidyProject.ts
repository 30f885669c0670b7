/** What is done to a project's folder before it is written: links looked at, leftovers cleared away. */
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { isClaimed } from './claims'
import { isLeftOver } from './draftNames'
import { removeTree } from './files'
import { assertLeadsInside } from './linksOut'
import { projectPaths } from './paths'
import { removeLeftOver } from './sweepDrafts'
import { walkFolders } from './walkFolders'

/** Drafts lie in the project, in a folder of it, or in a run's: deeper ones go with the draft they are of. */
const DEEPEST = 3

/** Folders that elements of a cluster, which prepare and measure, write to beside those of runs. */
const WRITTEN_BY_ELEMENTS = new Set(['tokens', 'tokenizers', 'cache'])

/**
 * Refuses a project in which a link leads out of it, and removes what was being written when a process
 * died, and claims on runs that are finished. Nothing is removed from a project that is refused.
 *
 * Every folder is read once, for both: with 100,000 runs they are 200,000. Who is at work in a run is
 * asked only where something lies that may be his.
 *
 * @throws WorkbenchError `storage/not-writable` naming a link and where it leads
 */
export async function tidyProject(project: string): Promise<void> {
  const links: string[] = []
  const leftOver = new Set<string>()
  const finished: string[] = []
  const runs = dirname(projectPaths.run(project, 'any'))
  await walkFolders(project, (folder, entries, depth) => {
    if (dirname(folder) === runs && isClaimLeft(entries)) finished.push(basename(folder))
    noteLeftOvers(leftOver, folder, entries, depth)
    for (const entry of entries) if (entry.isSymbolicLink()) links.push(join(folder, entry.name))
  })
  await assertLeadsInside(project, links)
  for (const run of finished) await removeTree(projectPaths.claim(project, run))
  for (const path of await nobodys(project, leftOver)) await removeLeftOver(path)
}

/** What was being written when a process died, of which nobody may be at work; changes nothing. */
export async function findLeftOvers(project: string): Promise<string[]> {
  const leftOver = new Set<string>()
  await walkFolders(project, (folder, entries, depth) =>
    noteLeftOvers(leftOver, folder, entries, depth)
  )
  return nobodys(project, leftOver)
}

/** Adds what a folder holds of them. What lies in a leftover goes, or comes back, with it. */
function noteLeftOvers(
  found: Set<string>,
  folder: string,
  entries: readonly { name: string }[],
  depth: number
): void {
  if (depth > DEEPEST || found.has(folder) || found.has(dirname(folder))) return
  for (const { name } of entries) if (isLeftOver(name)) found.add(join(folder, name))
}

/** Those that are not of a run that somebody trains, nor may be an element's of a cluster. */
async function nobodys(project: string, leftOver: Iterable<string>): Promise<string[]> {
  const hasElements = await mayHaveElements(project)
  const free: string[] = []
  for (const path of leftOver) {
    // A node of a cluster may be at work there: its drafts are its own.
    const [within] = relative(project, path).split(sep)
    if (hasElements && WRITTEN_BY_ELEMENTS.has(within!)) continue
    if (!(await isClaimed(project, basename(dirname(path))))) free.push(path)
  }
  return free
}

/** Who trained a run has no more to do with it once its manifest is there. */
function isClaimLeft(entries: readonly { name: string }[]): boolean {
  const has = (path: string) => entries.some(({ name }) => name === basename(path))
  return has(projectPaths.claim('', '')) && has(projectPaths.manifest('', ''))
}

/** False only where there is none: a folder that cannot be read may hold anything. */
async function mayHaveElements(project: string): Promise<boolean> {
  try {
    return (await readdir(projectPaths.cluster(project))).length > 0
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}
