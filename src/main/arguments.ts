/** Which project a command line names. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PlacedProject } from '#shared/shell'

/**
 * The project of `assay [flags] [PROJECT] [--read-only]`, relative to where it was typed.
 *
 * @param argv the whole command line, the program first
 * @param folder where it was typed
 * @param own the application's folder, which comes before what a user gives; null when packaged
 */
export function projectOf(
  argv: readonly string[],
  folder: string,
  own: string | null
): PlacedProject | null {
  const words = argv.slice(1).filter((arg) => !arg.startsWith('-'))
  const before = own === null ? -1 : words.findIndex((word) => resolve(folder, word) === own)
  const name = words[before + 1]
  if (name === undefined) return null
  const path = resolve(folder, name)
  return existsSync(path) ? { path, isReadOnly: argv.includes('--read-only') } : null
}
