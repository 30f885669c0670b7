/** What the page looks at: a desk of this computer's engine, or an engine elsewhere. */
import type { MessagePortMain } from 'electron'
import type { EngineOrder, PlacedProject } from '#shared/shell'
import type { EngineNews, EngineProcess } from './engineProcess'
import { connectRemote } from './remoteEngine'
import type { RemoteLink } from './remoteEngine'

/** How the link reaches the page. */
export interface PageEnd {
  takePort: (port: MessagePortMain) => void
  /** Lets the page begin anew: it then asks for a port again. */
  reload: () => void
  tellProblem: (error: unknown) => void
}

export class PageLink {
  readonly #engine: EngineProcess
  readonly #page: PageEnd
  #project: PlacedProject | null
  #remote: RemoteLink | null = null
  /** Number of the desk the page sits at; desks are numbered so that news of an old one is known. */
  #desk = 0
  /** Studies that run, and those that a dead engine was running. */
  #running: string[] = []
  #interrupted: string[] = []

  constructor(engine: EngineProcess, page: PageEnd, project: PlacedProject | null) {
    this.#engine = engine
    this.#page = page
    this.#project = project
  }

  /** What is open on this computer; a window that opens later opens it again. */
  get project(): PlacedProject | null {
    return this.#project
  }

  get isRemote(): boolean {
    return this.#remote !== null
  }

  /** Names of the studies that this computer's engine runs. */
  get running(): readonly string[] {
    return this.#running
  }

  /** Answers the page that asks for an engine. */
  async connect(): Promise<void> {
    this.#page.takePort(this.#remote ? await connectRemote(this.#remote) : await this.#newDesk())
  }

  open(project: PlacedProject): Promise<string> {
    return this.#order((desk) => ({ kind: 'open', desk, project }))
  }

  openRecent(recent: string): Promise<string> {
    return this.#order((desk) => ({ kind: 'openRecent', desk, recent }))
  }

  create(path: string): Promise<string> {
    return this.#order((desk) => ({ kind: 'create', desk, path }))
  }

  /** @returns id of the drop */
  drop(paths: string[]): Promise<string> {
    return this.#engine.ask({ kind: 'drop', desk: this.#desk, paths })
  }

  /** Looks at a remote engine, or with null at this computer's own. */
  async lookAt(remote: RemoteLink | null): Promise<void> {
    // Tried before anything that works is let go of.
    if (remote) (await connectRemote(remote)).close()
    this.#remote = remote
    this.#page.reload()
  }

  hear(news: EngineNews): void {
    if (news.kind === 'running') this.#running = news.studies
    if (news.kind === 'desk' && news.desk === this.#desk) {
      this.#project = news.project && {
        path: news.project.path,
        isReadOnly: news.project.isReadOnly
      }
    }
  }

  /**
   * The engine died. What it ran goes on in its successor, unless it died so soon that running it
   * may be what kills it.
   */
  mourn(wasYoung: boolean): void {
    this.#interrupted = wasYoung ? [] : [...this.#running]
    this.#running = []
  }

  async #newDesk(): Promise<MessagePortMain> {
    const runs = this.#interrupted
    const desk = ++this.#desk
    const order = { kind: 'desk' as const, desk, project: this.#project, runs }
    const { port, opened } = this.#engine.connect(order)
    try {
      await opened
      this.#interrupted = []
    } catch (error) {
      if ((error as { code?: string }).code === 'contract/lost') throw error
      // The desk stands with nothing on it: the page shows its start page, and why.
      this.#project = null
      this.#page.tellProblem(error)
    }
    return port
  }

  async #order(order: (desk: number) => EngineOrder): Promise<string> {
    if (this.#remote) await this.lookAt(null)
    return this.#engine.ask(order(this.#desk))
  }
}
