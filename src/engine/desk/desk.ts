/** What one screen has before it: at most one open project, out of those on the shelf. */
import { basename } from 'node:path'
import { PROJECT_COMMANDS } from '#shared/contract'
import type { EngineApi, EngineEvent, ProjectApi, ProjectCommand } from '#shared/contract'
import type { DeskView } from '#shared/deskView'
import { WorkbenchError } from '#shared/errors'
import type { FileCheck, FileCheckRequest } from '#shared/projectCheck'
import type { Progress } from '#shared/records'
import { verifyProject } from '../projectChecks'
import type { ProjectCheck } from '../storage/checkProject'
import { isStop } from '../studies/runContext'
import { makeDemoProject } from './demoMaker'
import type { ProjectHost } from './projectHost'
import { FAR } from './studyEdits'
import type { Asker } from './studyEdits'
import type { Workbench } from './workbench'

interface OnDesk {
  id: string
  host: ProjectHost
  forget: () => void
}

/** An engine as one screen asks it. Commands of the open project go on to its host. */
export class Desk {
  readonly #workbench: Workbench
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  #open: OnDesk | null = null
  #copying: AbortController | null = null
  #making: AbortController | null = null
  #checking: AbortController | null = null
  /** Drops that this screen began. */
  readonly #dropped: { host: ProjectHost; drop: string }[] = []
  #isGone = false
  /** Openings and closings follow one another. */
  #changing: Promise<unknown> = Promise.resolve()

  readonly #asker: Asker

  /** @param asker where its screen is */
  constructor(workbench: Workbench, asker: Asker = FAR) {
    this.#workbench = workbench
    this.#asker = asker
  }

  /** This desk as the contract has it. */
  api(): EngineApi {
    const forwarded = Object.fromEntries(
      (Object.keys(PROJECT_COMMANDS) as ProjectCommand[]).map((command) => [
        command,
        (input: never) => this.host[command](input)
      ])
    ) as unknown as Omit<ProjectApi, 'onEvent'>
    return {
      ...forwarded,
      previewStudy: (input) => this.host.previewStudy(input, this.#asker),
      saveStudy: (input) => this.host.saveStudy(input, this.#asker),
      previewScript: (input) => this.host.previewScript(input, this.#asker),
      checkCluster: (input) => this.host.checkCluster(input, this.#asker),
      confirmCommands: (input) => this.host.confirmCommands(input, this.#asker),
      beginDrop: async (input) => {
        const { host } = this
        const made = await host.beginDrop(input)
        this.#dropped.push({ host, drop: made.drop })
        return made
      },
      readDesk: () => this.#view(),
      readGlimpse: async ({ id }) =>
        this.#workbench.glimpses.read(await this.#workbench.shelf.folderOf(id)),
      createProject: async ({ name }) => {
        await this.createIn(this.#workbench.shelf.folderFor(name))
        return {}
      },
      openProject: async ({ id, readOnly }) => {
        await this.openFolder(await this.#workbench.shelf.folderOf(id), { readOnly, id })
        return {}
      },
      openDemo: () => this.#openDemo(),
      cancelDemo: () => {
        this.#making?.abort(new Error('cancelled by the user'))
        return Promise.resolve({})
      },
      closeProject: async () => {
        await this.#put(() => Promise.resolve(null))
        return {}
      },
      copyProject: ({ name, kind }) => this.copyTo(this.#workbench.shelf.folderFor(name), kind),
      cancelCopy: () => {
        this.#copying?.abort(new Error('cancelled by the user'))
        return Promise.resolve({})
      },
      checkFiles: (input) => this.#checkFiles(input),
      cancelCheck: () => {
        this.#checking?.abort(new Error('cancelled by the user'))
        return Promise.resolve({})
      },
      forgetProject: async ({ id }) => {
        await this.#workbench.shelf.forget(id)
        this.#tell({ kind: 'desk' })
        return {}
      },
      readDevices: ({ again }) =>
        this.#workbench.readDevices(this.#open?.host.folder ?? process.cwd(), again),
      readLog: () => Promise.resolve([...this.#workbench.log.lines]),
      onEvent: (listener) => {
        this.#listeners.add(listener)
        return () => void this.#listeners.delete(listener)
      }
    }
  }

  /**
   * The open project.
   *
   * @throws WorkbenchError `project/none` when there is none
   */
  get host(): ProjectHost {
    if (this.#open) return this.#open.host
    throw new WorkbenchError('project/none', 'No project is open here. Open one first.')
  }

  /** Title of the open project; null when there is none. */
  get title(): string | null {
    return this.#open && basename(this.#open.host.folder)
  }

  /** Opens a project by its place: for shells, whose people choose folders. */
  openFolder(path: string, options: { readOnly?: boolean; id?: string } = {}): Promise<void> {
    return this.#put(() => this.#workbench.enter(path, options), options.id)
  }

  /** Makes a project in a place and opens it. */
  createIn(path: string): Promise<void> {
    return this.#put(() => this.#workbench.create(path))
  }

  /** Copies the open project, or bundles its results, into a place: for shells. */
  async copyTo(
    path: string,
    kind: 'whole' | 'bundle'
  ): Promise<{ id: string; files: number; bytes: number }> {
    this.#copying?.abort(new Error('another copy was begun'))
    this.#copying = new AbortController()
    const copied = await this.host.copyTo(path, kind, this.#copying.signal)
    const id = await this.#workbench.shelf.note(path)
    this.#tell({ kind: 'desk' })
    return { id, ...copied }
  }

  /** Looks away from what is open; for when the screen is gone. */
  async leave(): Promise<void> {
    this.#listeners.clear()
    this.#making?.abort(new Error('the screen is gone'))
    this.#copying?.abort(new Error('the screen is gone'))
    this.#checking?.abort(new Error('the screen is gone'))
    await this.#put(() => Promise.resolve(null))
    this.#isGone = true
    for (const { host, drop } of this.#dropped) await host.discardDrop({ drop })
  }

  /** Puts another project, or none, in the place of the open one; when it fails that one stays. */
  #put(find: () => Promise<ProjectHost | null>, id?: string): Promise<void> {
    const change = this.#changing.then(async () => {
      if (this.#isGone) return
      const before = this.#open
      const host = await find()
      this.#open = host && {
        host,
        id: await this.#noted(host, id),
        forget: host.onEvent((event) => this.#tell(event))
      }
      before?.forget()
      if (before) await this.#workbench.leave(before.host)
      this.#tell({ kind: 'desk' })
    })
    this.#changing = change.catch(() => undefined)
    return change
  }

  /** Id of a project that was entered; it is left again when it cannot be noted. */
  async #noted(host: ProjectHost, id: string | undefined): Promise<string> {
    try {
      const noted = await this.#workbench.shelf.note(host.folder)
      // A link to a folder has a name of its own.
      return id ?? noted
    } catch (error) {
      await this.#workbench.leave(host)
      throw error
    }
  }

  async #view(): Promise<DeskView> {
    const { shelf } = this.#workbench
    return {
      open: this.#open?.id ?? null,
      shelf: shelf.kind,
      projects: await shelf.list(),
      newProjectsIn: shelf.newProjectsIn,
      hasDemo: this.#workbench.cliEntry !== null && shelf.newProjectsIn !== null,
      setsCommands: this.#asker.setsCommands
    }
  }

  async #openDemo(): Promise<Record<string, never>> {
    const { shelf } = this.#workbench
    const folder = shelf.folderFor('assay-demo')
    // Who looks at it already had it made.
    if (!this.#workbench.isOpen(folder)) await this.#makeDemo(folder)
    await this.openFolder(folder)
    return {}
  }

  /** One at a time of a screen. A repair has the project for itself: it is closed, and opened again. */
  async #checkFiles(input: FileCheckRequest): Promise<{ check: FileCheck | null }> {
    this.#checking?.abort(new Error('another check was begun'))
    const checking = new AbortController()
    this.#checking = checking
    const { signal } = checking
    const onProgress = (progress: Progress) =>
      this.#tell({ kind: 'progress', key: 'check', progress })
    const isOpen = this.#open?.id === input.id
    try {
      const found =
        isOpen && !input.repair
          ? await this.host.checkFiles({ signal, onProgress })
          : await this.#checkClosed(input, isOpen, { signal, onProgress })
      const { folder: _folder, ...check } = found
      return { check }
    } catch (error) {
      if (!isStop(error, signal)) throw error
      return { check: null }
    } finally {
      if (this.#checking === checking) this.#checking = null
      this.#tell({ kind: 'ended', key: 'check' })
      // A listed project that was damaged may open now.
      if (input.repair) this.#tell({ kind: 'desk' })
    }
  }

  async #checkClosed(
    { id, repair, keepEdits }: FileCheckRequest,
    isOpen: boolean,
    run: { signal: AbortSignal; onProgress: (progress: Progress) => void }
  ): Promise<ProjectCheck> {
    const host = isOpen ? this.host : null
    const folder = host?.folder ?? (await this.#workbench.shelf.folderOf(id))
    if (host) await this.#put(() => Promise.resolve(null))
    try {
      await this.#workbench.letGo(folder)
      return await verifyProject(folder, { repair, keepEdits, ...run })
    } finally {
      if (host) await this.openFolder(folder, { id, readOnly: host.isReadOnly })
    }
  }

  async #makeDemo(folder: string): Promise<void> {
    const { cliEntry } = this.#workbench
    if (cliEntry === null) {
      throw new WorkbenchError('usage/invalid', 'The demo is not at hand here.')
    }
    if (this.#making) throw new WorkbenchError('study/running', 'The demo is being made already.')
    this.#making = new AbortController()
    let done = 0
    try {
      await makeDemoProject({
        cliEntry,
        folder,
        signal: this.#making.signal,
        onLine: (label) => {
          done += 1
          const nothing = { total: null, rate: null, secondsLeft: null }
          const progress = { activity: 'demo', label, done, unit: 'documents' as const, ...nothing }
          this.#tell({ kind: 'progress', key: 'demo', progress })
        }
      })
    } finally {
      this.#making = null
      this.#tell({ kind: 'ended', key: 'demo' })
    }
  }

  #tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
