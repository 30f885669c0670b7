/** What every executor adds to a run, beside what the run itself takes: many tiny runs, one at a time. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun } from '../setup/run.mjs'

/** Runs of the smaller and of the larger study: what they differ by is what runs cost. */
const FEW = 4
const MANY = 12
const STEPS = 20
const BATCH = 4
const ADVICE = 'Run it by itself to see more.'

/** Gives back the initial weights, one of them moved a little: a trainer that costs nothing. */
const TRAINER = `
const { cpSync, readFileSync, writeFileSync } = require('node:fs')
const [init, out] = process.argv.slice(2)
cpSync(init, out, { recursive: true })
const path = out + '/model.safetensors'
const bytes = readFileSync(path)
bytes.writeFloatLE(bytes.readFloatLE(bytes.length - 4) + 0.5, bytes.length - 4)
writeFileSync(path, bytes)
`

/** @typedef {{ kind?: string, [field: string]: unknown }} Settings */

/**
 * @param {string} root
 * @param {string[]} args
 */
async function assay(root, args) {
  const call = [join(root, 'out', 'main', 'cli.cjs'), ...args]
  const { stdout } = await mustRun(`assay ${args[0]}`, ADVICE, process.execPath, call)
  return stdout
}

/**
 * A prepared project of so many base units, its seed trained.
 *
 * @param {string} root
 * @param {string} folder
 * @param {number} units
 * @param {Settings} more fields of the study
 */
async function project(root, folder, units, more) {
  const text = readFileSync(join(root, 'node_modules', 'typescript', 'lib', 'lib.dom.d.ts'), 'utf8')
  const lines = []
  for (let at = 0; at < text.length && lines.length < 1500; at += 1000) {
    lines.push(JSON.stringify({ text: text.slice(at, at + 1000) }))
  }
  const corpus = join(folder, 'text.jsonl')
  writeFileSync(corpus, lines.join('\n') + '\n')
  const recipe = { batchSize: BATCH, peakLearningRate: 1e-3, schedule: 'constant' }
  const study = {
    version: 1,
    name: 'overhead',
    tokenizer: { kind: 'train', vocabularySize: 512 },
    model: {
      hiddenSize: 32,
      hiddenLayers: 2,
      attentionHeads: 2,
      keyValueHeads: 2,
      intermediateSize: 64,
      contextLength: 32
    },
    seed: { source: 'none' },
    branch: { ...recipe, start: 'none' },
    unit: { sequences: STEPS * BATCH, maximum: units },
    holdOut: { share: 0.02, tokenCap: 500 },
    mixtures: { over: 'partitions', choose: { kind: 'all' } },
    sequential: { choose: { kind: 'none' } },
    ...more
  }
  const file = join(folder, 'study.json')
  writeFileSync(file, JSON.stringify(study))
  const path = join(folder, `project-${units}`)
  await assay(root, ['new', path, '--from', file])
  await assay(root, ['import', path, corpus, '--name', 'text'])
  // Prepares the text and measures its rate: no part of what runs cost.
  await assay(root, ['plan', path, '--threads', '1'])
  return path
}

/**
 * Seconds of wall time of one run more, and of these what its training took by itself.
 *
 * @param {string} root
 * @param {Settings} more
 * @param {string[]} flags of `assay run`
 */
async function costOfARun(root, more, flags = []) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'))
  try {
    /** @type {{ seconds: number, training: number, path: string }[]} */
    const found = []
    for (const units of [FEW, MANY]) {
      const path = await project(root, folder, units, more)
      const beganAt = performance.now()
      await assay(root, ['run', path, '--threads', '1', ...flags])
      const seconds = (performance.now() - beganAt) / 1000
      found.push({ seconds, training: await trainingSeconds(root, path), path })
    }
    const [few, many] = /** @type {[typeof found[0], typeof found[0]]} */ (found)
    return {
      wall: (many.seconds - few.seconds) / (MANY - FEW),
      itself: (many.training - few.training) / (MANY - FEW)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} root
 * @param {string} path
 */
async function trainingSeconds(root, path) {
  const status = JSON.parse(await assay(root, ['status', path, '--json']))
  return status.heads.reduce(
    (/** @type {number} */ sum, /** @type {{ elapsedMs: number }} */ one) =>
      sum + one.elapsedMs / 1000,
    0
  )
}

/**
 * Every run by a call of its own, as executors of other machines do.
 *
 * @param {string} root
 */
async function costOfRunOne(root) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'))
  try {
    const path = await project(root, folder, FEW, {})
    const status = JSON.parse(await assay(root, ['status', path, '--json']))
    let [wall, itself] = [0, 0]
    for (const { fingerprint } of status.missing) {
      const beganAt = performance.now()
      await assay(root, ['run-one', path, fingerprint, '--threads', '1'])
      wall += (performance.now() - beganAt) / 1000
      const outcome = readFileSync(join(path, 'outcomes', `${fingerprint}.json`), 'utf8')
      itself += JSON.parse(outcome).trained.elapsedMs / 1000
    }
    const { length } = status.missing
    return { wall: wall / length, itself: itself / length }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** True where a cluster answers here. */
function isClusterThere() {
  return spawnSync('squeue', ['-h'], { timeout: 20_000 }).status === 0
}

/**
 * The table of docs/benchmarks.md.
 *
 * @param {string} root
 */
export async function executorsTable(root) {
  const scripts = mkdtempSync(join(tmpdir(), 'assay-bench-'))
  const trainer = join(scripts, 'trainer.cjs')
  writeFileSync(trainer, TRAINER)
  const config = process.env['XDG_CONFIG_HOME']
  // What is confirmed for these projects is nobody's afterwards.
  process.env['XDG_CONFIG_HOME'] = scripts
  try {
    const slurm = { executor: { kind: 'slurm', cpus: 1, mostAtOnce: 1, modelsPerElement: 100 } }
    const command = { trainer: { command: `${process.execPath} ${trainer} {init} {out}` } }
    /** @type {[string, { wall: number, itself: number } | null][]} */
    const rows = [
      ['worker processes of this machine', await costOfARun(root, {})],
      ['`assay run-one`, a process for each run', await costOfRunOne(root)],
      ['Slurm, an element for each run', isClusterThere() ? await costOfARun(root, slurm) : null],
      ['a trainer’s command, in a worker', await costOfARun(root, command, ['--trust-commands'])]
    ]
    const seconds = (/** @type {number} */ value) => `${value.toFixed(2)} s`
    return [
      `${cpus()[0]?.model.trim()}, ${cpus().length} threads; Node ${process.versions.node}; load before ${loadavg()[0]?.toFixed(1)}; ${new Date().toISOString().slice(0, 10)}. Runs of ${STEPS} steps of a tiny model, one at a time on one thread; each branch is measured too, but by \`run-one\`.`,
      '',
      '| executor | wall time of a run | of these the bare run or command | overhead |',
      '| --- | --- | --- | --- |',
      ...rows.map(([what, cost]) =>
        cost
          ? `| ${what} | ${seconds(cost.wall)} | ${seconds(cost.itself)} | ${seconds(cost.wall - cost.itself)} |`
          : `| ${what} | no cluster answered | – | – |`
      )
    ].join('\n')
  } finally {
    if (config === undefined) delete process.env['XDG_CONFIG_HOME']
    else process.env['XDG_CONFIG_HOME'] = config
    rmSync(scripts, { recursive: true, force: true })
  }
}
