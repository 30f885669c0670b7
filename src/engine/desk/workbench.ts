/** All projects that are open in one engine, and the desks that look at them. */
import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { EngineEvent } from '#shared/contract'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { Devices } from '#shared/machine'
import { DeviceReports } from '../deviceReports'
import type { Engine } from '../engine'
import { HostLog } from '../hostLog'
import { makeFolder } from '../storage/files'
import { projectFolder } from '../storage/project'
import type { DiskOptions } from '../studies/diskRoom'
import { Desk } from './desk'
import { Glimpses } from './glimpses'
import { ProjectHost } from './projectHost'
import type { ProjectShelf } from './shelves'
import type { Asker } from './studyEdits'

/** So long an idle project nobody looks at stays open, in ms: a reloaded page comes right back. */
const LINGER_MS = 20_000

interface OpenedProject {
  host: ProjectHost
  lookers: number
  lingering: ReturnType<typeof setTimeout> | null
}

/**
 * Holds projects open while somebody looks at them or something runs in them, each once however
 * many screens look at it: closing a window ends no study.
 */
export class Workbench {
  readonly shelf: ProjectShelf
  /** Built entry of the command line, which makes the demo; null where it is not at hand. */
  readonly cliEntry: string | null
  /** What happened in this process, whichever project it was in. */
  readonly log = new HostLog()
  /** How far listed projects are. */
  readonly glimpses: Glimpses
  readonly #engine: Engine
  readonly #devices: DeviceReports
  readonly #version: string | undefined
  readonly #disk: DiskOptions
  readonly #opened = new Map<string, Promise<OpenedProject>>()
  readonly #listeners = new Set<(event: EngineEvent, project: string) => void>()
  #isClosing = false

  /** @param options `versions`: of packages, by name, for the report on devices */
  constructor(
    engine: Engine,
    shelf: ProjectShelf,
    options: { cliEntry?: string; versions?: Record<string, string>; disk?: DiskOptions } = {}
  ) {
    this.#engine = engine
    this.glimpses = new Glimpses(engine)
    this.shelf = shelf
    this.cliEntry = options.cliEntry ?? null
    this.#version = options.versions?.['assay']
    this.#disk = options.disk ?? {}
    this.#devices = new DeviceReports(engine, options.versions ?? {})
  }

  /**
   * What this machine can do.
   *
   * @param folder whose disk is described
   * @param again measures anew, which is refused while workers are busy
   */
  async readDevices(folder: string, again: boolean): Promise<Devices> {
    const [busy] = await this.busy()
    return this.#devices.read(folder, again, busy === undefined ? null : basename(busy))
  }

  /** A desk for one more screen, which is far away unless it is said; nothing is open on it. */
  desk(asker?: Asker): Desk {
    return new Desk(this, asker)
  }

  /** Hears events of all open projects, with the folder of each. */
  onEvent(listener: (event: EngineEvent, project: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Folders of projects in which something goes on. */
  async busy(): Promise<string[]> {
    const opened = await this.#all()
    return opened.filter(({ host }) => host.isBusy).map(({ host }) => host.folder)
  }

  /**
   * Looks at a project; {@link leave} it in the end.
   *
   * What can only be read, a bundle or the work of a newer Assay, is opened so.
   *
   * @param options `readOnly`: beside whoever writes it
   * @throws WorkbenchError as `Engine.openProject` does
   */
  async enter(path: string, options: { readOnly?: boolean } = {}): Promise<ProjectHost> {
    if (this.#isClosing) throw new WorkbenchError('contract/lost', 'The engine is ending.')
    const folder = await realpath(projectFolder(path)).catch(() => projectFolder(path))
    const key = `${options.readOnly ? 'read' : 'write'} ${folder}`
    let opening = this.#opened.get(key)
    if (!opening) {
      opening = this.#open(key, folder, options)
      this.#opened.set(key, opening)
      opening.catch(() => this.#opened.delete(key))
    }
    const opened = await opening
    opened.lookers += 1
    if (opened.lingering) clearTimeout(opened.lingering)
    opened.lingering = null
    return opened.host
  }

  /** True while a project is open here for writing. */
  isOpen(folder: string): boolean {
    return this.#opened.has(`write ${folder}`)
  }

  /**
   * Closes a project at once instead of after a while, where it is open.
   *
   * @throws WorkbenchError `study/running` where somebody looks at it, or something runs in it
   */
  async letGo(path: string): Promise<void> {
    const folder = await realpath(path).catch(() => path)
    for (const key of [`write ${folder}`, `read ${folder}`]) {
      const opened = await this.#opened.get(key)?.catch(() => null)
      if (!opened) continue
      if (opened.lookers > 0 || opened.host.isBusy) {
        throw new WorkbenchError(
          'study/running',
          `The project ${basename(folder)} is open in another window, or something runs in it. Close it there first.`
        )
      }
      if (opened.lingering) clearTimeout(opened.lingering)
      this.#opened.delete(key)
      await opened.host.close()
    }
  }

  /** Makes a project with a default study, and looks at it. */
  async create(path: string): Promise<ProjectHost> {
    await makeFolder(dirname(projectFolder(path)))
    const session = await this.#engine.createProject(path)
    await session.close()
    return this.enter(session.folder)
  }

  /** Looks away. */
  async leave(host: ProjectHost): Promise<void> {
    for (const [key, opening] of this.#opened) {
      const opened = await opening.catch(() => null)
      if (opened?.host !== host) continue
      opened.lookers -= 1
      this.#settle(key, opened)
    }
  }

  /** Stops what runs, cleanly, and gives all projects free. */
  async close(): Promise<void> {
    this.#isClosing = true
    const opened = await this.#all()
    this.#opened.clear()
    for (const { lingering } of opened) if (lingering) clearTimeout(lingering)
    await Promise.all(opened.map(({ host }) => host.close()))
  }

  async #open(
    key: string,
    folder: string,
    options: { readOnly?: boolean }
  ): Promise<OpenedProject> {
    const session = await this.#engine.openProject(folder, options).catch((error: unknown) => {
      if (toPlain(error).code !== 'storage/read-only') throw error
      return this.#engine.openProject(folder, { readOnly: true })
    })
    const host = await ProjectHost.over(session, this.#version, this.#disk)
    const opened: OpenedProject = { host, lookers: 0, lingering: null }
    const title = basename(folder)
    this.log.add('info', title, `Opened${host.isReadOnly ? ' for reading only' : ''}`)
    host.onEvent((event) => {
      this.log.addEvent(title, event)
      for (const listener of this.#listeners) listener(event, host.folder)
      this.#settle(key, opened)
    })
    return opened
  }

  /** Closes a project after a while when nobody looks and nothing goes on. */
  #settle(key: string, opened: OpenedProject): void {
    const isIdle = () => opened.lookers === 0 && !opened.host.isBusy
    if (this.#isClosing || opened.lingering || !isIdle()) return
    opened.lingering = setTimeout(() => {
      opened.lingering = null
      if (!isIdle() || !this.#opened.delete(key)) return
      // What could not be written was told when it could not; others are not ended by it.
      opened.host
        .close()
        .catch((error: unknown) =>
          this.log.addRefusal(basename(opened.host.folder), 'closing it', toPlain(error))
        )
    }, LINGER_MS)
    opened.lingering.unref()
  }

  async #all(): Promise<OpenedProject[]> {
    const settled = await Promise.allSettled(this.#opened.values())
    return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  }
}
