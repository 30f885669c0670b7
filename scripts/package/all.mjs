/** The steps of packaging, one after the other. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SetupFailure } from '../setup/failure.mjs'
import { setUp } from '../setup/index.mjs'
import { beginStep } from '../setup/progress.mjs'
import { mustRun } from '../setup/run.mjs'
import { laidFlavour, tensorflowPackage } from '../setup/tensorflow.mjs'
import { buildDeb } from './deb.mjs'
import { stage } from './stage.mjs'

/**
 * @typedef {object} PackageOptions
 * @property {string | null} trial folder of an Electron to take instead of the pinned one
 * @property {string | null} first a file that every entry of a trial begins with
 * @property {string | null} out where to put it; `release` unless given
 * @property {boolean} deb a .deb too, on Linux
 * @property {boolean} targets all of electron-builder's targets for this system too
 */

/**
 * @param {string} root of the clone
 * @param {PackageOptions} options
 * @returns {Promise<string>} the unpacked application's folder
 */
export async function packageApplication(root, options) {
  await setUp(root)
  if (laidFlavour(tensorflowPackage(root)) !== 'cpu') {
    throw new SetupFailure(
      'A package holds the CPU flavour of TensorFlow, and here the GPU flavour is laid (5.6 GB). Package from a clone that was set up with ASSAY_TENSORFLOW=cpu.'
    )
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const name = options.trial ? `trial-${version}` : `assay-${version}`
  const out = join(resolve(options.out ?? join(root, 'release')), name)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const staged = join(out, 'staged')
  await step('Files of the application', () => Promise.resolve(stage(root, staged, options.first)))
  await step("electron-builder's own packages", () => installBuilder(root))
  await step('Application', () => runBuilder(root, staged, out, options))
  rmSync(staged, { recursive: true })
  const unpacked = join(out, UNPACKED[process.platform] ?? 'linux-unpacked')
  if (options.deb && process.platform === 'linux') {
    await step('.deb', () => buildDeb(root, unpacked, out, version))
  }
  process.stdout.write(`${unpacked}\n`)
  return unpacked
}

/** @type {Partial<Record<NodeJS.Platform, string>>} */
const UNPACKED = { linux: 'linux-unpacked', win32: 'win-unpacked', darwin: 'mac' }

/**
 * @param {string} title
 * @param {() => Promise<string>} work says what came of it
 */
async function step(title, work) {
  const report = beginStep(title)
  try {
    report.end(await work())
  } catch (error) {
    report.fail()
    throw error
  }
}

/** @param {string} root */
async function installBuilder(root) {
  const folder = join(root, 'packaging')
  const builder = join(folder, 'node_modules', 'electron-builder', 'package.json')
  const wanted = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).devDependencies
  const has = () => existsSync(builder) && JSON.parse(readFileSync(builder, 'utf8')).version
  if (has() !== wanted['electron-builder']) {
    const advice = 'Check the connection, then run the same command again.'
    // One of electron-builder's packages asks for a newer Node than it needs.
    const words = ['ci', '--ignore-scripts', '--engine-strict=false']
    await mustRun('npm ci in packaging', advice, 'npm', words, { cwd: folder })
  }
  return String(has())
}

/**
 * @param {string} root
 * @param {string} staged
 * @param {string} out
 * @param {PackageOptions} options
 */
async function runBuilder(root, staged, out, { trial, targets }) {
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules', 'electron', 'package.json'), 'utf8')
  )
  const electron = trial
    ? readFileSync(join(trial, 'version'), 'utf8').trim().replace(/^v/, '')
    : version
  const settings = join(root, 'packaging', 'electron-builder.yml')
  const args = [
    join(root, 'packaging', 'node_modules', 'electron-builder', 'cli.js'),
    ...(targets ? [] : ['--dir']),
    ...['--projectDir', staged],
    ...['--config', trial ? await trialConfig(settings, out) : settings],
    ...['--publish', 'never'],
    `-c.directories.output=${out}`,
    `-c.directories.buildResources=${join(root, 'resources')}`,
    `-c.electronVersion=${electron}`,
    ...(trial ? [`-c.electronDist=${trial}`] : [])
  ]
  await mustRun(
    'electron-builder',
    'The lines above say what it lacked. It fetches Electron unless --trial names a folder that holds one.',
    process.execPath,
    args,
    { cwd: root, environment: { ...process.env, CI: 'true' } }
  )
  return `Electron ${electron}${trial ? ', a trial' : ''}`
}

/**
 * The same settings without fuses: tests drive a trial through the inspector that these close, and an
 * old Electron does not have them all.
 *
 * @param {string} settings
 * @param {string} out
 * @returns {Promise<string>} path of what was written
 */
async function trialConfig(settings, out) {
  // Not before set-up: until then there are no packages.
  const { parse } = await import('yaml')
  const { electronFuses: _fuses, ...rest } = parse(readFileSync(settings, 'utf8'))
  const path = join(out, 'trial-settings.json')
  writeFileSync(path, JSON.stringify(rest))
  return path
}
