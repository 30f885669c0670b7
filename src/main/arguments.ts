/** Which project a command line names. */
import { app } from 'electron'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PlacedProject } from '#shared/shell'

/**
 * The project of `assay [flags] [PROJECT] [--read-only]`, relative to where it was typed.
 *
 * @param argv the whole command line, the program first
 */
export function projectOf(argv: readonly string[], folder: string): PlacedProject | null {
  const words = argv.slice(1).filter((arg) => !arg.startsWith('-'))
  // Unpackaged, the application's own folder comes before what a user gives it.
  const own = words.findIndex((word) => resolve(folder, word) === app.getAppPath())
  const name = words[app.isPackaged ? 0 : own + 1]
  if (name === undefined) return null
  const path = resolve(folder, name)
  return existsSync(path) ? { path, isReadOnly: argv.includes('--read-only') } : null
}
