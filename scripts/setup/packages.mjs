/** Step 1: the packages of package-lock.json, without running any of their scripts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readStamp } from './stamp.mjs'
import { mustRun } from './run.mjs'

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage
 */

/**
 * Whether node_modules holds what package-lock.json asks for.
 *
 * npm notes what it installed in a lock of its own, written last: a broken-off installation has
 * none. Packages for other systems are optional and may be absent.
 *
 * @param {string} root
 */
export function arePackagesCurrent(root) {
  const wanted = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(([path, locked]) => {
    const found = installed[path]
    if (path === '') return true
    if (!found) return locked.optional === true
    return found.version === locked.version && found.integrity === locked.integrity
  })
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage> | null}
 */
function readPackages(path) {
  const lock = readStamp(path)
  return lock ? /** @type {Record<string, LockedPackage>} */ (lock['packages']) : null
}

/**
 * Installs with npm.
 *
 * @param {string} root
 * @param {(text: string) => void} tell
 */
export async function installPackages(root, tell) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const count = Object.keys(lock.packages).length - 1
  tell(`${count} packages at most`)
  await mustRun(
    'npm ci',
    'Check the connection and the proxy settings of npm, then run the same command again.',
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: root, environment: withoutScriptSettings(process.env) }
  )
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json')) ?? {}
  return `${Object.keys(installed).length} packages`
}

/**
 * The environment without what `npm run` adds for the script it runs: settings of that script
 * must not steer an installation.
 *
 * @param {NodeJS.ProcessEnv} environment
 */
function withoutScriptSettings(environment) {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^npm_(package|lifecycle|command)/.test(name))
  )
}
