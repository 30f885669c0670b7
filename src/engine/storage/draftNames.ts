/** What names of files and folders say of those that are not whole. */

/** Marks files and folders that are being written; `sweepDrafts` removes those left over. */
export const DRAFT_MARK = '.draft-'

/** Marks a folder on its way out: it goes back where its successor did not come to be. */
export const REPLACED_MARK = '.replaced-'

/** A marked name: what it was for, the mark, and the random end. */
export const LEFT_OVER = /^(.+)(\.draft-|\.replaced-)[0-9a-f]{12}$/

/** True for the name of what was being written, or was on its way out. */
export function isLeftOver(name: string): boolean {
  return LEFT_OVER.test(name)
}
