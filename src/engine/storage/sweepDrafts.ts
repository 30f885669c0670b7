/** Tidies up what was being written when a process died. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DRAFT_MARK, LEFT_OVER } from './draftNames'
import { moveAside, removeTree } from './files'

/**
 * Removes drafts in a folder and in folders
 * below it, and puts back what was to be replaced and was not.
 *
 * @param depth how many levels of folders are looked into
 * @param isBusy folders that somebody else is at work in: they are left alone
 */
export async function sweepDrafts(
  folder: string,
  depth = 3,
  isBusy: (folder: string) => Promise<boolean> = () => Promise.resolve(false)
): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const [, name, mark] = LEFT_OVER.exec(entry.name) ?? []
    if (mark === DRAFT_MARK) await removeTree(path)
    else if (name !== undefined) {
      const target = join(folder, name)
      if (existsSync(target)) await removeTree(path)
      else await moveAside(path, target)
    } else if (entry.isDirectory() && depth > 1 && !(await isBusy(path))) {
      await sweepDrafts(path, depth - 1, isBusy)
    }
  }
}
