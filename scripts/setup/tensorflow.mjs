/**
 * Steps 2 to 4: the native half of @tensorflow/tfjs-node-gpu.
 *
 * The package's own installer would fetch TensorFlow 2.9.1 for CUDA 11.2. Here libraries and
 * headers come out of pinned TensorFlow 2.21.0 wheels, and the package's N-API addon is compiled
 * against them. N-API is stable across Node versions, so one addon serves 20, 22 and 24.
 */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupFailure } from './failure.mjs'
import { formatSize } from './progress.mjs'
import { mustRun, runProgram } from './run.mjs'
import { readStamp, stampSays, writeStamp } from './stamp.mjs'
import { fetchWheels, wheelPath } from './wheels.mjs'

/** Raised when what these steps lay changes: every clone then does them again. */
const LAYOUT = 1

/** @param {string} root of the clone */
export function tensorflowPackage(root) {
  return join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu')
}

/**
 * @typedef {object} Laying what is laid: a flavour of PINS
 * @property {import('./pins.mjs').Flavour} flavour
 * @property {import('./pins.mjs').Wheel[]} wheels
 * @property {number} laidBytes
 */

/** @param {Laying} laying */
function librariesStamp({ flavour, wheels }) {
  return { layout: LAYOUT, flavour, wheels: wheels.map((wheel) => wheel.sha256) }
}

/**
 * @param {string} folder the package
 * @param {Laying} laying
 */
export function areLibrariesCurrent(folder, laying) {
  return stampSays(join(folder, 'deps', 'laid.json'), librariesStamp(laying))
}

/**
 * @param {string} folder the package
 * @returns {import('./pins.mjs').Flavour | null} the flavour that is laid, if one is
 */
export function laidFlavour(folder) {
  const flavour = readStamp(join(folder, 'deps', 'laid.json'))?.['flavour']
  return flavour === 'cpu' || flavour === 'gpu' ? flavour : null
}

/**
 * Lays libraries and headers below `deps`: unpacked aside, stamped, then renamed, so that `deps`
 * is whole or absent.
 *
 * @param {string} folder the package
 * @param {Laying} laying
 * @param {string} cache
 * @param {(text: string) => void} tell
 */
export async function layLibraries(folder, laying, cache, tell) {
  const { flavour, wheels, laidBytes } = laying
  await fetchWheels(wheels, cache, tell)
  for (const name of readdirSync(folder)) {
    if (name.startsWith('deps')) rmSync(join(folder, name), { recursive: true, force: true })
  }
  const draft = join(folder, `deps.draft-${process.pid}`)
  let written = 0
  for (const wheel of wheels) {
    let last = 0
    await mustRun(
      `Unpacking ${wheel.file}`,
      'Run the same command again.',
      'python3',
      [fileURLToPath(new URL('unpack.py', import.meta.url)), wheelPath(wheel, cache), draft],
      {
        onLine: (line) => {
          last = Number(line)
          tell(`unpacking ${wheel.name}, ${formatSize(written + last)} of ${formatSize(laidBytes)}`)
        }
      }
    )
    written += last
  }
  writeStamp(join(draft, 'laid.json'), librariesStamp(laying))
  renameSync(draft, join(folder, 'deps'))
  return `TensorFlow ${wheels[0]?.version} (${flavour}), ${formatSize(written)}`
}

/** @param {string} folder the package */
function addonPath(folder) {
  return join(folder, 'lib', 'napi-v8', 'tfjs_binding.node')
}

/**
 * What the addon was made from: its sources, the compiler's flags, the libraries it links.
 *
 * @param {string} folder the package
 * @param {string} headers of N-API
 */
function addonStamp(folder, headers) {
  const hash = createHash('sha256').update(compilerArguments('', '', '').join(' '))
  const binding = join(folder, 'binding')
  for (const name of readdirSync(binding).sort()) hash.update(readFileSync(join(binding, name)))
  hash.update(readFileSync(join(headers, 'node_api.h')))
  return { sources: hash.digest('hex'), libraries: readStamp(join(folder, 'deps', 'laid.json')) }
}

/**
 * @param {string} folder the package
 * @param {string} headers of N-API
 */
export function isAddonCurrent(folder, headers) {
  return (
    existsSync(addonPath(folder)) &&
    existsSync(headers) &&
    stampSays(`${addonPath(folder)}.json`, addonStamp(folder, headers))
  )
}

/**
 * Compiles the addon beside its place and renames it there.
 *
 * @param {string} folder the package
 * @param {string} headers of N-API
 */
export async function compileAddon(folder, headers) {
  const target = addonPath(folder)
  rmSync(`${target}.json`, { force: true })
  mkdirSync(join(folder, 'lib', 'napi-v8'), { recursive: true })
  const draft = `${target}.draft-${process.pid}`
  try {
    await mustRun(
      'Compiling the TensorFlow addon (g++)',
      'g++ 9 or newer is needed: apt-get install g++',
      'g++',
      compilerArguments(folder, headers, draft)
    )
    renameSync(draft, target)
  } finally {
    rmSync(draft, { force: true })
  }
  writeStamp(`${target}.json`, addonStamp(folder, headers))
  return `${Math.round(statSync(target).size / 1000)} kB`
}

/**
 * @param {string} folder
 * @param {string} headers
 * @param {string} target
 */
function compilerArguments(folder, headers, target) {
  // prettier-ignore
  return [
    '-O2', '-fPIC', '-shared', '-std=c++17', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION',
    `-I${join(folder, '..')}`, `-I${folder}`, `-I${join(folder, 'deps', 'include')}`, `-I${headers}`,
    join(folder, 'binding', 'tfjs_backend.cc'), join(folder, 'binding', 'tfjs_binding.cc'),
    '-o', target,
    `-L${join(folder, 'deps', 'lib')}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2',
    // Seen from lib/napi-v8, where the addon lies.
    '-Wl,-rpath,$ORIGIN/../../deps/lib'
  ]
}

/** @param {string} folder the package */
function checkedStamp(folder) {
  return {
    addon: readStamp(`${addonPath(folder)}.json`),
    node: process.versions.node.split('.')[0]
  }
}

/** @param {string} folder the package */
export function isChecked(folder) {
  return stampSays(join(folder, 'checked.json'), checkedStamp(folder))
}

/**
 * Computes a sum and a matrix product in a process of its own, so that a crash in native code
 * ends that process and not this one.
 *
 * @param {string} folder the package
 */
export async function checkTensorflow(folder) {
  rmSync(join(folder, 'checked.json'), { force: true })
  const script = fileURLToPath(new URL('smoke.cjs', import.meta.url))
  const environment = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' }
  const result = await runProgram(process.execPath, [script, folder], { environment })
  if (result.signal === 'SIGILL') {
    throw new SetupFailure(
      'TensorFlow needs a processor with AVX instructions, and this one lacks them (SIGILL). Use another machine.'
    )
  }
  if (result.status !== 0) {
    throw new SetupFailure(
      `TensorFlow was laid but does not compute (${result.signal ?? `status ${result.status}`}):\n` +
        `${result.output.trimEnd().split('\n').slice(-15).join('\n')}\n` +
        `Delete ${folder} and run the same command again; if it stays so, please report it.`
    )
  }
  writeStamp(join(folder, 'checked.json'), checkedStamp(folder))
  return result.stdout.trim()
}
