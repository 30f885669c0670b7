/** Installs the Debian packages that the tests need, where that is allowed. */
import { spawnSync } from 'node:child_process'
import { SetupFailure } from '../setup/failure.mjs'
import { findProgram } from '../setup/run.mjs'
import { TOOLS, installCommand, missingTools, missingToolsMessage } from '../setup/tools.mjs'

/**
 * Brings the tools that are missing by apt, as root or by a sudo that asks no password; it says
 * so before it does.
 *
 * @throws SetupFailure with the one command that is missing, where it may not
 */
export function installDebianPackages() {
  const names = /** @type {import('../setup/tools.mjs').ToolName[]} */ (Object.keys(TOOLS))
  const missing = missingTools(names)
  if (missing.length === 0) return
  const isRoot = process.getuid?.() === 0
  const mayInstall =
    findProgram('apt-get') !== null &&
    (isRoot || spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0)
  if (!mayInstall) throw new SetupFailure(missingToolsMessage(missing))
  const [program = '', ...args] = installCommand(missing)
  console.log(`Installing what is missing: ${program} ${args.join(' ')}`)
  const update = isRoot ? ['apt-get', 'update'] : ['sudo', 'apt-get', 'update']
  for (const command of [update, [program, ...args]]) {
    spawnSync(command[0] ?? '', command.slice(1), {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    })
  }
  const still = missingTools(names)
  if (still.length > 0) throw new SetupFailure(missingToolsMessage(still))
}
