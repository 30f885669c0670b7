/** Fetches pinned wheels into a cache that every clone on this machine shares. */
import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SetupFailure } from './failure.mjs'
import { startOf } from './lock.mjs'
import { formatSize } from './progress.mjs'
import { mustRun } from './run.mjs'

/** Where downloads are kept: `ASSAY_CACHE`, else `assay` below `XDG_CACHE_HOME` or `~/.cache`. */
export function cacheFolder(environment = process.env) {
  return (
    environment['ASSAY_CACHE'] ||
    join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'assay')
  )
}

/**
 * Where a wheel lies once fetched.
 *
 * @param {import('./pins.mjs').Wheel} wheel
 * @param {string} cache
 */
export function wheelPath(wheel, cache) {
  return join(cache, 'wheels', wheel.file)
}

/**
 * Those of the wheels that have to be downloaded.
 *
 * @param {import('./pins.mjs').Wheel[]} wheels
 * @param {string} cache
 */
export function missingWheels(wheels, cache) {
  return wheels.filter((wheel) => {
    const path = wheelPath(wheel, cache)
    return !existsSync(path) || statSync(path).size !== wheel.bytes
  })
}

/**
 * Fetches what is missing and checks every wheel against its SHA-256.
 *
 * A download is written aside and takes its name only when its hash is right, so a file of the
 * cache is whole; a cached file with a wrong hash is fetched anew.
 *
 * @param {import('./pins.mjs').Wheel[]} wheels
 * @param {string} cache
 * @param {(text: string) => void} tell
 */
export async function fetchWheels(wheels, cache, tell) {
  mkdirSync(join(cache, 'wheels'), { recursive: true })
  removeAbandonedDrafts(join(cache, 'wheels'))
  const missing = new Set(missingWheels(wheels, cache))
  for (const wheel of wheels) {
    const path = wheelPath(wheel, cache)
    if (!missing.has(wheel)) {
      tell(`checking ${wheel.file}`)
      if ((await sha256(path)) === wheel.sha256) continue
      rmSync(path)
    }
    await download(wheel, cache, tell)
  }
}

/**
 * Removes what a killed set-up was downloading; another clone's living one is left alone.
 *
 * @param {string} folder
 */
function removeAbandonedDrafts(folder) {
  for (const name of readdirSync(folder)) {
    const pid = /^\.draft-(\d+)-/.exec(name)?.[1]
    if (pid && startOf(Number(pid)) === null)
      rmSync(join(folder, name), { recursive: true, force: true })
  }
}

/**
 * @param {import('./pins.mjs').Wheel} wheel
 * @param {string} cache
 * @param {(text: string) => void} tell
 */
async function download(wheel, cache, tell) {
  const draft = join(cache, 'wheels', `.draft-${process.pid}-${wheel.name}`)
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(join(draft, 'tmp'), { recursive: true })
  const requirements = join(draft, 'requirements.txt')
  writeFileSync(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`)
  // pip writes what arrives below TMPDIR: its growth is the progress, in every version of pip.
  const timer = setInterval(() => {
    tell(
      `downloading ${wheel.name} ${wheel.version}, ${formatSize(folderBytes(draft))} of ${formatSize(wheel.bytes)}`
    )
  }, 500)
  try {
    await mustRun(
      `The download of ${wheel.name} ${wheel.version} (pip)`,
      'Check the connection and the proxy settings (pip reads PIP_INDEX_URL and https_proxy), then run the same command again.',
      'python3',
      // prettier-ignore
      ['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir', '--require-hashes',
        '--only-binary=:all:', ...tagArguments(wheel.file), '--dest', join(draft, 'whole'),
        '--requirement', requirements],
      { environment: { ...process.env, TMPDIR: join(draft, 'tmp') } }
    )
    const whole = join(draft, 'whole', wheel.file)
    const found = existsSync(whole) ? await sha256(whole) : 'no such file'
    if (found !== wheel.sha256) {
      throw new SetupFailure(
        `${wheel.file} is not the pinned one: expected SHA-256 ${wheel.sha256}, found ${found}. Nothing was installed.`
      )
    }
    renameSync(whole, wheelPath(wheel, cache))
  } finally {
    clearInterval(timer)
    rmSync(draft, { recursive: true, force: true })
  }
}

/**
 * Asks pip for a wheel's own tags, whatever Python runs here: the libraries inside need none.
 *
 * @param {string} file `name-version-python-abi-platform[.platform].whl`
 */
export function tagArguments(file) {
  const platforms = file.replace(/\.whl$/, '').split('-')[4] ?? ''
  return [
    ...['--python-version', '3.11', '--implementation', 'cp'],
    ...platforms.split('.').flatMap((platform) => ['--platform', platform])
  ]
}

/**
 * @param {string} path
 * @returns {Promise<string>}
 */
export async function sha256(path) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}

/**
 * @param {string} folder
 * @returns {number}
 */
function folderBytes(folder) {
  let bytes = 0
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      bytes += entry.isDirectory() ? folderBytes(path) : statSync(path).size
    }
  } catch {
    // pip renames and removes as it goes; what is gone counts nothing.
  }
  return bytes
}
