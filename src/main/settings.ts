/** What the desktop remembers between two starts: small JSON files in the user's folder. */
import { app } from 'electron'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Rectangle } from 'electron'
import type { PlacedProject } from '#shared/shell'

/** The window as it was, and what was open in it. */
export interface WindowMemory {
  bounds: Rectangle | null
  isMaximized: boolean
  project: PlacedProject | null
}

const FRESH: WindowMemory = { bounds: null, isMaximized: false, project: null }

const path = () => join(app.getPath('userData'), 'window.json')

/** A file that is missing or damaged is as good as a first start. */
export function recallWindow(): WindowMemory {
  try {
    return { ...FRESH, ...(JSON.parse(readFileSync(path(), 'utf8')) as Partial<WindowMemory>) }
  } catch {
    return FRESH
  }
}

/** Written aside and renamed: a crash leaves the old file or the new one. */
export function keepWindow(memory: WindowMemory): void {
  mkdirSync(app.getPath('userData'), { recursive: true })
  const draft = `${path()}.draft-${process.pid}`
  writeFileSync(draft, JSON.stringify(memory, null, 2))
  renameSync(draft, path())
}
