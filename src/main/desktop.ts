/** The application: one window, one engine, and what becomes of both when either goes. */
import { Menu, Tray, app, nativeImage } from 'electron'
import type { BrowserWindow } from 'electron'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toPlain } from '#shared/errors'
import { CHANNELS } from '#shared/shell'
import type { PlacedProject, ShellAction, ShellSettings } from '#shared/shell'
import { EngineProcess } from './engineProcess'
import type { EngineNews } from './engineProcess'
import { askGivingUp, askLeaving } from './leaving'
import type { LeavingChoice } from './leaving'
import { menuTemplate } from './menu'
import { Notices } from './notices'
import { PageLink } from './pageLink'
import { chooseAndCreate, chooseAndOpen, projectsFolder, reveal } from './projectDeeds'
import { keepSettings, keepWindow, recallSettings, recallWindow } from './settings'
import { settingsFrom } from './settingsForm'
import { iconPath, openWindow } from './window'

/** After its last study a desktop without a window stays for a click on the notification, in ms. */
const LINGER_MS = 60_000

export class Desktop {
  readonly engine: EngineProcess
  readonly link: PageLink
  readonly #notices = new Notices(recallSettings)
  #window: BrowserWindow | null = null
  #tray: Tray | null = null
  #recent: readonly { id: string; title: string }[] = []
  #keeping: ReturnType<typeof setTimeout> | null = null
  #isLeaving = false
  #ending: Promise<void> | null = null
  /** All has ended: nothing holds the application any more. */
  #isOver = false

  /** @param project what to open; what was open last where there is none */
  constructor(project: PlacedProject | null) {
    this.engine = new EngineProcess(
      [join(app.getPath('userData'), 'recent.json'), projectsFolder()],
      (news) => this.#hear(news),
      () => this.#mourn()
    )
    const page = {
      takePort: (port: Electron.MessagePortMain) =>
        this.#window?.webContents.postMessage(CHANNELS.port, null, [port]),
      tellProblem: (error: unknown) => this.tellProblem(error)
    }
    const last = recallWindow().project
    const first = project ?? (last && existsSync(last.path) ? last : null)
    this.link = new PageLink(this.engine, page, first)
    this.engine.start()
    this.show()
  }

  get window(): BrowserWindow | null {
    return this.#window
  }

  /** Brings the window to the front; opens it where it was closed. */
  show(): void {
    this.#tray?.destroy()
    this.#tray = null
    if (this.#window) {
      if (this.#window.isMinimized()) this.#window.restore()
      this.#window.show()
      this.#window.focus()
      return
    }
    const window = openWindow(recallWindow())
    this.#window = window
    const keepSoon = () => {
      this.#keeping ??= setTimeout(() => this.#keep(), 500)
    }
    window.on('resize', keepSoon)
    window.on('move', keepSoon)
    window.on('close', (event) => {
      this.#keep()
      if (this.#isOver) return
      // On macOS the application stays without a window, and so does what goes on but training.
      if (process.platform === 'darwin' && this.link.running.length === 0) return
      event.preventDefault()
      void this.leave()
    })
    window.on('closed', () => {
      this.#window = null
      this.link.unseat()
    })
    // Not where it only starts: a page that may not go elsewhere stays at its desk.
    window.webContents.on('did-navigate', () => {
      this.link.unseat()
      // Loaded again it may look at another engine.
      this.#refreshMenu()
    })
    window.webContents.on('render-process-gone', () => this.link.unseat())
    this.#notices.showProgress(window)
    this.#refreshMenu()
  }

  /** Quits; where something goes on it is asked first what becomes of that. */
  async leave(): Promise<void> {
    if (this.#isLeaving) return
    this.#isLeaving = true
    try {
      const choice = await this.#askLeaving()
      if (choice === 'keep') this.#hide()
      if (choice === 'stop') await this.end()
    } finally {
      this.#isLeaving = false
    }
  }

  async #askLeaving(): Promise<LeavingChoice> {
    const studies = this.link.running.map(({ study }) => study)
    if (studies.length > 0) {
      const { whenClosing } = recallSettings()
      // Without a window to close there is nothing to keep: who quits then is asked.
      return whenClosing === 'ask' || !this.#window
        ? askLeaving(studies, this.#window)
        : whenClosing
    }
    const busy = await this.link.busy()
    return busy === '' ? 'stop' : askGivingUp(busy, this.#window)
  }

  /** Stops what runs, cleanly, and quits. */
  end(): Promise<void> {
    return (this.#ending ??= this.#end())
  }

  async #end(): Promise<void> {
    this.#keep()
    // What runs is stopped after its step, which nobody has to watch.
    this.#window?.hide()
    await this.engine.close()
    this.#isOver = true
    app.quit()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  tellProblem(error: unknown): void {
    this.#window?.webContents.send(CHANNELS.problem, toPlain(error).message)
  }

  /** Takes a change that the page asks for, and follows it at once. */
  changeSettings(change: unknown): ShellSettings {
    const settings = settingsFrom(change, recallSettings())
    keepSettings(settings)
    this.#notices.setRunning(this.link.running.length > 0, this.#window)
    return settings
  }

  async #tell(action: ShellAction): Promise<void> {
    this.show()
    const { webContents } = this.#window!
    // To the page a choice in the menu is no gesture, without which it may not let files be chosen.
    await webContents.executeJavaScript('undefined', true).catch(() => undefined)
    if (!webContents.isDestroyed()) webContents.send(CHANNELS.action, action)
  }

  /** The window goes, the engine stays; the tray, or a second start, brings the window back. */
  #hide(): void {
    this.#keep()
    this.#window?.destroy()
    if (process.platform === 'darwin') return
    const icon = nativeImage.createFromPath(iconPath('icon-32.png'))
    this.#tray = new Tray(icon)
    this.#tray.setToolTip('Assay is training')
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Open Assay', click: () => this.show() },
        { label: 'Quit…', click: () => void this.leave() }
      ])
    )
    this.#tray.on('click', () => this.show())
  }

  #hear(news: EngineNews): void {
    this.link.hear(news)
    switch (news.kind) {
      case 'running':
        this.#notices.setRunning(news.studies.length > 0, this.#window)
        this.#refreshMenu()
        return
      case 'progress':
        this.#notices.setProgress(news.share, this.#window)
        return
      case 'study':
        this.#notices.tellOf(news, this.#window, () => this.show())
        if (news.state !== 'running') this.#quitWhenForgotten()
        return
      case 'desk':
        this.#recent = news.recent
        if (news.project) app.addRecentDocument(news.project.path)
        this.#keep()
        this.#window?.setTitle(news.project ? `${news.project.title} – Assay` : 'Assay')
        this.#refreshMenu()
    }
  }

  #mourn(): void {
    this.link.mourn()
    this.#notices.setRunning(false, this.#window)
    this.#refreshMenu()
    // Without a page that asks for a desk nobody would go on with what ran.
    if (!this.#window && !this.#isOver) this.show()
  }

  /** Nobody looks and nothing runs: the projects are not held any longer. */
  #quitWhenForgotten(): void {
    setTimeout(() => {
      const isForgotten = !this.#window && this.link.running.length === 0
      if (isForgotten && process.platform !== 'darwin') void this.end()
    }, LINGER_MS)
  }

  #keep(): void {
    if (this.#keeping) clearTimeout(this.#keeping)
    this.#keeping = null
    const { project } = this.link
    const window = this.#window
    const bounds = window ? window.getNormalBounds() : recallWindow().bounds
    keepWindow({ bounds, isMaximized: window?.isMaximized() ?? false, project })
  }

  #refreshMenu(): void {
    const state = {
      isMac: process.platform === 'darwin',
      isPackaged: app.isPackaged,
      hasProject: this.link.project !== null || this.link.remoteHost !== null,
      isRemote: this.link.remoteHost !== null,
      isRunning: this.link.running.length > 0,
      recent: this.#recent
    }
    const doing = (deed: () => Promise<unknown>) => () => {
      deed().catch((error) => this.tellProblem(error))
    }
    const template = menuTemplate(state, {
      create: doing(() => chooseAndCreate(this)),
      open: doing(() => chooseAndOpen(this)),
      openRecent: (id) =>
        doing(() => {
          this.show()
          return this.link.openRecent(id)
        })(),
      reveal: doing(() => reveal(this)),
      tell: (action) => void this.#tell(action)
    })
    Menu.setApplicationMenu(Menu.buildFromTemplate(template))
  }
}
