/** All folders under one, many read at a time. */
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Folders that are read at once: a disk across a network answers many as quickly as one. */
const AT_ONCE = 32

/**
 * Tells of every folder under one, that one first, each with what lies in it. Links are not followed.
 *
 * Folders that go meanwhile, as drafts of who trains elsewhere do, hold nothing.
 *
 * @param tell `depth`: 1 for the folder itself
 * @param onUnreadable told of a folder that cannot be read; without it that is an error
 */
export async function walkFolders(
  root: string,
  tell: (folder: string, entries: Dirent[], depth: number) => void,
  onUnreadable?: (folder: string, error: unknown) => void
): Promise<void> {
  let [level, depth] = [[root], 1]
  while (level.length > 0) {
    const below: string[] = []
    let next = 0
    const read = async (): Promise<void> => {
      for (let at = next++; at < level.length; at = next++) {
        const folder = level[at]!
        const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
          if (depth > 1 && isGone(error)) return []
          if (depth === 1 || !onUnreadable) throw error
          onUnreadable(folder, error)
          return []
        })
        tell(folder, entries, depth)
        for (const entry of entries) if (entry.isDirectory()) below.push(join(folder, entry.name))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, read))
    level = below
    depth++
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}
