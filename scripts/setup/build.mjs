/** Step 5: the built entries in `out`. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { mustRun } from './run.mjs'
import { stampSays, writeStamp } from './stamp.mjs'

const BESIDE_SOURCES = ['electron.vite.config.ts', 'package.json', 'package-lock.json']

/**
 * A hash of everything that the build reads.
 *
 * @param {string} root
 */
function buildStamp(root) {
  const hash = createHash('sha256')
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
  for (const name of [...files, ...BESIDE_SOURCES]) {
    const path = join(root, name)
    if (existsSync(path)) hash.update(`${name}\0`).update(readFileSync(path))
  }
  return { sources: hash.digest('hex') }
}

/** @param {string} root */
export function isBuildCurrent(root) {
  return stampSays(join(root, 'out', 'built.json'), buildStamp(root))
}

/**
 * Builds aside and swaps, so that a command that runs meanwhile finds the old files or the new.
 *
 * @param {string} root
 */
export async function build(root) {
  const out = join(root, 'out')
  const draft = `out.draft-${process.pid}`
  const old = `${out}.old-${process.pid}`
  const stamp = buildStamp(root)
  // Left by a killed set-up: the lock says that no other is at work in this clone.
  for (const name of readdirSync(root)) {
    if (/^out\.(draft|old)-/.test(name)) rmSync(join(root, name), { recursive: true, force: true })
  }
  try {
    await mustRun(
      'The build (electron-vite)',
      'The sources do not build as they are; the lines above say where.',
      process.execPath,
      // prettier-ignore
      [join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build',
        '--outDir', join(root, draft), '--logLevel', 'warn', '--ignoreConfigWarning'],
      { cwd: root, environment: { ...process.env, NO_COLOR: '1' } }
    )
    writeStamp(join(root, draft, 'built.json'), stamp)
    if (existsSync(out)) renameSync(out, old)
    renameSync(join(root, draft), out)
  } finally {
    rmSync(join(root, draft), { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
  return readdirSync(join(out, 'main'))
    .filter((name) => name.endsWith('.cjs'))
    .join(', ')
}
