/** Installs the Debian packages that the tests need, where that is allowed. */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
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
  if (!mayInstall) return refuse(missing)
  const [program = '', ...args] = installCommand(missing)
  console.log(`Installing what is missing: ${program} ${args.join(' ')}`)
  const update = isRoot ? ['apt-get', 'update'] : ['sudo', 'apt-get', 'update']
  const allowServices = forbidServices(isRoot)
  try {
    for (const command of [update, [program, ...args]]) {
      spawnSync(command[0] ?? '', command.slice(1), {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
      })
    }
  } finally {
    allowServices()
  }
  refuse(missingTools(names))
}

/**
 * What tests can be skipped without is only told, unless no test may be skipped.
 *
 * @param {import('../setup/tools.mjs').Tool[]} missing
 */
function refuse(missing) {
  if (missing.length === 0) return
  const message = missingToolsMessage(missing)
  const mayLack = process.env['ASSAY_REQUIRE'] !== 'all' && missing.every((tool) => tool.mayLack)
  if (!mayLack) throw new SetupFailure(message)
  console.log(`${message}\nThe tests that want it are skipped.`)
}

/** What Debian asks before a package starts its service. */
const POLICY = '/usr/sbin/policy-rc.d'

/**
 * Daemons that tests start themselves are not to run as services of the machine.
 *
 * @param {boolean} isRoot
 * @returns {() => void} ends it
 */
function forbidServices(isRoot) {
  if (!isRoot || existsSync(POLICY)) return () => undefined
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(POLICY, { force: true })
}
