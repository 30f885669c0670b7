/**
 * `npm run test:gpu-setup`: lays the GPU flavour of TensorFlow in a folder of its own and checks it.
 *
 * Not part of npm test: 3.3 GB of wheels and 5.6 GB of libraries. Without a GPU it ends at "every
 * library resolves, no device"; with one it also computes there.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireDisk } from './setup/disk.mjs'
import { PINS } from './setup/pins.mjs'
import { beginStep } from './setup/progress.mjs'
import {
  checkTensorflow,
  compileAddon,
  layLibraries,
  tensorflowPackage
} from './setup/tensorflow.mjs'
import { cacheFolder, missingWheels } from './setup/wheels.mjs'

/** What TensorFlow 2.21 opens by name once it finds a driver; libcuda.so.1 is the driver's own. */
const OPENED_BY_NAME = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcufft.so.11',
  'libcusolver.so.11',
  'libcusparse.so.12',
  'libcudnn.so.9',
  'libnccl.so.2',
  'libcupti.so.12'
]

const root = fileURLToPath(new URL('..', import.meta.url))
const parent = mkdtempSync(join(process.env['TMPDIR'] ?? tmpdir(), 'assay-gpu-'))
const folder = join(parent, 'node_modules', '@tensorflow', 'tfjs-node-gpu')
process.on('exit', () => rmSync(parent, { recursive: true, force: true }))

const failures = [...(await lay()), ...unresolvedLibraries(), ...namesNotFound()]
for (const failure of failures) console.log(`FAILED ${failure}`)
if (failures.length === 0) console.log('Every library resolves.')
console.log(spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8' }).stdout?.trim() || 'No device.')
process.exitCode = failures.length > 0 ? 1 : 0

/** Copies the package without what is laid in it, and sets it up as a GPU machine would. */
async function lay() {
  const cache = cacheFolder()
  const { wheels, laidBytes } = PINS.gpu
  const download = missingWheels(wheels, cache).reduce((sum, wheel) => sum + wheel.bytes, 0)
  requireDisk([
    { folder: join(cache, 'wheels'), bytes: download, purpose: 'wheels' },
    { folder: parent, bytes: laidBytes, purpose: 'libraries' }
  ])
  const source = tensorflowPackage(root)
  cpSync(source, folder, {
    recursive: true,
    filter: (path) => !['deps', 'lib'].some((name) => path === join(source, name))
  })
  // The copy finds the packages it needs where the original does.
  process.env['NODE_PATH'] = join(root, 'node_modules')
  const headers = join(root, 'node_modules', 'node-api-headers', 'include')
  const report = beginStep('GPU flavour')
  await layLibraries(folder, { flavour: 'gpu', ...PINS.gpu }, cache, report.tell)
  report.tell('compiling')
  await compileAddon(folder, headers)
  report.tell('checking')
  report.end(await checkTensorflow(folder))
  return []
}

/** Asks the dynamic linker for every laid library, and lists what it does not find. */
function unresolvedLibraries() {
  const libraries = readdirSync(join(folder, 'deps'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.so(\.|$)/.test(name))
    .map((name) => join(folder, 'deps', name))
  if (libraries.length < 20) return [`only ${libraries.length} libraries were laid`]
  return libraries.flatMap((library) => {
    const answer = spawnSync('ldd', [library], { encoding: 'utf8' })
    return answer.stdout
      .split('\n')
      .filter((line) => line.includes('not found') && !line.includes('libcuda.so.1'))
      .map((line) => `${basename(library)}: ${line.trim()}`)
  })
}

/** Looks for the libraries opened by name where TensorFlow's own search path leads. */
function namesNotFound() {
  const folders = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].flatMap((name) => {
    const library = join(folder, 'deps', 'lib', name)
    const { stdout } = spawnSync('readelf', ['-d', library], { encoding: 'utf8' })
    const path = /Library runpath: \[(.*)\]/.exec(stdout)?.[1] ?? ''
    return path.split(':').map((one) => resolve(one.replace('$ORIGIN', dirname(library))))
  })
  const found = new Set(
    [...new Set(folders)].flatMap((one) => {
      try {
        return readdirSync(one)
      } catch {
        // The path names folders of other layouts too.
        return []
      }
    })
  )
  return OPENED_BY_NAME.filter((name) => !found.has(name)).map(
    (name) => `${name} is not on TensorFlow's search path`
  )
}
