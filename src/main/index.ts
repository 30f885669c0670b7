/** Electron's main: starts the application, once on this computer. */
import { app } from 'electron'
import { projectOf } from './arguments'
import { Desktop } from './desktop'
import { answerPage } from './pageRequests'
import { protect, protectBeforeReady } from './protection'
import type { PlacedProject } from '#shared/shell'

/** Where settings are kept instead of the user's own folder: for tests. */
const userData = process.env['ASSAY_USER_DATA']
if (userData) app.setPath('userData', userData)

const own = () => (app.isPackaged ? null : app.getAppPath())

let desktop: Desktop | null = null
let early: PlacedProject | null = null

function openOrShow(project: PlacedProject | null): void {
  if (!desktop) {
    early = project
    return
  }
  desktop.show()
  if (project) desktop.link.open(project).catch((error) => desktop?.tellProblem(error))
}

function main(): void {
  // Another start hands over what it was asked to open, and ends.
  if (!app.requestSingleInstanceLock()) return app.quit()
  protectBeforeReady()
  app.on('second-instance', (_, argv, folder) => openOrShow(projectOf(argv, folder, own())))
  app.on('open-file', (event, path) => {
    event.preventDefault()
    openOrShow({ path, isReadOnly: false })
  })
  app.on('activate', () => desktop?.show())
  app.on('before-quit', (event) => {
    if (!desktop || desktop.isOver) return
    event.preventDefault()
    void desktop.leave()
  })
  app.on('window-all-closed', () => {
    // Closed with nothing running. On macOS an application stays without windows; and one whose
    // window was closed to keep training stays everywhere.
    if (process.platform !== 'darwin' && desktop?.link.running.length === 0) app.quit()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void desktop?.end())
  }
  void app.whenReady().then(() => {
    protect()
    desktop = new Desktop(early ?? projectOf(process.argv, process.cwd(), own()))
    answerPage(desktop)
  })
}

main()
