/** Frees disk of a project: shows first, and removes nothing that a result depends on. */
import { WorkbenchError } from '#shared/errors'
import type { ProjectSession } from './projectSession'
import { tokenFolders } from './studies/prepare'
import { readOnlyError } from './studies/refusals'
import { findRemovable, remove } from './studies/removable'
import type { Needs, Removable } from './studies/removable'

export { REMOVABLE_KINDS } from './studies/removable'

/** What could be freed. */
export interface Cleaning {
  items: Removable[]
  bytes: number
  /** Why runs, tokens and optimizer states are not looked at, in words; null where they are. */
  kept: string | null
}

/**
 * What of a project could be freed; changes nothing, and may be asked beside a run.
 *
 * Studies made from tables and bundles hold results only: nothing of them can go.
 */
export async function planCleaning(session: ProjectSession): Promise<Cleaning> {
  if (session.isFromTables || session.readOnlyBecause !== null) {
    return { items: [], bytes: 0, kept: 'The project holds results only.' }
  }
  const { needs, kept } = await needsOf(session)
  const items = await findRemovable(session.folder, needs)
  return { items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0), kept }
}

/**
 * Removes what {@link planCleaning} lists.
 *
 * @returns what was removed
 * @throws WorkbenchError `storage/locked` where the project is open for reading only
 */
export async function clean(session: ProjectSession): Promise<Cleaning> {
  if (session.isReadOnly) throw readOnlyError(session.readOnlyBecause)
  const cleaning = await planCleaning(session)
  for (const item of cleaning.items) await remove(session.folder, item)
  return cleaning
}

/** A study that cannot be planned may need anything: then nothing of it is guessed. */
async function needsOf(
  session: ProjectSession
): Promise<{ needs: Needs | null; kept: string | null }> {
  const plans = []
  const tokens = new Set<string>()
  for (const study of session.studies) {
    try {
      const plan = await session.findPlan(study)
      const prepared = await session.findPrepared(study)
      if (!plan || !prepared) throw notPrepared(study.name)
      plans.push(plan)
      for (const folder of tokenFolders(prepared)) tokens.add(folder)
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      return {
        needs: null,
        kept: `Runs, tokens and optimizer states all stay, since nobody knows what the study "${study.name}" needs: ${error.message}`
      }
    }
  }
  return { needs: { plans, tokens }, kept: null }
}

function notPrepared(study: string): WorkbenchError {
  return new WorkbenchError('study/not-prepared', 'its text is not prepared.', { study })
}
