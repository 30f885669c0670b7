/** The programs that the set-up or the tests need, and what to say when one is missing. */
import { spawnSync } from 'node:child_process'
import { SetupFailure } from './failure.mjs'
import { findProgram } from './run.mjs'

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} purpose
 * @property {string} debianPackage
 * @property {(environment: NodeJS.ProcessEnv) => boolean} isThere
 */

/** @type {Record<'npm' | 'tar' | 'python' | 'pip' | 'compiler' | 'browser', Tool>} */
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
  }
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
  const packages = missing.map((tool) => tool.debianPackage)
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
