/** Lays out what goes into the application: the built files, and the packages they need at run time. */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { formatSize } from '../setup/progress.mjs'

/** Kinds of files that no program reads at run time. */
const NEVER_READ =
  /\.(map|d\.ts|d\.mts|d\.cts|md|markdown|tsbuildinfo|flow)$|\.(min|fesm|es2017|fesm\.min)\.js$/

/** Folders of packages that are for building or testing them. */
const NOT_AT_RUN_TIME = [
  /^@tensorflow\/[^/]+\/(src|demo|benchmarks)$/,
  /^@tensorflow\/tfjs-node-gpu\/(deps\/include|deps\/nvidia|binding|scripts)$/,
  /\/(test|tests|__tests__|docs|example|examples|\.github)$/
]

/**
 * @param {string} root of the clone
 * @param {string} folder to fill
 * @param {string | null} first a file that every entry begins with: for trials
 * @returns {string} what it comes to
 */
export function stage(root, folder, first) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { name, productName, version, description, license, main, dependencies } = manifest
  mkdirSync(folder, { recursive: true })
  const own = {
    name,
    productName,
    version,
    description,
    license,
    main,
    author: 'Assay',
    dependencies
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(own, null, 2))
  let bytes = 0
  const add = (/** @type {string} */ path) => {
    bytes += laid(join(root, path), join(folder, path))
  }
  for (const path of ['out', 'resources']) walk(join(root, path), (file) => add(join(path, file)))
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  for (const [path, entry] of Object.entries(packages)) {
    // Packages for other systems are in the lock, and not on the disk.
    if (path === '' || entry.dev || !existsSync(join(root, path))) continue
    walk(join(root, path), (file) => add(join(path, file)), path.replace(/^.*node_modules\//, ''))
  }
  if (first) beginWith(first, join(folder, 'out', 'main'))
  return formatSize(bytes)
}

/**
 * @param {string} first
 * @param {string} folder of the entries
 */
function beginWith(first, folder) {
  const entries = readdirSync(folder).filter((name) => name.endsWith('.cjs'))
  copyFileSync(first, join(folder, 'first.cjs'))
  for (const name of entries) {
    const text = readFileSync(join(folder, name), 'utf8')
    // Removed before it is written: it may be a link to the clone's own file.
    rmSync(join(folder, name))
    writeFileSync(join(folder, name), `require('./first.cjs')\n${text}`)
  }
}

/**
 * Calls with the path of every file that is read at run time; nested packages are on the list of
 * their own.
 *
 * @param {string} folder
 * @param {(path: string) => void} found relative to the folder
 * @param {string} packageName of the package whose folder it is
 */
function walk(folder, found, packageName = '') {
  const into = (/** @type {string} */ below) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name)
      if (entry.isDirectory()) {
        const isLeftOut =
          entry.name === 'node_modules' ||
          (packageName !== '' && NOT_AT_RUN_TIME.some((one) => one.test(`${packageName}/${path}`)))
        if (!isLeftOut) into(path)
      } else if (entry.isFile() && !(packageName !== '' && NEVER_READ.test(entry.name))) found(path)
    }
  }
  into('')
}

/**
 * Links a file where that can be, since some are large; else copies it.
 *
 * @param {string} from
 * @param {string} to
 * @returns {number} its size in bytes
 */
function laid(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to)
  }
  return statSync(to).size
}
