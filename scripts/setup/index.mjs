/** The set-up: five steps, each done only where its own stamp says that it is not done. */
import { join } from 'node:path'
import { build, isBuildCurrent } from './build.mjs'
import { requireDisk } from './disk.mjs'
import { SetupFailure } from './failure.mjs'
import { chooseFlavour } from './flavour.mjs'
import { takeLock } from './lock.mjs'
import { arePackagesCurrent, installPackages } from './packages.mjs'
import { PINS } from './pins.mjs'
import { beginStep, formatSize } from './progress.mjs'
import {
  areLibrariesCurrent,
  checkTensorflow,
  compileAddon,
  isAddonCurrent,
  isChecked,
  laidFlavour,
  layLibraries,
  tensorflowPackage
} from './tensorflow.mjs'
import { requireTools } from './tools.mjs'
import { cacheFolder, missingWheels } from './wheels.mjs'

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {import('./tools.mjs').ToolName[]} tools
 * @property {() => boolean} isDone
 * @property {() => import('./disk.mjs').DiskNeed[]} [needs] room on the disk
 * @property {(tell: (text: string) => void) => Promise<string>} work says what came of it
 */

/**
 * Makes this clone ready to run. Where everything is, nothing is written or said.
 *
 * @param {string} root of the clone
 * @throws SetupFailure with what is missing or went wrong, and what to do
 */
export async function setUp(root) {
  const steps = listSteps(root)
  const stale = staleSteps(root, steps)
  if (stale.length === 0) return
  requireSystem()
  requireTools(stale.flatMap((step) => step.tools))
  requireDisk(stale.flatMap((step) => step.needs?.() ?? []))
  process.stderr.write('Setting up Assay (needed once, and after an update)\n')
  const release = await takeLock(join(root, '.cache', 'setup.lock'), (pid) =>
    process.stderr.write(`  Process ${pid} is setting up this folder; waiting for it.\n`)
  )
  try {
    for (const [index, step] of steps.entries()) {
      if (!step.isDone()) await runStep(step, `[${index + 1}/${steps.length}] ${step.title}`)
    }
  } finally {
    release()
  }
}

/**
 * What is to be done: the first step that is not, and all after it, since they build on it.
 *
 * @param {string} root of the clone
 */
export function staleSteps(root, steps = listSteps(root)) {
  const first = steps.findIndex((step) => !step.isDone())
  return first < 0 ? [] : steps.slice(first)
}

/**
 * @param {Step} step
 * @param {string} title
 */
async function runStep(step, title) {
  const report = beginStep(title)
  try {
    report.end(await step.work(report.tell))
  } catch (error) {
    report.fail()
    throw error
  }
}

/**
 * @param {string} root
 * @returns {Step[]} in the order in which each needs those before it
 */
function listSteps(root) {
  const folder = tensorflowPackage(root)
  const headers = join(root, 'node_modules', 'node-api-headers', 'include')
  const cache = cacheFolder()
  const flavour = chooseFlavour(laidFlavour(folder))
  const laying = { flavour, ...PINS[flavour] }
  const { wheels, laidBytes } = laying
  const absent = () => missingWheels(wheels, cache)
  const total = formatSize(sumBytes(wheels))
  return [
    {
      title: 'Packages',
      tools: ['npm', 'tar'],
      isDone: () => arePackagesCurrent(root),
      work: (tell) => installPackages(root, tell)
    },
    {
      title: `TensorFlow's libraries (${flavour}, ${total} of wheels)`,
      tools: absent().length > 0 ? ['python', 'pip'] : ['python'],
      isDone: () => areLibrariesCurrent(folder, laying),
      needs: () => [
        { folder: join(cache, 'wheels'), bytes: sumBytes(absent()), purpose: 'wheels' },
        { folder, bytes: laidBytes, purpose: 'libraries' }
      ],
      work: (tell) => layLibraries(folder, laying, cache, tell)
    },
    {
      title: 'TensorFlow addon',
      tools: ['compiler'],
      isDone: () => isAddonCurrent(folder, headers),
      work: () => compileAddon(folder, headers)
    },
    {
      title: 'TensorFlow check',
      tools: [],
      isDone: () => isChecked(folder),
      work: () => checkTensorflow(folder)
    },
    { title: 'Build', tools: [], isDone: () => isBuildCurrent(root), work: () => build(root) }
  ]
}

/** @param {import('./pins.mjs').Wheel[]} wheels */
function sumBytes(wheels) {
  return wheels.reduce((sum, wheel) => sum + wheel.bytes, 0)
}

function requireSystem() {
  if (process.platform === 'linux' && process.arch === 'x64' && hasGlibc()) return
  throw new SetupFailure(
    `Assay's set-up knows Linux with glibc on x86-64 (Debian, Ubuntu, Fedora …), and this is ${process.platform} on ${process.arch}. Use such a machine, or a container of one.`
  )
}

/** TensorFlow's wheels want glibc 2.27 or newer. */
function hasGlibc() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  )
  const [major = 0, minor = 0] = (report.header.glibcVersionRuntime ?? '0.0').split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 27)
}
