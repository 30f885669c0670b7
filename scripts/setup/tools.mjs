/** The programs that the set-up or the tests need, and what to say when one is missing. */
import { spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'
import { SetupFailure } from './failure.mjs'
import { findProgram } from './run.mjs'

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} purpose
 * @property {string} debianPackage or several, with spaces between
 * @property {boolean} [mayLack] true where tests are skipped without it
 * @property {(environment: NodeJS.ProcessEnv) => boolean} isThere
 */

const DESKTOP_LIBRARIES = ['libgtk-3.so.0', 'libnss3.so', 'libgbm.so.1', 'libasound.so.2']

/** What the system's loader finds, as it lists it. */
function knownLibraries() {
  const programs = ['/sbin/ldconfig', 'ldconfig']
  for (const program of programs) {
    const { status, stdout } = spawnSync(program, ['-p'], { encoding: 'utf8' })
    if (status === 0) return stdout
  }
  return ''
}

/** @type {Record<'npm' | 'tar' | 'python' | 'pip' | 'compiler' | 'browser' | 'display' | 'desktop' | 'cluster' | 'remote', Tool>} */
export const TOOLS = {
  npm: {
    name: 'npm',
    purpose: 'installs the packages of package-lock.json',
    debianPackage: 'npm',
    isThere: (environment) => findProgram('npm', environment) !== null
  },
  tar: {
    name: 'tar',
    purpose: "unpacks the demo's texts",
    debianPackage: 'tar',
    isThere: (environment) => findProgram('tar', environment) !== null
  },
  python: {
    name: 'Python 3 (python3)',
    purpose: 'unpacks the TensorFlow wheel',
    debianPackage: 'python3',
    isThere: (environment) => findProgram('python3', environment) !== null
  },
  pip: {
    name: 'pip (python3 -m pip)',
    purpose: 'downloads the TensorFlow wheel',
    debianPackage: 'python3-pip',
    isThere: (environment) =>
      spawnSync('python3', ['-m', 'pip', '--version'], { env: environment }).status === 0
  },
  compiler: {
    name: 'the C++ compiler g++',
    purpose: 'compiles the link between Node and TensorFlow',
    debianPackage: 'g++',
    isThere: (environment) => findProgram('g++', environment) !== null
  },
  browser: {
    name: 'Chromium (chromium)',
    purpose: 'shows the window in the tests',
    debianPackage: 'chromium',
    isThere: (environment) => findProgram('chromium', environment) !== null
  },
  display: {
    name: 'a display without a screen (Xvfb)',
    purpose: 'shows the desktop application in the tests',
    debianPackage: 'xvfb',
    isThere: (environment) => findProgram('Xvfb', environment) !== null
  },
  desktop: {
    name: "Electron's system libraries (GTK 3, NSS, GBM, ALSA)",
    purpose: 'are what the desktop application of the tests links against',
    debianPackage: 'libgtk-3-0 libnss3 libgbm1 libasound2',
    isThere: () => DESKTOP_LIBRARIES.every((name) => knownLibraries().includes(name))
  },
  cluster: {
    name: 'Slurm (munged, slurmctld, slurmd, sbatch)',
    purpose: 'is the cluster that the tests start on loopback',
    debianPackage: 'munge slurmctld slurmd slurm-client',
    mayLack: true,
    isThere: (environment) =>
      ['munged', 'slurmctld', 'slurmd', 'sbatch'].every((name) =>
        isSystemProgram(name, environment)
      )
  },
  remote: {
    name: 'an SSH server and rsync (sshd, ssh, rsync)',
    purpose: 'reach that cluster from outside in the tests',
    debianPackage: 'openssh-server openssh-client rsync',
    mayLack: true,
    isThere: (environment) =>
      ['sshd', 'ssh', 'rsync'].every((name) => isSystemProgram(name, environment))
  }
}

/**
 * True for a program of the search path, or of where daemons are.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} environment
 */
function isSystemProgram(name, environment) {
  const path = [environment['PATH'], '/usr/sbin', '/sbin'].join(delimiter)
  return findProgram(name, { ...environment, PATH: path }) !== null
}

/** @typedef {keyof typeof TOOLS} ToolName */

/**
 * Which of these tools this machine lacks.
 *
 * @param {Iterable<ToolName>} names
 * @param {NodeJS.ProcessEnv} environment
 */
export function missingTools(names, environment = process.env) {
  return [...new Set(names)].map((name) => TOOLS[name]).filter((tool) => !tool.isThere(environment))
}

/**
 * Says what is missing, what it is for, and the one command that brings it.
 *
 * @param {Tool[]} missing
 */
export function missingToolsMessage(missing) {
  const lines = missing.map((tool) => `Missing: ${tool.name}, which ${tool.purpose}.`)
  return `${lines.join('\n')}\nInstall with: ${installCommand(missing).join(' ')}`
}

/**
 * @param {Tool[]} missing
 * @returns {string[]} the command for Debian and Ubuntu
 */
export function installCommand(missing) {
  const packages = missing.flatMap((tool) => tool.debianPackage.split(' '))
  const command = ['apt-get', 'install', '-y', ...packages]
  return process.getuid?.() === 0 ? command : ['sudo', ...command]
}

/**
 * @param {Iterable<ToolName>} names
 * @param {NodeJS.ProcessEnv} environment
 */
export function requireTools(names, environment = process.env) {
  const missing = missingTools(names, environment)
  if (missing.length > 0) throw new SetupFailure(missingToolsMessage(missing))
}
