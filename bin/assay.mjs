#!/usr/bin/env node
// Sets Assay up where needed, then runs its command line. Old syntax: see scripts/setup/node.mjs.
import { nodeProblem } from '../scripts/setup/node.mjs'

var problem = nodeProblem(process.versions.node)
if (problem) {
  process.stderr.write(problem + '\n')
  process.exitCode = 1
} else {
  import('../scripts/start.mjs').then(function (module) {
    return module.start()
  })
}
