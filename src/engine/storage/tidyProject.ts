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
    // What lies in a leftover goes, or comes back, with it.
    const isTidied = depth <= DEEPEST && !leftOver.has(folder) && !leftOver.has(dirname(folder))
    for (const entry of entries) {
      if (entry.isSymbolicLink()) links.push(join(folder, entry.name))
      if (isTidied && isLeftOver(entry.name)) leftOver.add(join(folder, entry.name))
    }
  })
  await assertLeadsInside(project, links)
  for (const run of finished) await removeTree(projectPaths.claim(project, run))
  const hasElements = (await folderNames(projectPaths.cluster(project))).length > 0
  for (const path of leftOver) {
    // A node of a cluster may be at work there: its drafts are its own.
    const [within] = relative(project, path).split(sep)
    if (hasElements && WRITTEN_BY_ELEMENTS.has(within!)) continue
    if (!(await isClaimed(project, basename(dirname(path))))) await removeLeftOver(path)
  }
}

/** Who trained a run has no more to do with it once its manifest is there. */
function isClaimLeft(entries: readonly { name: string }[]): boolean {
  const has = (path: string) => entries.some(({ name }) => name === basename(path))
  return has(projectPaths.claim('', '')) && has(projectPaths.manifest('', ''))
}

function folderNames(path: string): Promise<string[]> {
  return readdir(path).catch(() => [])
}
