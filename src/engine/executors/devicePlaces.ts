/** On which devices of this machine a study's runs are placed, and how many on each at once. */
import { hostname } from 'node:os'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { LocalSettings } from '#shared/executors'
import type { DecoderConfig, Recipe } from '#shared/records'
import { deviceEnvironment, listDevices, nameOfDevice } from '#engine/backends/devices'
import type { LocalDevice } from '#engine/backends/devices'
import { parameterCount, trainingMemoryBytes } from '#engine/model/config'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { projectPaths } from '#engine/storage/paths'
import { readCache, writeCache } from '#engine/storage/sealedFiles'
import type { ComputeDevice } from '#engine/workers/jobs'
import { DEVICE_ERRORS } from '#engine/workers/pool'
import type { WorkerPool } from '#engine/workers/pool'
import { DeviceMemory } from './deviceMemory'
import { bestPacking, packingsToTry } from './packing'
import type { PackedRate } from './packing'

/** So long each, so that runs are not kept waiting. */
const SECONDS = 3
const STEPS = 1e6

export interface DevicePlacesOptions {
  pool: WorkerPool
  /** What computes where nothing is placed. */
  device: () => Promise<ComputeDevice>
  /** Folder of the project, whose cache keeps what was measured. */
  project: string
  /** What there is; by default what the driver says, or pretended devices. */
  list?: () => Promise<LocalDevice[]>
  /** What others leave of the devices' memory; by default what the driver says. */
  memory?: DeviceMemory
  /** Told of a device on which nothing is done any more. */
  onSetAside?: (device: string, reason: string) => void
}

/** Devices for a recipe. */
export interface DeviceChoice {
  /** Their numbers. */
  devices: number[]
  /** As runs tell of them, in the same order. */
  names: string[]
  perDevice: number
}

/** The devices of one study. */
export class DevicePlaces {
  readonly #settings: LocalSettings
  readonly #options: DevicePlacesOptions
  readonly #memory: DeviceMemory
  /** Numbers at once, by what they were measured for. */
  readonly #packed = new Map<string, Promise<number>>()
  #listed: Promise<LocalDevice[]> | null = null
  /** Whether it was said that nobody lists GPUs. */
  #isTold = false

  constructor(settings: LocalSettings, options: DevicePlacesOptions) {
    this.#settings = settings
    this.#options = options
    this.#memory = options.memory ?? new DeviceMemory()
  }

  /**
   * Which devices jobs are placed on.
   *
   * @param training a recipe, and its runs that are still to be trained; or how many jobs one device does
   *   at once unless the study says
   * @returns null where there is nothing to choose: one GPU with one run at once, or none
   * @throws WorkbenchError `executor/invalid` for numbers of devices that are not there, or that nobody can tell
   */
  async choose(
    config: DecoderConfig,
    training: { recipe: Recipe; runs: number } | { perDevice: number }
  ): Promise<DeviceChoice | null> {
    // Asked once: the driver takes a second to answer.
    const all = await (this.#listed ??= this.#list().catch(async (error: unknown) => {
      if (!(await this.#goesOnWithout(error))) throw error
      return []
    }))
    const chosen = this.#pinned(all)
    if (chosen.length === 0) return null
    this.#makeKnown(all)
    const measured = () =>
      'recipe' in training
        ? this.#measured(chosen, config, training.recipe, training.runs / chosen.length)
        : training.perDevice
    const perDevice = this.#settings.runsPerDevice ?? (await measured())
    const isPlain = all.length === 1 && perDevice === 1 && !all[0]!.isPretended
    if (isPlain) return null
    return {
      devices: chosen.map(({ index }) => index),
      names: chosen.map(nameOfDevice),
      perDevice
    }
  }

  /** Tensors may be on the processor though the machine has GPUs. */
  async #list(): Promise<LocalDevice[]> {
    const { list = listDevices } = this.#options
    const devices = await list()
    const areReal = devices.some(({ isPretended }) => !isPretended)
    return areReal && !(await this.#options.device()).isGpu ? [] : devices
  }

  /**
   * Where the driver lists no GPUs: nothing is lacking to tensors on the processor. One GPU is used else, unless
   * others were asked for, and that is said; the driver is asked again for the next runs.
   *
   * @throws WorkbenchError `executor/invalid` where devices were asked for by their numbers
   */
  async #goesOnWithout(error: unknown): Promise<boolean> {
    const { code, message } = toPlain(error)
    if (code !== 'backend/unavailable') return false
    if (!(await this.#options.device()).isGpu) return true
    this.#listed = null
    const { devices: asked } = this.#settings
    const unlisted = `TensorFlow computes on a GPU, and which there are is not known. ${message}`
    if (asked !== 'all') {
      throw new WorkbenchError(
        'executor/invalid',
        `The study is to use the devices ${asked.join(', ')} of this machine. ${unlisted} Try again, or set the executor's devices to "all": then one GPU is used.`,
        { expected: asked.map(String), found: [] }
      )
    }
    if (!this.#isTold) this.#options.onSetAside?.('any further GPU', `${unlisted} One is used.`)
    this.#isTold = true
    return true
  }

  #pinned(all: readonly LocalDevice[]): LocalDevice[] {
    const { devices: asked } = this.#settings
    if (asked === 'all') return [...all]
    const missing = asked.filter((number) => !all.some(({ index }) => index === number))
    if (missing.length === 0) return all.filter(({ index }) => asked.includes(index))
    const there = all.map((one) => `${one.index} (${one.name})`).join(', ') || 'none'
    const visible = process.env['CUDA_VISIBLE_DEVICES']
    const hidden =
      visible === undefined
        ? ''
        : ` The environment hides others (CUDA_VISIBLE_DEVICES=${visible}); numbers are nvidia-smi's all the same.`
    throw new WorkbenchError(
      'executor/invalid',
      `The study is to use the devices ${asked.join(', ')} of this machine, and ${missing.join(', ')} is not among those that it can compute on: ${there}.${hidden} Set the executor's devices to numbers that are there, or to "all".`,
      { expected: asked.map(String), found: all.map(({ index }) => String(index)) }
    )
  }

  #makeKnown(all: readonly LocalDevice[]): void {
    const { pool } = this.#options
    const threads = Math.max(1, Math.floor(pool.width('narrow') / all.length))
    pool.addDevices(
      all.map((device) => ({
        index: device.index,
        name: nameOfDevice(device),
        environment: (precision) => deviceEnvironment(device, threads, precision)
      }))
    )
  }

  /** Once for each recipe and as many runs: what our own workers hold by the next time is no less memory. */
  #measured(
    devices: readonly LocalDevice[],
    config: DecoderConfig,
    recipe: Recipe,
    runsEach: number
  ): Promise<number> {
    const runs = Math.ceil(runsEach)
    const key = fingerprintOf({ config, recipe, runs, on: devices.map(({ index }) => index) })
    const known = this.#packed.get(key) ?? this.#measure(devices, config, recipe, runs)
    this.#packed.set(key, known)
    known.catch(() => this.#packed.delete(key))
    return known
  }

  /** Measured on the one with the most free memory, and kept for devices and models that are alike. */
  async #measure(
    devices: readonly LocalDevice[],
    config: DecoderConfig,
    recipe: Recipe,
    runsEach: number
  ): Promise<number> {
    const model = {
      parameters: parameterCount(config),
      neededBytes: trainingMemoryBytes(config, recipe)
    }
    const all = Math.min(...devices.map(({ memoryBytes }) => memoryBytes ?? 0)) || null
    if (packingsToTry(model, all, runsEach).length < 2) return 1
    const free = await this.#freeOf(devices)
    const tried = packingsToTry(model, Math.min(...free) || null, runsEach)
    if (tried.length < 2) return 1
    const on = devices[free.indexOf(Math.max(...free))]!
    const { batchSize: whole, microBatchSize, matmulPrecision } = recipe
    const batchSize = microBatchSize ?? whole
    const kind = [...new Set(devices.map(({ name }) => name))].sort()
    const measured = { packing: tried, config, batchSize, matmulPrecision, kind, host: hostname() }
    const path = projectPaths.rate(this.#options.project, fingerprintOf(measured))
    const kept = (await readCache(path)) as { rates: PackedRate[] } | null
    if (kept) return bestPacking(kept.rates)
    const rates = await this.#rates(tried, (atOnce) =>
      this.#rateOf(atOnce, on, { config, batchSize }, recipe)
    )
    // What did not fit may fit another day.
    if (rates.length === tried.length) await writeCache(path, { rates })
    return bestPacking(rates)
  }

  /** Up to the number at which memory is short: that is an answer, and no reason to train nothing. */
  async #rates(
    tried: readonly number[],
    rateOf: (atOnce: number) => Promise<number>
  ): Promise<PackedRate[]> {
    const rates: PackedRate[] = []
    for (const atOnce of tried) {
      try {
        rates.push({ atOnce, tokensPerSecond: await rateOf(atOnce) })
      } catch (error) {
        // Where a single one fails, a run will, and say so; a worker that the system ended wanted memory too.
        if (!DEVICE_ERRORS.includes(toPlain(error).code)) throw error
        this.#memory.outdate()
        break
      }
    }
    return rates
  }

  /** Bytes of each that others leave; of what does not say all that it has, and 0 where that is not known. */
  async #freeOf(devices: readonly LocalDevice[]): Promise<number[]> {
    // In a container the driver does not say which processes are our own.
    await this.#options.pool.rest('devices')
    await this.#memory.refresh()
    const { byDevice } = this.#memory
    return devices.map(({ index, memoryBytes }) => {
      const free = byDevice.get(index)?.freeBytes ?? Infinity
      return Math.min(free, memoryBytes ?? 0)
    })
  }

  /** Tokens per second of so many trainings on one device, all together, once all of them go. */
  async #rateOf(
    atOnce: number,
    device: LocalDevice,
    shape: { config: DecoderConfig; batchSize: number },
    { matmulPrecision }: Recipe
  ): Promise<number> {
    const job = { what: 'train' as const, ...shape }
    const place = { devices: [device.index], perDevice: atOnce }
    const trainAll = async (repetitions: number, seconds: number) => {
      const each = await Promise.allSettled(
        Array.from({ length: atOnce }, () =>
          this.#options.pool.run(
            'bench',
            { ...job, repetitions, seconds },
            { lane: 'devices', place, matmulPrecision }
          )
        )
      )
      // All have ended by now: none goes on beside what comes next.
      return each.map((one) => {
        if (one.status === 'rejected') throw one.reason
        return one.value
      })
    }
    // Processes that are begun load for seconds: measured are those that go already.
    await trainAll(1, 0)
    const each = await trainAll(STEPS, SECONDS)
    return each.reduce((sum, one) => sum + (one.steadyTokensPerSecond ?? 0), 0)
  }
}
