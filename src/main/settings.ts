/** What the desktop remembers between two starts: small JSON files in the user's folder. */
import { app } from 'electron'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Rectangle } from 'electron'
import type { PlacedProject, ShellSettings } from '#shared/shell'
import { settingsFrom } from './settingsForm'

/** The window as it was, and what was open in it. */
export interface WindowMemory {
  bounds: Rectangle | null
  isMaximized: boolean
  project: PlacedProject | null
}

const FRESH: WindowMemory = { bounds: null, isMaximized: false, project: null }

/** Where the window was, or the first place where that is not known. */
export function recallWindow(): WindowMemory {
  return { ...FRESH, ...(recall('window.json') as Partial<WindowMemory>) }
}

/** Keeps where the window is. */
export function keepWindow(memory: WindowMemory): void {
  keep('window.json', memory)
}

/** What the user wishes, what is usual where nothing is said. */
export function recallSettings(): ShellSettings {
  return settingsFrom(recall('settings.json'))
}

/** Keeps what the user wishes. */
export function keepSettings(settings: ShellSettings): void {
  keep('settings.json', settings)
}

const pathOf = (name: string) => join(app.getPath('userData'), name)

/** A file that is missing or damaged is as good as a first start. */
function recall(name: string): unknown {
  try {
    return JSON.parse(readFileSync(pathOf(name), 'utf8'))
  } catch {
    return {}
  }
}

/** Written aside and renamed: a crash leaves the old file or the new one. */
function keep(name: string, memory: unknown): void {
  mkdirSync(app.getPath('userData'), { recursive: true })
  const draft = `${pathOf(name)}.draft-${process.pid}`
  writeFileSync(draft, JSON.stringify(memory, null, 2))
  renameSync(draft, pathOf(name))
}
