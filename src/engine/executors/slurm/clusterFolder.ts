/** The project as the nodes of a cluster see it: the same folder, where storage is shared. */
import type { WorkbenchError } from '#shared/errors'
import { savedState } from '#engine/storage/savedState'
import type { SavedState } from '#engine/storage/savedState'
import type { ElementPlace, Submission } from './submissions'

export interface ClusterFolder {
  /** The project's folder there. */
  readonly project: string
  /** Takes there what the elements of a submission need, and the submission itself. */
  push(submission: Pick<Submission, 'key' | 'kind'>): Promise<void>
  /**
   * Brings what elements left, of the runs that are waited for; of none, what a check's element answered.
   *
   * @returns why not all of it came; null where it did. What was aborted did not
   */
  pull(runs: readonly string[], signal?: AbortSignal): Promise<WorkbenchError | null>
  /** Brings all prepared text. @throws WorkbenchError `executor/unavailable`; the signal's reason */
  pullText(signal?: AbortSignal): Promise<void>
  /** How much of a run is saved there; null where nobody says. */
  savedState(run: string): Promise<SavedState | null>
  /** Takes a submission's folder away there. */
  forget(key: string): Promise<void>
  /** Brings the log of an element. */
  pullLog(place: ElementPlace): Promise<void>
}

/** Storage that this machine and the nodes share, at the same path. */
export function sharedFolder(project: string): ClusterFolder {
  const nothing = () => Promise.resolve()
  return {
    project,
    push: nothing,
    pull: () => Promise.resolve(null),
    pullText: nothing,
    savedState: (run) => savedState(project, run),
    forget: nothing,
    pullLog: nothing
  }
}
