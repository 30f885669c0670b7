/** Runs the programs that the set-up needs, and finds them. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SetupFailure } from './failure.mjs'

/**
 * The full path of a program, or null where the PATH has none.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} environment
 */
export function findProgram(name, environment = process.env) {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    if (!folder) continue
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder; the next may have it.
    }
  }
  return null
}

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, environment?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} options
 * @returns {Promise<{ status: number | null, signal: NodeJS.Signals | null, output: string, stdout: string }>}
 *   `output` is standard output and error as they came
 */
export function runProgram(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    let output = ''
    let stdout = ''
    let line = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      stdout += text
      line += text
      const lines = line.split('\n')
      line = lines.pop() ?? ''
      if (options.onLine) lines.forEach(options.onLine)
    })
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ status, signal, output, stdout }))
  })
}

/**
 * Like {@link runProgram}, and anything but success fails the set-up.
 *
 * @param {string} what the work, for the message: "npm ci"
 * @param {string} advice what the user may do about it
 * @param {Parameters<typeof runProgram>} call
 */
export async function mustRun(what, advice, ...call) {
  const result = await runProgram(...call)
  if (result.status === 0) return result
  const end = result.output
    .replaceAll(/\x1b\[[\d;]*m/g, '')
    .trimEnd()
    .split('\n')
    .slice(-15)
    .join('\n')
  const how = result.signal ? `was ended by ${result.signal}` : `ended with status ${result.status}`
  throw new SetupFailure(`${what} ${how}. Its last words:\n${end}\n${advice}`)
}
