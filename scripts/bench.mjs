/**
 * `npm run bench`: Assay's rates beside PyTorch's, and the window's own speed, in one run.
 *
 * Rounds alternate between Assay and its peers, each in a process of its own, since what else the
 * machine does comes and goes; a rate is the best of all steps of all rounds. Prints the tables of
 * docs/benchmarks.md, and with `--write` puts them there.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { evidenceTable } from './bench/evidence.mjs'
import { executorsTable } from './bench/executors.mjs'
import { mergingTable } from './bench/merging.mjs'
import { mergekitProgram, peerPython } from './bench/venv.mjs'
import { SetupFailure } from './setup/failure.mjs'
import { setUp } from './setup/index.mjs'
import { mustRun } from './setup/run.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {object} Rate
 * @property {number} [tokensPerSecond]
 * @property {number} [bytesPerSecond]
 * @property {number} [copyBytesPerSecond]
 * @property {number} [aloneBytesPerSecond]
 * @property {number} peakBytes
 * @property {number} threads
 * @property {string} [shape]
 * @property {string} [torch]
 */

const ADVICE = 'Run it by itself to see more.'

/**
 * @param {string} what
 * @param {string[]} more
 * @returns {Promise<Rate>}
 */
async function ours(what, more = []) {
  const args = [join(root, 'bin', 'assay.mjs'), 'bench', what, '--json', ...more]
  const { stdout } = await mustRun(`assay bench ${what}`, ADVICE, process.execPath, args)
  return JSON.parse(stdout)
}

/**
 * @param {string} python
 * @param {string} what
 * @param {string[]} more
 * @returns {Promise<Rate>}
 */
async function torch(python, what, more = []) {
  const args = [join(root, 'scripts', 'bench', 'peer.py'), what, ...more]
  const { stdout } = await mustRun(`peer.py ${what}`, ADVICE, python, args)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

/** What is measured in each round, in this order: a peer stands beside what it is compared with. */
const CONTESTS = /** @type {const} */ (['train', 'eager', 'compiled', 'campaign', 'eval', 'noGrad'])

/**
 * @param {string} python
 * @param {string} seconds
 * @returns {Record<typeof CONTESTS[number], () => Promise<Rate>>}
 */
function contestants(python, seconds) {
  const time = ['--seconds', seconds]
  return {
    train: () => ours('train', time),
    eager: () => torch(python, 'train', time),
    compiled: () => torch(python, 'train', [...time, '--compile']),
    campaign: () => ours('campaign', time),
    eval: () => ours('eval', time),
    noGrad: () => torch(python, 'eval', time)
  }
}

/** @param {number} value */
const thousands = (value) => Math.round(value).toLocaleString('en-US')
/** @param {number} value */
const gigabytes = (value) => `${(value / 1e9).toFixed(1)} GB`

/**
 * @param {string} python
 * @param {number} rounds
 * @param {string} seconds
 */
async function measureAll(python, rounds, seconds) {
  const run = contestants(python, seconds)
  /** @type {Record<string, Rate[]>} */
  const found = Object.fromEntries(CONTESTS.map((name) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const name of CONTESTS) {
      const rate = await run[name]()
      found[name]?.push(rate)
      console.error(
        `round ${round} of ${rounds}, ${name}: ${thousands(rate.tokensPerSecond ?? 0)} tokens/s`
      )
    }
  }
  const merge = await ours('merge')
  console.error(`merge: ${gigabytes(merge.bytesPerSecond ?? 0)}/s`)
  const text = join(root, 'node_modules', 'typescript', 'lib', 'lib.dom.d.ts')
  const tokenize = await ours('tokenize', ['--data', text, '--seconds', seconds])
  return { found, merge, tokenize }
}

/** @param {Awaited<ReturnType<typeof measureAll>>} measured */
function tableOf({ found, merge, tokenize }) {
  const rates = (/** @type {string} */ name) =>
    (found[name] ?? []).map((rate) => rate.tokensPerSecond ?? 0)
  const best = (/** @type {string} */ name) => Math.max(...rates(name))
  const peak = (/** @type {string} */ name) =>
    gigabytes(Math.max(...(found[name] ?? []).map((rate) => rate.peakBytes)))
  const against = (/** @type {string} */ name, /** @type {string} */ peer) => {
    const each = rates(name).map((rate, round) => rate / (rates(peer)[round] ?? NaN))
    const range = `${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`
    return `${(best(name) / best(peer)).toFixed(2)} (rounds ${range})`
  }
  const row = (/** @type {string[]} */ ...cells) => `| ${cells.join(' | ')} |`
  const tokens = (/** @type {string} */ name) => `${thousands(best(name))} tokens/s`
  const copy = merge.copyBytesPerSecond ?? NaN
  const share = (/** @type {number | undefined} */ rate) =>
    `${(((rate ?? NaN) / copy) * 100).toFixed(0)} %`
  const version = found['eager']?.[0]?.torch ?? ''
  const { length } = found['train'] ?? []
  return [
    `${cpus()[0]?.model.trim()}, ${cpus().length} threads; Node ${process.versions.node}; PyTorch ${version}; ${length} rounds; ${new Date().toISOString().slice(0, 10)}.`,
    `Training and evaluation: ${found['train']?.[0]?.shape}.`,
    '',
    row('what', 'Assay', 'peak memory', 'peer', 'peak memory', 'ratio', 'to reach'),
    row('---', '---', '---', '---', '---', '---', '---'),
    // prettier-ignore
    ...[
      ['training, one branch on all threads', 'train', 'PyTorch eager', 'eager', '1.4'],
      ['training, one branch on all threads', 'train', 'torch.compile', 'compiled', '1.15'],
      ['campaign, 4 branches, one thread each', 'campaign', 'PyTorch eager, one after another', 'eager', '1.6'],
      ['evaluation', 'eval', 'PyTorch no_grad', 'noGrad', '1.3']
    ].map(([what = '', name = '', title = '', peer = '', aim = '']) =>
      row(what, tokens(name), peak(name), `${title}: ${tokens(peer)}`, peak(peer), against(name, peer), aim)
    ),
    row(
      `averaging ${merge.shape}, on ${merge.threads} threads`,
      `${gigabytes(merge.bytesPerSecond ?? NaN)}/s`,
      gigabytes(merge.peakBytes),
      `a plain copy, one thread: ${gigabytes(copy)}/s`,
      '–',
      share(merge.bytesPerSecond),
      '50 %'
    ),
    row(
      'the same on one thread',
      `${gigabytes(merge.aloneBytesPerSecond ?? NaN)}/s`,
      gigabytes(merge.peakBytes),
      'the same copy',
      '–',
      share(merge.aloneBytesPerSecond),
      '–'
    ),
    row(
      `tokenizing, ${tokenize.shape}`,
      `${((tokenize.bytesPerSecond ?? NaN) / 1e6).toFixed(1)} MB/s, ${tokensOf(tokenize)}`,
      gigabytes(tokenize.peakBytes),
      'none: the same native library as Hugging Face’s',
      '–',
      '–',
      '–'
    )
  ].join('\n')
}

/** @param {Rate} rate */
const tokensOf = (rate) => `${thousands(rate.tokensPerSecond ?? NaN)} tokens/s`

/**
 * Puts a table between its marks in the page.
 *
 * @param {'bench' | 'evidence' | 'executors' | 'merging' | 'window'} mark
 * @param {string} table
 */
function writeTable(mark, table) {
  const path = join(root, 'docs', 'benchmarks.md')
  const [begin, end] = [`<!-- ${mark}: begin -->`, `<!-- ${mark}: end -->`]
  const page = readFileSync(path, 'utf8')
  const [before] = page.split(begin)
  const [, after] = page.split(end)
  writeFileSync(path, `${before}${begin}\n\n${table}\n\n${end}${after}`)
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '10' },
    window: { type: 'boolean', default: false },
    evidence: { type: 'boolean', default: false },
    executors: { type: 'boolean', default: false },
    merging: { type: 'boolean', default: false },
    mergekit: { type: 'string' },
    minutes: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})

/**
 * @param {'bench' | 'evidence' | 'executors' | 'merging' | 'window'} mark
 * @param {string} table
 */
function show(mark, table) {
  console.log(table)
  if (values.write) writeTable(mark, table)
}

if (values.help) {
  console.log(
    `npm run bench -- [--rounds 4] [--seconds 10] [--evidence] [--window] [--merging] [--minutes 2] [--write]

Measures Assay beside PyTorch, evidence and search beside NumPy, then the window; --evidence: the second
alone; --window: the window alone. Its memory is watched for --minutes. --write puts the tables into docs/benchmarks.md.

--merging measures merges of models in files beside mergekit, and nothing else: 18 GB of disk for a while;
--mergekit PROGRAM takes a mergekit-yaml that is there already.

--executors measures what every executor adds to a run, and nothing else; Slurm where \`squeue\` answers.`
  )
} else {
  try {
    await setUp(root)
    if (values.executors) {
      show('executors', await executorsTable(root))
    } else if (values.merging) {
      const mergekit = values.mergekit ?? (await mergekitProgram(root))
      show('merging', await mergingTable(root, mergekit, Number(values.rounds)))
    } else if (!values.window) {
      const python = await peerPython(root)
      const rounds = Number(values.rounds)
      if (!values.evidence) {
        show('bench', tableOf(await measureAll(python, rounds, values.seconds)))
      }
      show('evidence', await evidenceTable(root, python, rounds))
    }
    if (!values.evidence && !values.merging && !values.executors) {
      // Packages are there only from here on.
      const { measureWindow } = await import('./bench/window/index.mjs')
      show('window', await measureWindow(root, Number(values.minutes)))
    }
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
