/** What stands between `bin/assay.mjs` and the built command line. */
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { SetupFailure } from './setup/failure.mjs'
import { setUp } from './setup/index.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Sets up where something is stale, then runs the command line in this very process.
 *
 * No child in between: signals, the terminal and the exit status are the command's own.
 */
export async function start() {
  try {
    await setUp(root)
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error
    process.stderr.write(`\n${error.message}\n`)
    process.exitCode = 1
    return
  }
  await import(pathToFileURL(join(root, 'out', 'main', 'cli.cjs')).href)
}
