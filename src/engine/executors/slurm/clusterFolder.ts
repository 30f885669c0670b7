/** The project as the nodes of a cluster see it: the same folder, where storage is shared. */
import type { ElementPlace, Submission } from './submissions'

export interface ClusterFolder {
  /** The project's folder there. */
  readonly project: string
  /** Takes there what the elements of a submission need, and the submission itself. */
  push(submission: Pick<Submission, 'key' | 'kind'>): Promise<void>
  /** Brings what elements left, of the runs that are waited for. */
  pull(runs: readonly string[]): Promise<void>
  /** Brings all prepared text. */
  pullText(): Promise<void>
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
    pull: nothing,
    pullText: nothing,
    forget: nothing,
    pullLog: nothing
  }
}
