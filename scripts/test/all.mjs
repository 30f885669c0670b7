/** All runners, one after the other, and their sum. */
import { fileURLToPath } from 'node:url'
import { SetupFailure } from '../setup/failure.mjs'
import { setUp } from '../setup/index.mjs'
import { reportChecks } from './checks.mjs'
import { installDebianPackages } from './debian.mjs'
import { runVitest } from './vitest.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** @param {string[]} filters of vitest; none runs everything */
export async function testAll(filters) {
  try {
    installDebianPackages()
    await setUp(root)
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error
    console.log(`FAILED set-up\n${error.message}`)
    return close([{ passed: 0, failed: 1, skipped: 0 }])
  }
  const runs = []
  if (filters.length === 0) runs.push(await reportChecks(root))
  runs.push(runVitest(root, process.env['ASSAY_REQUIRE'] === 'all', filters))
  close(runs)
}

/** @param {{ passed: number, failed: number, skipped: number }[]} runs */
function close(runs) {
  const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) =>
    runs.reduce((total, run) => total + run[key], 0)
  // Nothing tested is nothing shown.
  process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
}
