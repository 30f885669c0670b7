/** Runs the tests of tests/ and counts what came of them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A skip is honest when the test's name says that it wants a GPU; no other is.
 *
 * @param {string} fullName
 */
const wantsGpu = (fullName) => /\bGPU\b/.test(fullName)

/**
 * Counts a report of vitest's.
 *
 * A file that fails before its first test is one failure: it counts nowhere else.
 *
 * @param {{ testResults: { name: string, status: string, message?: string,
 *   assertionResults: { fullName: string, status: string }[] }[] }} report
 * @param {boolean} requireAll a skip is a failure, but for a GPU
 */
export function countReport(report, requireAll) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  /** @type {string[]} */
  const forbiddenSkips = []
  for (const file of report.testResults) {
    const tests = file.assertionResults
    if (file.status === 'failed' && !tests.some((test) => test.status === 'failed')) counts.failed++
    for (const test of tests) {
      if (test.status === 'passed') counts.passed++
      else if (test.status === 'failed') counts.failed++
      else if (requireAll && !wantsGpu(test.fullName)) {
        counts.failed++
        forbiddenSkips.push(`${file.name}: ${test.fullName}`)
      } else counts.skipped++
    }
  }
  return { counts, forbiddenSkips }
}

/**
 * @param {string} root
 * @param {boolean} requireAll
 * @param {string[]} filters of vitest; none runs everything
 */
export function runVitest(root, requireAll, filters) {
  const folder = join(root, '.cache')
  const file = join(folder, `vitest-${process.pid}.json`)
  mkdirSync(folder, { recursive: true })
  // prettier-ignore
  const args = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...filters,
    '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const environment = {
    ...process.env,
    TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '2'
  }
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    env: environment,
    stdio: 'inherit'
  })
  try {
    const { counts, forbiddenSkips } = countReport(
      JSON.parse(readFileSync(file, 'utf8')),
      requireAll
    )
    for (const name of forbiddenSkips)
      console.log(`FAILED a skip that is not for want of a GPU: ${name}`)
    // Failing without a failed test is an error outside of any: an unhandled rejection, say.
    if (result.status !== 0 && counts.failed === 0) counts.failed++
    return counts
  } catch (error) {
    console.log(`FAILED vitest ended without a report (status ${result.status}): ${error}`)
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(file, { force: true })
  }
}
