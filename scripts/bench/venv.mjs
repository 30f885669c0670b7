/** A Python of its own for the peers that Assay is measured against. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupFailure } from '../setup/failure.mjs'
import { beginStep } from '../setup/progress.mjs'
import { findProgram, mustRun } from '../setup/run.mjs'

/** What is installed, exactly. */
const PACKAGES = ['torch==2.13.0', 'numpy==2.4.6']

/**
 * Makes the virtual environment, or finds the one made before.
 *
 * @param {string} root of the clone
 * @returns {Promise<string>} its python
 * @throws SetupFailure
 */
export async function peerPython(root) {
  const folder = join(root, '.cache', 'bench-venv')
  const python = join(folder, 'bin', 'python')
  const stamp = join(folder, 'packages.txt')
  const wanted = PACKAGES.join('\n')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python
  if (!findProgram('python3')) {
    throw new SetupFailure(
      'Missing: Python 3, which runs PyTorch beside Assay.\nInstall with: apt-get install -y python3 python3-venv python3-pip'
    )
  }
  const step = beginStep(`PyTorch for comparison (${PACKAGES.join(', ')})`)
  try {
    rmSync(folder, { recursive: true, force: true })
    const advice = 'Install python3-venv (apt-get install -y python3-venv), or see pip above.'
    await mustRun('python3 -m venv', advice, 'python3', ['-m', 'venv', folder])
    await mustRun('pip install', advice, python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES])
    writeFileSync(stamp, wanted)
    step.end('installed')
    return python
  } catch (error) {
    step.fail()
    throw error
  }
}
