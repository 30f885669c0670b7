/** Evidence and search beside NumPy: ensemble scores, the bootstrap of correlations, all subsets. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { mustRun } from '../setup/run.mjs'

/**
 * @typedef {object} Found
 * @property {number} [mixturesPerSecond]
 * @property {number} [subsetTokensPerSecond]
 * @property {number} [elapsedSeconds]
 * @property {number} peakBytes
 * @property {string} [shape]
 * @property {string} [numpy]
 */

const ADVICE = 'Run it by itself to see more.'
const KINDS = /** @type {const} */ (['ensemble', 'bootstrap', 'search'])

/** Repetitions in a round: the long ones are few. */
const REPETITIONS = { ensemble: '50', bootstrap: '2', search: '1' }

/**
 * Measures in rounds, each side in a process of its own, one beside the other.
 *
 * @param {string} root of the clone
 * @param {string} python with NumPy
 * @param {number} rounds
 * @returns {Promise<string>} the table of docs/benchmarks.md
 */
export async function evidenceTable(root, python, rounds) {
  /** @type {Record<string, { ours: Found[], peer: Found[] }>} */
  const found = {}
  for (let round = 1; round <= rounds; round++) {
    for (const kind of KINDS) {
      const more = ['--repetitions', REPETITIONS[kind]]
      const own = [join(root, 'bin', 'assay.mjs'), 'bench', kind, '--json', ...more]
      const peer = [join(root, 'scripts', 'bench', 'evidencePeer.py'), kind, ...more]
      const both = (found[kind] ??= { ours: [], peer: [] })
      both.ours.push(await lastLine(`assay bench ${kind}`, process.execPath, own))
      both.peer.push(await lastLine(`evidencePeer.py ${kind}`, python, peer))
      console.error(`round ${round} of ${rounds}, ${kind}`)
    }
  }
  return tableOf(found)
}

/**
 * @param {string} what
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<Found>}
 */
async function lastLine(what, program, args) {
  const { stdout } = await mustRun(what, ADVICE, program, args)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

/** @param {Record<string, { ours: Found[], peer: Found[] }>} found */
function tableOf(found) {
  const row = (/** @type {string[]} */ ...cells) => `| ${cells.join(' | ')} |`
  const { numpy } = found['ensemble']?.peer[0] ?? {}
  const line = (
    /** @type {string} */ kind,
    /** @type {string} */ what,
    /** @type {(one: Found) => number} */ rateOf,
    /** @type {(rate: number) => string} */ words,
    /** @type {string} */ peer,
    /** @type {string} */ aim
  ) => {
    const both = found[kind] ?? { ours: [], peer: [] }
    const best = (/** @type {Found[]} */ list) => Math.max(...list.map(rateOf))
    const each = both.ours.map((one, i) => rateOf(one) / rateOf(both.peer[i] ?? one))
    const range = `${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`
    return row(
      `${what}: ${both.ours[0]?.shape}`,
      words(best(both.ours)),
      `${peer}: ${words(best(both.peer))}`,
      `${(best(both.ours) / best(both.peer)).toFixed(2)} (rounds ${range})`,
      aim
    )
  }
  const seconds = (/** @type {number} */ rate) => `${(1 / rate).toFixed(2)} s`
  const mixtures = (/** @type {number} */ rate) => `${Math.round(rate)} mixtures/s`
  const pairs = 2 ** 16 * 50_000
  return [
    `${cpus()[0]?.model.trim()}, one thread; Node ${process.versions.node}; NumPy ${numpy}; ${found['ensemble']?.ours.length} rounds; ${new Date().toISOString().slice(0, 10)}.`,
    '',
    row('what', 'Assay', 'peer', 'ratio', 'to reach'),
    row('---', '---', '---', '---', '---'),
    // prettier-ignore
    ...[
      line('ensemble', 'a mixture scored', (one) => one.mixturesPerSecond ?? NaN, mixtures, 'NumPy', '100 mixtures/s'),
      line('bootstrap', 'bootstrap', (one) => 1 / (one.elapsedSeconds ?? NaN), seconds, 'NumPy, without τ', 'under 2 s'),
      line('search', 'search', (one) => (one.subsetTokensPerSecond ?? NaN) / pairs, seconds, 'NumPy, on 2,048 tokens and scaled', '–')
    ]
  ].join('\n')
}
