/** Copies of an open project that are being made, and what may not be changed meanwhile. */
import type { EngineEvent } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import type { ProjectSession } from '../projectSession'

/** What copying asks of the project's host. */
interface CopyHost {
  tell(event: EngineEvent): void
  /** True while something goes on in the project. */
  isBusy(): boolean
}

type CopyKind = 'whole' | 'bundle'

/** Copies of a project, told as they go. */
export class CopyWork {
  readonly #session: ProjectSession
  readonly #host: CopyHost
  readonly #closing = new AbortController()
  /** Copies that are being made, each with how much it takes. */
  readonly #copies = new Map<Promise<unknown>, CopyKind>()

  constructor(session: ProjectSession, host: CopyHost) {
    this.#session = session
    this.#host = host
  }

  get isBusy(): boolean {
    return this.#copies.size > 0
  }

  /**
   * Copies the project, or bundles its results.
   *
   * @throws WorkbenchError `study/running` for a whole copy of what changes meanwhile
   */
  copyTo(
    folder: string,
    kind: CopyKind,
    signal: AbortSignal
  ): Promise<{ files: number; bytes: number }> {
    if (kind === 'whole' && this.#host.isBusy()) {
      throw new WorkbenchError(
        'study/running',
        'Something runs in this project. Stop it, or wait for it, before all of it is copied; a bundle of the results can be made meanwhile.'
      )
    }
    const copying = this.#session
      .copyTo(folder, kind, {
        signal: AbortSignal.any([signal, this.#closing.signal]),
        onProgress: (progress) => this.#host.tell({ kind: 'progress', key: 'copy', progress })
      })
      .finally(() => {
        this.#copies.delete(copying)
        this.#host.tell({ kind: 'ended', key: 'copy' })
      })
    this.#copies.set(copying, kind)
    return copying
  }

  /**
   * What is copied whole must be of one moment.
   *
   * @throws WorkbenchError `study/running`
   */
  assertNotWhole(): void {
    if (![...this.#copies.values()].includes('whole')) return
    throw new WorkbenchError(
      'study/running',
      'The project is being copied, and changes nothing meanwhile. Wait for the copy, or cancel it.'
    )
  }

  /** Ends them. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the project is closed'))
    await Promise.allSettled(this.#copies.keys())
  }
}
