/** Links inside a project that lead out of it. */
import { realpath } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { WorkbenchError } from '#shared/errors'

/** Folders that only a run's own trainer writes into: Assay reads and removes there, and follows no link. */
const OF_TRAINERS = /^runs\/[^/]+\/command\/(out|state|work)\/./

/**
 * Refuses to write a project in which a link leads elsewhere: what is written or removed behind it
 * would be somebody else's. A project that somebody packed may hold such a link; the project's own
 * folder may be one.
 *
 * @param links all that the project's folder holds, by their paths
 * @throws WorkbenchError `storage/not-writable` naming the link and where it leads
 */
export async function assertLeadsInside(folder: string, links: readonly string[]): Promise<void> {
  const own = await realpath(folder)
  for (const link of links) {
    if (OF_TRAINERS.test(relative(folder, link))) continue
    const target = await realpath(link).catch(() => null)
    // One that leads nowhere is made a file of elsewhere by whoever writes to it.
    if (target !== null && (target + sep).startsWith(own + sep) && target !== own) continue
    throw new WorkbenchError(
      'storage/not-writable',
      `${link} is a link that leads ${target === null ? 'nowhere' : `to ${target}, out of the project`}. A project writes only into its own folder: ` +
        `put what the link leads to in its place, or link the whole project folder instead.`,
      { link, target }
    )
  }
}
