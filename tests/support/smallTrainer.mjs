/**
 * A trainer that trains nothing and does what tests want to see done with it:
 *
 *     node smallTrainer.mjs MODE [ARGUMENTS]
 *
 * It finds its folders in the environment, as any trainer may.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [mode, ...rest] = process.argv.slice(2)
const { ASSAY_INIT, ASSAY_OUT, ASSAY_STATE, ASSAY_STEPS } = process.env
const [init, out, state] = [ASSAY_INIT ?? '', ASSAY_OUT ?? '', ASSAY_STATE ?? '']
const steps = Number(ASSAY_STEPS)

/**
 * Writes the initial model again, its weights and its header changed.
 *
 * @param {(values: Float32Array) => void} changeValues
 * @param {(header: Record<string, { shape: number[] }>) => void} changeHeader
 */
function giveBack(changeValues, changeHeader = () => undefined) {
  cpSync(init, out, { recursive: true })
  const file = join(out, 'model.safetensors')
  const bytes = readFileSync(file)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString())
  const data = new Uint8Array(bytes.subarray(8 + length))
  changeValues(new Float32Array(data.buffer, 0, data.length / 4))
  changeHeader(header)
  const text = Buffer.from(JSON.stringify(header).padEnd(length))
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 8), text, data]))
}

/** @param {Float32Array} values */
const moved = (values) => values.forEach((value, index) => (values[index] = value + 0.01))

/** @type {Record<string, () => unknown>} */
const modes = {
  train: () => {
    console.log('some library: assay is called')
    for (let step = 1; step <= steps; step++) {
      console.log(`[rank 0]: assay step=${step} loss=${5 - step / 100} gradient_norm=0.5`)
    }
    console.log('assay device="a small machine"')
    giveBack(moved)
  },
  silent: () => giveBack(moved),
  /** Tells what it was called with. */
  tell: () => {
    const told = Object.entries(process.env).filter(([name]) =>
      /^(ASSAY_|TF_|ELECTRON_)/.test(name)
    )
    writeFileSync(
      rest[0],
      JSON.stringify({ rest, folder: process.cwd(), ...Object.fromEntries(told) })
    )
    giveBack(moved)
  },
  fail: () => {
    console.error('the third disk is on fire')
    process.exit(3)
  },
  nothing: () => undefined,
  unchanged: () => giveBack(() => undefined),
  nan: () => giveBack((values) => (values[values.length - 1] = NaN)),
  transposed: () =>
    giveBack(moved, (header) => header['model.layers.0.mlp.down_proj.weight'].shape.reverse()),
  configured: () => {
    giveBack(moved)
    const file = join(out, 'config.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...config, rms_norm_eps: 0.5 }))
  },
  retokenized: () => {
    giveBack(moved)
    const file = join(out, 'tokenizer.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"!"', '"?!"'))
  },
  pickled: () => {
    mkdirSync(out)
    cpSync(join(init, 'config.json'), join(out, 'config.json'))
    writeFileSync(join(out, 'pytorch_model.bin'), 'x')
  },
  /** Hears nothing; its child neither. */
  stubborn: async () => {
    process.on('SIGTERM', () => console.log('heard, and not heeded'))
    writeFileSync(rest[0], String(process.pid))
    await sleep(600_000)
  },
  /** Hangs when it is called first. */
  orphan: async () => {
    if (existsSync(join(state, 'hung')) || existsSync(rest[0])) return giveBack(moved)
    writeFileSync(join(state, 'hung'), '')
    process.on('SIGTERM', () => undefined)
    writeFileSync(rest[0], String(process.pid))
    await sleep(600_000)
  },
  /** Goes to the middle, waits to be stopped, and goes on from there when it is called again. */
  patient: async () => {
    const kept = join(state, 'step')
    const first = existsSync(kept) ? Number(readFileSync(kept, 'utf8')) : 0
    for (let step = first + 1; step <= steps; step++) {
      console.log(`assay step=${step} loss=${step}`)
      if (step !== Math.floor(steps / 2) || first > 0) continue
      writeFileSync(kept, String(step))
      process.on('SIGTERM', () => {
        // What it has by now is a whole folder, and not the trained model.
        giveBack(moved)
        process.exit(0)
      })
      writeFileSync(rest[0], 'waiting')
      await sleep(600_000)
    }
    giveBack(moved)
  }
}
await modes[mode]()
