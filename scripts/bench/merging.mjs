/** Merges of made-up models: Assay beside mergekit, in time and memory, in one run. */
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readSync,
  readFileSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { SetupFailure } from '../setup/failure.mjs'
import { writeMadeUpModel } from './madeUpModel.mjs'

/** @typedef {import('./madeUpModel.mjs').Shape} Shape */
/** @typedef {{ seconds: number, peakBytes: number, anonymousBytes: number }} Taken */

/** @type {{ title: string, name: string, models: number, dtype: string, shape: Shape }[]} */
const CONTESTS = [
  {
    title: '8 × 130M, F32',
    name: 'small',
    models: 8,
    dtype: 'float32',
    // prettier-ignore
    shape: { dtype: 'F32', vocabulary: 50304, hidden: 768, intermediate: 2048, layers: 13, heads: 12, keyValueHeads: 12 }
  },
  {
    title: '4 × 1B, BF16',
    name: 'large',
    models: 4,
    dtype: 'bfloat16',
    // prettier-ignore
    shape: { dtype: 'BF16', vocabulary: 32000, hidden: 2048, intermediate: 5632, layers: 22, heads: 32, keyValueHeads: 4 }
  }
]
const NEEDED_BYTES = 18e9
const SAMPLE_MS = 20

/** @param {number} bytes */
const gigabytes = (bytes) => (bytes / 1e9).toFixed(2)

/**
 * Memory of a process and all that it started: whole, and without pages of files.
 *
 * @param {number} root
 * @returns {{ whole: number, anonymous: number }}
 */
function memoryOf(root) {
  /** @type {Map<number, { parent: number, whole: number, anonymous: number }>} */
  const found = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const text = readFileSync(join('/proc', name, 'status'), 'utf8')
      const field = (/** @type {string} */ key) =>
        Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
      const [parent, whole, anonymous] = [field('PPid'), field('VmRSS'), field('RssAnon')]
      found.set(Number(name), { parent, whole: whole * 1024, anonymous: anonymous * 1024 })
    } catch {
      // It ended meanwhile.
    }
  }
  const isBelow = (/** @type {number} */ id) => {
    for (let at = id; at > 1; at = found.get(at)?.parent ?? 0) if (at === root) return true
    return false
  }
  let [whole, anonymous] = [0, 0]
  for (const [id, one] of found) {
    if (!isBelow(id)) continue
    whole += one.whole
    anonymous += one.anonymous
  }
  return { whole, anonymous }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<Taken>}
 */
function take(program, args) {
  const beganAt = performance.now()
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HF_HUB_OFFLINE: '1' }
  })
  let said = ''
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-2000)))
  let [peakBytes, anonymousBytes] = [0, 0]
  const sampling = setInterval(() => {
    if (child.pid === undefined) return
    const { whole, anonymous } = memoryOf(child.pid)
    peakBytes = Math.max(peakBytes, whole)
    anonymousBytes = Math.max(anonymousBytes, anonymous)
  }, SAMPLE_MS)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => {
      clearInterval(sampling)
      const seconds = (performance.now() - beganAt) / 1000
      if (code === 0) resolve({ seconds, peakBytes, anonymousBytes })
      else reject(new SetupFailure(`${program} ${args[0]} ended with ${code}:\n${said}`))
    })
  })
}

/** @param {number[]} values */
const best = (values) => Math.min(...values)

/**
 * What this disk and this memory do at most, best of three: bytes per second.
 *
 * @param {string} place
 * @param {string} cached a file that was just read
 */
function limits(place, cached) {
  // Long enough that no cache of a processor holds them.
  const source = Buffer.alloc(1 << 28, 1)
  const copied = Buffer.alloc(1 << 28, 2)
  const block = source.subarray(0, 1 << 24)
  const target = copied.subarray(0, 1 << 24)
  const timed = (/** @type {() => number} */ work) =>
    Math.max(
      ...[1, 2, 3].map(() => {
        const at = performance.now()
        return (work() / (performance.now() - at)) * 1000
      })
    )
  const copy = timed(() => {
    for (let i = 0; i < 4; i++) source.copy(copied)
    return 4 * source.length
  })
  const write = timed(() => {
    const path = join(place, 'written')
    const file = openSync(path, 'w')
    for (let i = 0; i < 64; i++) writeSync(file, block)
    fdatasyncSync(file)
    closeSync(file)
    rmSync(path)
    return 64 * block.length
  })
  const read = timed(() => {
    const file = openSync(cached, 'r')
    let bytes = 0
    for (let got = 1; got > 0; bytes += got) got = readSync(file, target, 0, target.length, null)
    closeSync(file)
    return bytes
  })
  return { copy, write, read }
}

/**
 * Makes models, merges them in turns, and removes them.
 *
 * @param {string} root of the clone
 * @param {string} mergekit the program `mergekit-yaml`
 * @param {number} rounds
 * @returns {Promise<string>} the table
 * @throws SetupFailure
 */
export async function mergingTable(root, mergekit, rounds) {
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < NEEDED_BYTES) {
    throw new SetupFailure(
      `${tmpdir()} has ${gigabytes(bavail * bsize)} GB free; models and merges take ${gigabytes(NEEDED_BYTES)}. Set TMPDIR to another disk.`
    )
  }
  const place = mkdtempSync(join(tmpdir(), 'assay-merging-'))
  try {
    const lines = []
    let reached = ''
    const load = loadavg()[0] ?? 0
    for (const contest of CONTESTS) {
      const { folders, bytes } = makeModels(place, contest)
      const found = await measure(root, mergekit, { place, folders, rounds, ...contest })
      lines.push(rowOf(contest.title, bytes, found))
      if (contest === CONTESTS.at(-1))
        reached = said(limits(place, join(folders[0] ?? '', 'model.safetensors')))
      for (const folder of folders) rmSync(folder, { recursive: true })
    }
    return [
      `${cpus()[0]?.model.trim()}, ${cpus().length} threads, ${gigabytes(totalmem())} GB; mergekit ${versionOf(mergekit)}; ${rounds} rounds; load when it began ${load.toFixed(1)}; ${new Date().toISOString().slice(0, 10)}.`,
      '',
      '| linear merge of | Assay | read and written | peak memory | mergekit | peak memory | of it not pages of files | time, ratio (rounds) | memory, ratio | to reach |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...lines,
      '',
      reached
    ].join('\n')
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** @param {{ copy: number, write: number, read: number }} rates */
function said({ copy, write, read }) {
  return `This machine, one thread: memory to memory ${gigabytes(copy)} GB/s, from the page cache ${gigabytes(read)} GB/s, to the disk with \`fdatasync\` ${gigabytes(write)} GB/s.`
}

/**
 * @param {string} place
 * @param {typeof CONTESTS[number]} contest
 */
function makeModels(place, { name, models, shape }) {
  const folders = Array.from({ length: models }, (_, index) => join(place, `${name}-${index}`))
  let bytes = 0
  for (const [seed, folder] of folders.entries()) {
    bytes += writeMadeUpModel(folder, shape, seed).bytes
    console.error(`made ${folder}`)
  }
  return { folders, bytes }
}

/**
 * @param {string} root
 * @param {string} mergekit
 * @param {{ place: string, folders: string[], rounds: number, name: string, dtype: string }} what
 */
async function measure(root, mergekit, { place, folders, rounds, name, dtype }) {
  const out = join(place, 'merged')
  const file = join(place, `${name}.yaml`)
  const listed = folders.map((folder) => `  - model: ${folder}\n    parameters: {weight: 1}\n`)
  writeFileSync(file, `merge_method: linear\ndtype: ${dtype}\nmodels:\n${listed.join('')}`)
  /** @type {{ ours: Taken[], theirs: Taken[] }} */
  const found = { ours: [], theirs: [] }
  for (let round = 1; round <= rounds; round++) {
    const assay = [join(root, 'bin', 'assay.mjs'), 'merge', ...folders, '--out', out, '--json']
    found.ours.push(await take(process.execPath, assay))
    rmSync(out, { recursive: true })
    found.theirs.push(await take(mergekit, [file, out, '--no-copy-tokenizer']))
    rmSync(out, { recursive: true })
    const seconds = (/** @type {Taken | undefined} */ one) => `${one?.seconds.toFixed(1)} s`
    console.error(
      `${name}, round ${round} of ${rounds}: ${seconds(found.ours.at(-1))}, mergekit ${seconds(found.theirs.at(-1))}`
    )
  }
  return found
}

/**
 * @param {string} title
 * @param {number} bytes of all models
 * @param {{ ours: Taken[], theirs: Taken[] }} found
 */
function rowOf(title, bytes, { ours, theirs }) {
  const models = Number(title.split(' ')[0])
  const time = (/** @type {Taken[]} */ all) => best(all.map(({ seconds }) => seconds))
  const peak = (/** @type {Taken[]} */ all) => Math.max(...all.map(({ peakBytes }) => peakBytes))
  const each = ours.map(({ seconds }, round) => seconds / (theirs[round]?.seconds ?? NaN))
  const rate = (bytes + bytes / models) / time(ours)
  const anonymous = Math.max(...theirs.map(({ anonymousBytes }) => anonymousBytes))
  const cells = [
    title,
    `${time(ours).toFixed(1)} s`,
    `${gigabytes(rate)} GB/s`,
    `${gigabytes(peak(ours))} GB`,
    `${time(theirs).toFixed(1)} s`,
    `${gigabytes(peak(theirs))} GB`,
    `${gigabytes(anonymous)} GB`,
    `${(time(ours) / time(theirs)).toFixed(2)} (${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)})`,
    (peak(ours) / peak(theirs)).toFixed(2),
    '0.5 of each'
  ]
  return `| ${cells.join(' | ')} |`
}

/** @param {string} mergekit */
function versionOf(mergekit) {
  const library = join(mergekit, '..', '..', 'lib')
  if (!existsSync(library)) return 'of unknown version'
  for (const python of readdirSync(library)) {
    const packages = join(library, python, 'site-packages')
    if (!existsSync(packages)) continue
    const found = readdirSync(packages).flatMap(
      (name) => /^mergekit-(.+)\.dist-info$/.exec(name)?.[1] ?? []
    )
    if (found[0]) return found[0]
  }
  return 'of unknown version'
}
