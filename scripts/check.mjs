/** `npm run check`: what can be told without running the program, in under a minute. */
import { fileURLToPath } from 'node:url'
import { reportChecks } from './test/checks.mjs'

const counts = await reportChecks(fileURLToPath(new URL('..', import.meta.url)))
process.exitCode = counts.failed > 0 ? 1 : 0
