/** What the system is told of a study: progress on the taskbar, no sleep, a word when it ends. */
import { Notification, powerSaveBlocker } from 'electron'
import type { BrowserWindow } from 'electron'
import type { ShellSettings } from '#shared/shell'
import type { EngineNews } from './engineProcess'

type StudyNews = Extract<EngineNews, { kind: 'study' }>

/** Beyond 1 the bar shows that something goes on, not how far it is. */
const SOME_PROGRESS = 2
const NO_PROGRESS = -1

export class Notices {
  readonly #wishes: () => Pick<ShellSettings, 'notifies' | 'staysAwake'>
  #isRunning = false
  #blocker: number | null = null
  #progress = NO_PROGRESS
  #notification: Notification | null = null

  /** @param wishes what the user wishes now */
  constructor(wishes: () => Pick<ShellSettings, 'notifies' | 'staysAwake'>) {
    this.#wishes = wishes
  }

  /**
   * Studies run, or none does: the computer stays awake while one does, where that is wished. Said
   * again when wishes change.
   */
  setRunning(isRunning: boolean, window: BrowserWindow | null): void {
    const staysAwake = isRunning && this.#wishes().staysAwake
    if (staysAwake && this.#blocker === null) {
      this.#blocker = powerSaveBlocker.start('prevent-app-suspension')
    } else if (!staysAwake && this.#blocker !== null) {
      powerSaveBlocker.stop(this.#blocker)
      this.#blocker = null
    }
    if (isRunning === this.#isRunning) return
    this.#isRunning = isRunning
    this.#progress = isRunning ? SOME_PROGRESS : NO_PROGRESS
    this.showProgress(window)
  }

  /** @param share of the work that is done, 0 to 1; null where that is not known yet */
  setProgress(share: number | null, window: BrowserWindow | null): void {
    if (!this.#isRunning) return
    this.#progress = share ?? SOME_PROGRESS
    this.showProgress(window)
  }

  /** Shows it on a window that was just opened. */
  showProgress(window: BrowserWindow | null): void {
    window?.setProgressBar(this.#progress)
  }

  /** Says that a study ended or failed, to someone who looks elsewhere. */
  tellOf(
    { study, state, message }: StudyNews,
    window: BrowserWindow | null,
    show: () => void
  ): void {
    if (state === 'running' || state === 'stopped') return
    if (window?.isFocused() || !this.#wishes().notifies) return
    const body = state === 'done' ? 'Everything it asks for is trained and measured.' : message
    const title = state === 'done' ? `${study} is done` : `${study} failed`
    // Held: one that is collected as garbage can no longer be clicked.
    this.#notification = new Notification({ title, body: body ?? '' })
    this.#notification.on('click', show)
    this.#notification.show()
  }
}
