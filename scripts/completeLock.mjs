/**
 * Completes package-lock.json after `npm install`: `node scripts/completeLock.mjs`.
 *
 * Where a registry mirror lacks the packages of other systems (a Windows binding, say), npm leaves
 * them out of the lock, and then refuses it everywhere: `npm ci` wants every optional dependency
 * listed. This adds those as npm would, version, system and processor, but for the hash; a
 * system that installs one of them should run `npm install` against a full registry first.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const SYSTEMS = 'aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32'
const PROCESSORS = 'arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64'
const PLATFORM = new RegExp(
  `[-/](${SYSTEMS})-(${PROCESSORS})(?:-(gnu|gnueabihf|musl|musleabihf))?(?:-|$)`
)

/** @typedef {{ version?: string, optionalDependencies?: Record<string, string> } & Record<string, unknown>} Entry */

/**
 * Lists the optional packages that a lock names but does not hold.
 *
 * @param {Record<string, Entry>} packages of the lock, by path
 * @returns {{ name: string, range: string, of: string }[]}
 */
export function missingFromLock(packages) {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !resolves(packages, path, name))
      .map(([name, range]) => ({ name, range, of: path }))
  )
}

/**
 * @param {Record<string, Entry>} packages
 * @param {string} from
 * @param {string} name
 */
function resolves(packages, from, name) {
  let folder = from
  for (;;) {
    if (`${folder ? `${folder}/` : ''}node_modules/${name}` in packages) return true
    if (folder === '') return false
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  }
}

/**
 * @param {{ name: string, range: string }} missing
 * @returns {Entry}
 */
function platformEntry({ name, range }) {
  const [, system, processor, library] = PLATFORM.exec(name) ?? []
  if (!system || !processor || !/^\d+\.\d+\.\d+\S*$/.test(range)) {
    throw new Error(
      `${name}@${range} is in no registry that npm reached, and its name does not say for which system it is. Install it where it can be had, then commit the lock from there.`
    )
  }
  const libc = library?.startsWith('gnu') ? 'glibc' : library?.startsWith('musl') ? 'musl' : null
  return {
    version: range,
    cpu: [processor],
    ...(libc ? { libc: [libc] } : {}),
    optional: true,
    os: [system]
  }
}

function complete() {
  const file = new URL('../package-lock.json', import.meta.url)
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const missing = missingFromLock(lock.packages)
  for (const one of missing) lock.packages[`node_modules/${one.name}`] = platformEntry(one)
  // npm's own order: the root first (its path is empty), then by path.
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : 1))
  )
  if (missing.length > 0) writeFileSync(file, JSON.stringify(lock, null, 2) + '\n')
  process.stdout.write(`${missing.length} packages of other systems added\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) complete()
