/** Searches of an open project: one at a time, told as it goes, and stopped when asked. */
import type { EngineEvent, ProjectApi } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import type { SearchRequest, SearchedMixtures } from '#shared/mixtureSearch'
import type { ProjectSession } from '../projectSession'
import { isStop } from '../studies/runContext'
import { measuredProgress, pacedProgress } from './pacedProgress'

/** Under which key progress is told. */
const SEARCH = 'search'

/** What a search asks of the project's host. */
interface SearchHost {
  tell(event: EngineEvent): void
  /** @throws WorkbenchError where merges may not be measured now */
  assertFree(): void
}

/** Searches of a project; what is found is told to who asked. */
export class SearchWork {
  readonly #session: ProjectSession
  readonly #host: SearchHost
  #going: { controller: AbortController; ended: Promise<unknown> } | null = null

  constructor(session: ProjectSession, host: SearchHost) {
    this.#session = session
    this.#host = host
  }

  /** True while a search goes on. */
  get isBusy(): boolean {
    return this.#going !== null
  }

  searchMixtures: ProjectApi['searchMixtures'] = ({ study, request }) => {
    if (this.#going) {
      throw new WorkbenchError(
        'study/running',
        'A search goes on already. Wait for it, or stop it.'
      )
    }
    const controller = new AbortController()
    const searching = this.#search(study, request, controller.signal).finally(() => {
      this.#going = null
      this.#host.tell({ kind: 'ended', key: SEARCH })
    })
    this.#going = { controller, ended: Promise.allSettled([searching]) }
    return searching
  }

  /** Asks what goes on to stop, and waits until it has. */
  async stop(): Promise<void> {
    this.#going?.controller.abort(new Error('stopped by the user'))
    await this.#going?.ended
  }

  async #search(
    study: string,
    request: SearchRequest,
    signal: AbortSignal
  ): Promise<{ found: SearchedMixtures | null }> {
    const tell = (event: EngineEvent) => this.#host.tell(event)
    try {
      const found = await this.#session.search(this.#session.study(study), request, {
        signal,
        beforeWork: () => this.#host.assertFree(),
        onProgress: pacedProgress(SEARCH, tell),
        onEvent: measuredProgress(SEARCH, tell)
      })
      return { found }
    } catch (error) {
      if (!isStop(error, signal)) throw error
      return { found: null }
    }
  }
}
