/** An open project's files as they are checked: nothing may be changed meanwhile. */
import { WorkbenchError } from '#shared/errors'
import type { Progress } from '#shared/records'
import { verifyProject } from '../projectChecks'
import type { ProjectSession } from '../projectSession'
import type { ProjectCheck } from '../storage/checkProject'

interface CheckRun {
  onProgress: (progress: Progress) => void
  signal: AbortSignal
}

/** Checks of the files of a project that is open here. */
export class CheckWork {
  readonly #session: ProjectSession
  readonly #isBusy: () => boolean
  readonly #closing = new AbortController()
  readonly #checks = new Set<Promise<unknown>>()

  /** @param isBusy true while something goes on in the project */
  constructor(session: ProjectSession, isBusy: () => boolean) {
    this.#session = session
    this.#isBusy = isBusy
  }

  /**
   * Holds every file against its checksum; moves none.
   *
   * @throws WorkbenchError `study/running` while files are being written; the signal's reason
   */
  checkFiles({ onProgress, signal }: CheckRun): Promise<ProjectCheck> {
    if (this.#isBusy()) {
      throw new WorkbenchError(
        'study/running',
        'Something runs in this project, and writes its files. Stop it, or wait for it, before they are checked.'
      )
    }
    const checking = verifyProject(this.#session.folder, {
      isHeld: true,
      onProgress,
      signal: AbortSignal.any([signal, this.#closing.signal])
    }).finally(() => this.#checks.delete(checking))
    this.#checks.add(checking)
    return checking
  }

  /** @throws WorkbenchError `study/running` */
  assertNone(): void {
    if (this.#checks.size === 0) return
    throw new WorkbenchError(
      'study/running',
      "The project's files are being checked, and change not meanwhile. Wait for that, or cancel it."
    )
  }

  /** Ends them. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the project is closed'))
    await Promise.allSettled(this.#checks)
  }
}
