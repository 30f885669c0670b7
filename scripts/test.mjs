/**
 * `npm test`: sets everything up, checks, tests, and closes with one line that sums it all.
 *
 * Arguments are vitest's filters: `npm test -- tests/unit` leaves the checks out. With
 * `ASSAY_REQUIRE=all` a skipped test is a failure, but for one that wants a GPU.
 */
import { nodeProblem } from './setup/node.mjs'

const problem = nodeProblem(process.versions.node)
if (problem) {
  process.stderr.write(problem + '\n')
  process.exitCode = 1
} else {
  import('./test/all.mjs').then(function (module) {
    return module.testAll(process.argv.slice(2))
  })
}
