/** The native menu; a function from what is so to what is shown. */
import type { MenuItemConstructorOptions } from 'electron'
import type { ShellAction } from '#shared/shell'

/** What the menu depends on. */
export interface MenuState {
  isMac: boolean
  isPackaged: boolean
  hasProject: boolean
  /** The engine that is looked at is elsewhere, and so are its projects. */
  isRemote: boolean
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
  const { isMac, isPackaged, hasProject, isRemote, isRunning, recent } = state
  const asks = (label: string, action: ShellAction, more: Item = {}): Item => ({
    id: action,
    label,
    click: () => deeds.tell(action),
    ...more
  })
  // Shown, and heard by the page itself: in a text field the keys belong to the text.
  const heardByPage = (accelerator: string): Item => ({ accelerator, registerAccelerator: false })
  const ofProject = (accelerator: string): Item => ({
    ...heardByPage(accelerator),
    enabled: hasProject
  })
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
    asks('Connect to a remote engine…', 'connect-remote'),
    divider,
    asks('Import text from files…', 'import-files', ofProject('CmdOrCtrl+I')),
    asks('Import text from a folder…', 'import-folder', { enabled: hasProject }),
    asks('Import checkpoints from a folder…', 'import-models', { enabled: hasProject }),
    divider,
    asks('Save the report…', 'save-report', { enabled: hasProject }),
    asks('Save the report as PDF…', 'print-report', { enabled: hasProject }),
    divider,
    asks('Save a copy…', 'save-copy', { accelerator: 'CmdOrCtrl+Shift+S', enabled: hasProject }),
    asks('Bundle the results…', 'bundle', { enabled: hasProject }),
    asks('Check the files of the project…', 'check-files', { enabled: hasProject && !isRunning }),
    {
      id: 'reveal',
      label: 'Reveal in folder',
      enabled: hasProject && !isRemote,
      click: deeds.reveal
    },
    asks('Close project', 'close-project', { accelerator: 'CmdOrCtrl+W', enabled: hasProject }),
    ...(isMac ? [] : [divider, { role: 'quit', accelerator: 'Ctrl+Q' } as Item])
  ]
  const edit: Item[] = [
    asks('Undo', 'undo', ofProject('CmdOrCtrl+Z')),
    asks('Redo', 'redo', ofProject('CmdOrCtrl+Shift+Z')),
    divider,
    { role: 'cut' },
    { role: 'copy' },
    { role: 'paste' },
    { role: 'selectAll' },
    divider,
    asks('Settings', 'settings', heardByPage('CmdOrCtrl+,'))
  ]
  const view: Item[] = [
    asks('Catalogue', 'show-catalogue', { accelerator: 'CmdOrCtrl+1', enabled: hasProject }),
    asks('Training', 'show-training', { accelerator: 'CmdOrCtrl+2', enabled: hasProject }),
    asks('Mixtures', 'show-mixtures', { accelerator: 'CmdOrCtrl+3', enabled: hasProject }),
    asks('Evidence', 'show-evidence', { accelerator: 'CmdOrCtrl+4', enabled: hasProject }),
    asks('What-if', 'show-what-if', { accelerator: 'CmdOrCtrl+5', enabled: hasProject }),
    asks('Decide', 'show-decide', { accelerator: 'CmdOrCtrl+6', enabled: hasProject }),
    asks('Models', 'show-models', { accelerator: 'CmdOrCtrl+7', enabled: hasProject }),
    divider,
    asks('Names of screens', 'fold-rail', ofProject('CmdOrCtrl+B')),
    asks('Find a command…', 'palette', heardByPage('CmdOrCtrl+K')),
    divider,
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
    ...(isPackaged ? [] : [divider, { role: 'toggleDevTools' } as Item])
  ]
  const study: Item[] = [
    asks('Run', 'run-study', {
      ...heardByPage('CmdOrCtrl+Enter'),
      enabled: hasProject && !isRunning
    }),
    asks('Stop', 'stop-study', { accelerator: 'CmdOrCtrl+.', enabled: isRunning }),
    divider,
    asks('Edit the study…', 'edit-study', ofProject('CmdOrCtrl+E')),
    asks('Vary one setting…', 'vary-study', { enabled: hasProject }),
    asks('Commands that it runs…', 'commands', { enabled: hasProject })
  ]
  const help: Item[] = [
    asks('Keyboard shortcuts', 'shortcuts', { accelerator: 'CmdOrCtrl+/' }),
    asks('Devices', 'devices'),
    asks('Log', 'log'),
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
