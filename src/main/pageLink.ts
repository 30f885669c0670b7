/** What the page looks at: a desk of this computer's engine, or an engine elsewhere. */
import type { MessagePortMain } from 'electron'
import { basename } from 'node:path'
import type { EngineOrder, PlacedProject, RunningStudy } from '#shared/shell'
import type { EngineNews, EngineProcess } from './engineProcess'
import { connectRemote } from './remoteEngine'
import type { RemoteLink } from './remoteLink'

/** So long the engine may take to say whether it is busy, in ms. */
const BUSY_MS = 2000

/** How the link reaches the page. */
export interface PageEnd {
  takePort: (port: MessagePortMain) => void
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
  #running: RunningStudy[] = []
  #interrupted: RunningStudy[] = []
  /** Orders wait here until the page sits at a desk. */
  #seating = new Seating()
  /** How far the study was that a dead engine was running; null when none was. */
  #diedAt: number | null = null
  #share = 0

  constructor(engine: EngineProcess, page: PageEnd, project: PlacedProject | null) {
    this.#engine = engine
    this.#page = page
    this.#project = project
  }

  /** What is open on this computer; a window that opens later opens it again. */
  get project(): PlacedProject | null {
    return this.#project
  }

  /** Title of what the next desk has open; null where it has nothing, or is elsewhere. */
  get openedAhead(): string | null {
    return this.#remote || !this.#project ? null : basename(this.#project.path)
  }

  /** Host and port of the remote engine that is looked at; null where it is our own. */
  get remoteHost(): string | null {
    return this.#remote?.host ?? null
  }

  /** The studies that this computer's engine runs. */
  get running(): readonly RunningStudy[] {
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
    return this.#order((desk) => ({ kind: 'drop', desk, paths }))
  }

  /** The page is gone, or another one is loaded: orders wait until one sits at a desk again. */
  unseat(): void {
    // Who waits already goes on waiting for the same.
    if (this.#seating.isOver) this.#seating = new Seating()
  }

  /**
   * Titles of the projects on this computer in which something goes on; empty where nothing does,
   * or where the engine does not say so in time: closing must not wait for one that hangs.
   */
  busy(): Promise<string> {
    const late = new Promise<string>((resolve) => setTimeout(() => resolve(''), BUSY_MS))
    return Promise.race([this.#engine.ask({ kind: 'busy' }).catch(() => ''), late])
  }

  /** Chooses a remote engine, or with null this computer's own, for the next page that asks. */
  async lookAt(remote: RemoteLink | null): Promise<void> {
    // Tried before anything that works is let go of.
    if (remote) (await connectRemote(remote)).close()
    this.#remote = remote
  }

  hear(news: EngineNews): void {
    switch (news.kind) {
      case 'running':
        this.#running = news.studies
        return
      case 'progress':
        this.#share = news.share ?? 0
        if (this.#diedAt !== null && this.#share > this.#diedAt) this.#diedAt = null
        return
      case 'desk':
        if (news.desk !== this.#desk) return
        this.#project = news.project && {
          path: news.project.path,
          isReadOnly: news.project.isReadOnly
        }
        return
      case 'study':
    }
  }

  /**
   * The engine died. What it ran goes on in its successor, unless a successor died of the same
   * work without getting further.
   */
  mourn(): void {
    this.unseat()
    const isSecond = this.#diedAt !== null
    if (this.#running.length > 0) {
      this.#interrupted = isSecond ? [] : [...this.#running]
      this.#diedAt = isSecond ? null : this.#share
      if (isSecond) {
        const names = this.#running.map(({ study }) => study).join(', ')
        this.#page.tellProblem(
          new Error(`The engine died twice at the same work of ${names}. Run it again to go on.`)
        )
      }
    }
    this.#running = []
  }

  async #newDesk(): Promise<MessagePortMain> {
    this.unseat()
    const desk = ++this.#desk
    const order = { kind: 'desk' as const, desk, project: this.#project }
    const { port, opened } = this.#engine.connect(order)
    try {
      await opened
    } catch (error) {
      if (isLost(error)) throw error
      // The desk stands, with nothing on it: the page shows its start page, and why.
      this.#forgetRunsIn(this.#project?.path)
      this.#project = null
      this.#page.tellProblem(error)
    }
    await this.#goOn()
    this.#seating.end()
    return port
  }

  /** Goes on with what a dead engine was running, each in its own project. */
  async #goOn(): Promise<void> {
    for (const run of this.#interrupted) {
      try {
        await this.#engine.ask({ kind: 'goOn', run })
      } catch (error) {
        // The engine died once more: its successor is asked again.
        if (isLost(error)) throw error
        this.#page.tellProblem(error)
      }
    }
    this.#interrupted = []
  }

  /** What cannot be opened was said already. */
  #forgetRunsIn(folder: string | undefined): void {
    this.#interrupted = this.#interrupted.filter((run) => run.folder !== folder)
  }

  async #order(order: (desk: number) => EngineOrder): Promise<string> {
    if (this.#remote) {
      throw new Error(
        `This window looks at the engine at ${this.#remote.host}. Go back to this computer first.`
      )
    }
    await this.#seating.ended
    return this.#engine.ask(order(this.#desk))
  }
}

/** The time before a page sits at a desk. */
class Seating {
  isOver = false
  #resolve!: () => void
  readonly ended = new Promise<void>((resolve) => (this.#resolve = resolve))

  end(): void {
    this.isOver = true
    this.#resolve()
  }
}

function isLost(error: unknown): boolean {
  return (error as { code?: string }).code === 'contract/lost'
}
