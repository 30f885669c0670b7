/** The native menu; a function from what is so to what is shown. */
import type { MenuItemConstructorOptions } from 'electron'
import type { ShellAction } from '#shared/shell'

/** What the menu depends on. */
export interface MenuState {
  isMac: boolean
  isPackaged: boolean
  hasProject: boolean
  isRunning: boolean
  recent: readonly { id: string; title: string }[]
}

/** What the menu does by itself; all else it asks of the page. */
export interface MenuDeeds {
  create: () => void
  open: () => void
  openRecent: (id: string) => void
  reveal: () => void
  tell: (action: ShellAction) => void
}

type Item = MenuItemConstructorOptions

/** The menu as a template for Electron. */
export function menuTemplate(state: MenuState, deeds: MenuDeeds): Item[] {
  const { isMac, isPackaged, hasProject, isRunning, recent } = state
  const asks = (label: string, action: ShellAction, more: Item = {}): Item => ({
    id: action,
    label,
    click: () => deeds.tell(action),
    ...more
  })
  // Shown, and heard by the page itself: in a text field the keys belong to the text.
  const heardByPage = (accelerator: string): Item => ({ accelerator, registerAccelerator: false })
  const divider: Item = { type: 'separator' }
  const file: Item[] = [
    { id: 'create', label: 'New project…', accelerator: 'CmdOrCtrl+N', click: deeds.create },
    { id: 'open', label: 'Open…', accelerator: 'CmdOrCtrl+O', click: deeds.open },
    {
      id: 'recent',
      label: 'Open recent',
      enabled: recent.length > 0,
      submenu: recent.map(({ id, title }) => ({ label: title, click: () => deeds.openRecent(id) }))
    },
    asks('Open the demo', 'openDemo'),
    asks('Connect to a remote engine…', 'connectRemote'),
    divider,
    asks('Save a copy as…', 'saveCopy', { accelerator: 'CmdOrCtrl+Shift+S', enabled: hasProject }),
    asks('Bundle…', 'bundle', { enabled: hasProject }),
    { id: 'reveal', label: 'Reveal in folder', enabled: hasProject, click: deeds.reveal },
    asks('Close project', 'closeProject', { accelerator: 'CmdOrCtrl+W', enabled: hasProject }),
    ...(isMac ? [] : [divider, { role: 'quit', accelerator: 'Ctrl+Q' } as Item])
  ]
  const edit: Item[] = [
    asks('Undo', 'undo', heardByPage('CmdOrCtrl+Z')),
    asks('Redo', 'redo', heardByPage('CmdOrCtrl+Shift+Z')),
    divider,
    { role: 'cut' },
    { role: 'copy' },
    { role: 'paste' },
    { role: 'selectAll' }
  ]
  const view: Item[] = [
    asks('Start page', 'showStart'),
    asks('Catalogue', 'showCatalogue', { accelerator: 'CmdOrCtrl+1', enabled: hasProject }),
    asks('Training', 'showTraining', { accelerator: 'CmdOrCtrl+2', enabled: hasProject }),
    asks('Mixtures', 'showMixtures', { accelerator: 'CmdOrCtrl+3', enabled: hasProject }),
    asks('Evidence', 'showEvidence', { accelerator: 'CmdOrCtrl+4', enabled: hasProject }),
    divider,
    asks('Command palette…', 'showPalette', heardByPage('CmdOrCtrl+K')),
    asks('Settings', 'showSettings', { accelerator: 'CmdOrCtrl+,' }),
    divider,
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
    ...(isPackaged ? [] : [divider, { role: 'toggleDevTools' } as Item])
  ]
  const study: Item[] = [
    asks('Run', 'runStudy', { accelerator: 'CmdOrCtrl+R', enabled: hasProject && !isRunning }),
    asks('Stop', 'stopStudy', { accelerator: 'CmdOrCtrl+.', enabled: isRunning })
  ]
  const help: Item[] = [
    asks('Keyboard shortcuts', 'showShortcuts', { accelerator: 'CmdOrCtrl+/' }),
    asks('Log', 'showLog'),
    asks('Devices', 'showDevices'),
    ...(isMac ? [] : [divider, { role: 'about' } as Item])
  ]
  return [
    ...(isMac ? [{ role: 'appMenu' } as Item] : []),
    { label: 'File', submenu: file },
    { label: 'Edit', submenu: edit },
    { label: 'View', submenu: view },
    { label: 'Study', submenu: study },
    ...(isMac ? [{ role: 'windowMenu' } as Item] : []),
    { role: 'help', label: 'Help', submenu: help }
  ]
}
