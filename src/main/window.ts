/** The one window: where it stood, what it may do. */
import { BrowserWindow, app, screen } from 'electron'
import type { Rectangle } from 'electron'
import { join } from 'node:path'
import { PAGE } from './protection'
import type { WindowMemory } from './settings'

const FIRST_SIZE = { width: 1400, height: 900 }

/** A page that crashes again this soon is left as it is. */
const CRASH_PATIENCE_MS = 5000

/** Opens the window where it was, or in the middle where that place is no more. */
export function openWindow(memory: WindowMemory): BrowserWindow {
  const window = new BrowserWindow({
    ...FIRST_SIZE,
    ...(memory.bounds && isOnScreen(memory.bounds) ? memory.bounds : {}),
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Assay',
    // Elsewhere the program itself carries it.
    ...(process.platform === 'linux' ? { icon: iconPath('icon.png') } : {}),
    webPreferences: {
      preload: join(__dirname, '..', 'preload', 'index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged
    }
  })
  if (memory.isMaximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  let crashedAt = 0
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return
    const isAgain = Date.now() - crashedAt < CRASH_PATIENCE_MS
    crashedAt = Date.now()
    if (!isAgain) window.webContents.reload()
  })
  void window.loadURL(PAGE)
  return window
}

/** A picture of `resources/`. */
export function iconPath(name: string): string {
  return join(app.getAppPath(), 'resources', name)
}

/** True where enough of it can be seen to take hold of it. */
function isOnScreen({ x, y, width }: Rectangle): boolean {
  return screen.getAllDisplays().some(({ workArea }) => {
    const isBeside = x + width < workArea.x + 80 || x > workArea.x + workArea.width - 80
    return !isBeside && y >= workArea.y - 10 && y < workArea.y + workArea.height - 80
  })
}
