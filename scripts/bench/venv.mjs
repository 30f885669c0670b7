/** A Python of its own for the peers that Assay is measured against. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupFailure } from '../setup/failure.mjs'
import { beginStep } from '../setup/progress.mjs'
import { findProgram, mustRun } from '../setup/run.mjs'

/** What is installed, exactly. */
const PACKAGES = ['torch==2.13.0', 'numpy==2.4.6']
const MERGEKIT = ['mergekit==0.1.5', 'torch==2.14.1', 'transformers==5.24.0']

/**
 * A Python with PyTorch and NumPy.
 *
 * @param {string} root of the clone
 * @returns {Promise<string>} its python
 * @throws SetupFailure
 */
export function peerPython(root) {
  return environment(join(root, '.cache', 'bench-venv'), PACKAGES)
}

/**
 * mergekit, in an environment of its own: it wants other versions.
 *
 * @param {string} root of the clone
 * @returns {Promise<string>} the program `mergekit-yaml`
 * @throws SetupFailure
 */
export async function mergekitProgram(root) {
  const folder = join(root, '.cache', 'mergekit-venv')
  await environment(folder, MERGEKIT)
  return join(folder, 'bin', 'mergekit-yaml')
}

/**
 * Makes a virtual environment, or finds the one made before.
 *
 * @param {string} folder
 * @param {string[]} packages
 * @returns {Promise<string>} its python
 */
async function environment(folder, packages) {
  const python = join(folder, 'bin', 'python')
  const stamp = join(folder, 'packages.txt')
  const wanted = packages.join('\n')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python
  if (!findProgram('python3')) {
    throw new SetupFailure(
      'Missing: Python 3, which runs its peers beside Assay.\nInstall with: apt-get install -y python3 python3-venv python3-pip'
    )
  }
  const step = beginStep(`Peers for comparison (${packages.join(', ')})`)
  try {
    rmSync(folder, { recursive: true, force: true })
    const advice = 'Install python3-venv (apt-get install -y python3-venv), or see pip above.'
    await mustRun('python3 -m venv', advice, 'python3', ['-m', 'venv', folder])
    await mustRun('pip install', advice, python, ['-m', 'pip', 'install', '--quiet', ...packages])
    writeFileSync(stamp, wanted)
    step.end('installed')
    return python
  } catch (error) {
    step.fail()
    throw error
  }
}
