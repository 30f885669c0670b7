/** Tidies up what was being written when a process died. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DRAFT_MARK, LEFT_OVER, isLeftOver } from './draftNames'
import { moveAside, removeTree } from './files'

/**
 * Removes drafts in a folder and in folders below it, and puts back what was to be replaced and was not.
 *
 * @param depth how many levels of folders are looked into
 */
export async function sweepDrafts(folder: string, depth: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (isLeftOver(entry.name)) await removeLeftOver(path)
    else if (entry.isDirectory() && depth > 1) await sweepDrafts(path, depth - 1)
  }
}

/** Removes a draft; what was to be replaced goes back where its successor did not come to be. */
export async function removeLeftOver(path: string): Promise<void> {
  const [, name, mark] = LEFT_OVER.exec(basename(path)) ?? []
  const target = join(dirname(path), name!)
  if (mark === DRAFT_MARK || existsSync(target)) await removeTree(path)
  else await moveAside(path, target)
}
