/** The checks that need no test runner: types, habits, import rules, format, unused code. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../setup/run.mjs'

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string[]} command a script below node_modules, and its arguments
 */

/**
 * @param {string} root
 * @returns {Check[]}
 */
export function listChecks(root) {
  const projects = readdirSync(root).filter((name) =>
    /^tsconfig\.(?!base|renderer).*\.json$/.test(name)
  )
  return [
    ...projects.map((project) => ({
      name: `types (${project})`,
      command: ['typescript/bin/tsc', '-p', project, '--pretty', 'false']
    })),
    {
      name: 'components (svelte-check)',
      command: [
        'svelte-check/bin/svelte-check',
        '--tsconfig',
        'tsconfig.renderer.json',
        '--fail-on-warnings'
      ]
    },
    { name: 'habits (eslint)', command: ['eslint/bin/eslint.js', '.'] },
    {
      name: 'import rules (dependency-cruiser)',
      command: [
        'dependency-cruiser/bin/dependency-cruise.mjs',
        '--config',
        '.dependency-cruiser.mjs',
        'src'
      ]
    },
    { name: 'format (prettier)', command: ['prettier/bin/prettier.cjs', '--check', '.'] },
    { name: 'unused code (knip)', command: ['knip/bin/knip.js', '--no-progress'] }
  ]
}

/**
 * Runs all checks, two at a time, and tells of each as it ends.
 *
 * @param {string} root
 * @param {(check: Check, passed: boolean, seconds: number, output: string) => void} onResult
 */
export async function runChecks(root, onResult) {
  const waiting = listChecks(root)
  const lane = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const begun = Date.now()
      const [script = '', ...args] = check.command
      const result = await runProgram(
        process.execPath,
        [join(root, 'node_modules', script), ...args],
        {
          cwd: root,
          environment: { ...process.env, NO_COLOR: '1' }
        }
      )
      onResult(check, result.status === 0, (Date.now() - begun) / 1000, result.output)
    }
  }
  await Promise.all([lane(), lane()])
}

/**
 * Runs all checks, prints a line for each and what the failed ones said.
 *
 * @param {string} root
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function reportChecks(root) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  await runChecks(root, (check, passed, seconds, output) => {
    counts[passed ? 'passed' : 'failed']++
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${check.name} (${seconds.toFixed(1)} s)`)
    if (!passed) console.log(output.trimEnd().replaceAll(/^/gm, '       '))
  })
  return counts
}
