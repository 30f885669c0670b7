/** Opening and making projects by the system's own dialogs. */
import { app, dialog, shell } from 'electron'
import { join, resolve, sep } from 'node:path'
import type { Desktop } from './desktop'

/** @returns whether it was done, and not given up by the user */
export async function chooseAndOpen(desktop: Desktop): Promise<boolean> {
  desktop.show()
  const { canceled, filePaths } = await dialog.showOpenDialog(desktop.window!, {
    title: 'Open a project',
    buttonLabel: 'Open',
    // Where a dialog shows either files or folders, folders: a project is one.
    properties: process.platform === 'darwin' ? ['openFile', 'openDirectory'] : ['openDirectory'],
    filters: [{ name: 'Assay project', extensions: ['assay'] }]
  })
  const [path] = filePaths
  if (canceled || path === undefined) return false
  await desktop.link.open({ path, isReadOnly: false })
  return true
}

/** @returns whether it was done, and not given up by the user */
export async function chooseAndCreate(desktop: Desktop): Promise<boolean> {
  desktop.show()
  const { canceled, filePath } = await dialog.showSaveDialog(desktop.window!, {
    title: 'New project',
    buttonLabel: 'Create',
    nameFieldLabel: 'Name of the project',
    defaultPath: join(projectsFolder(), 'my-study'),
    properties: ['createDirectory']
  })
  if (canceled || !filePath) return false
  await desktop.link.create(filePath)
  return true
}

/**
 * Shows the open project, or a folder within it, in the system's file manager.
 *
 * @param within as the page says it: what leads out of the project is not shown
 * @throws Error where the project lies on another computer
 */
export async function reveal(desktop: Desktop, within?: unknown): Promise<void> {
  const { project, remoteHost } = desktop.link
  if (remoteHost !== null) {
    throw new Error(`This project lies where the engine at ${remoteHost} is, not on this computer.`)
  }
  if (!project) return
  const wanted = typeof within === 'string' ? resolve(project.path, within) : project.path
  const isInside = wanted.startsWith(`${project.path}${sep}`)
  shell.showItemInFolder(isInside ? wanted : project.path)
}

/** Where new projects go unless somebody chooses; `assay open` has the same. */
export function projectsFolder(): string {
  return join(app.getPath('home'), 'Assay')
}
