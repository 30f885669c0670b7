/** Runs jobs in worker processes of this machine, as many at once as its memory holds. */
import { toPlain } from '#shared/errors'
import type { LocalSettings } from '#shared/executors'
import type { Prepared, Recipe } from '#shared/records'
import type { TrainerSettings } from '#shared/trainer'
import {
  evaluationMemoryBytes,
  evaluationsThatFit,
  trainingMemoryBytes,
  trainingsThatFit
} from '#engine/model/config'
import type {
  Jobs,
  MeasureJob,
  MeasureResult,
  PrepareJob,
  TrainJob,
  TrainResult
} from '#engine/workers/jobs'
import { DEVICE_ERRORS } from '#engine/workers/pool'
import type { LaneName, PoolDevice } from '#engine/workers/pool'
import { DevicePlaces } from './devicePlaces'
import type { DeviceChoice, DevicePlacesOptions } from './devicePlaces'
import { DeviceMemory } from './deviceMemory'
import type { Executor, JobOptions, MeasuringPlacement, Placement, Work } from './executor'

/** What decides how many jobs go at once. */
interface Memory {
  isGpu: boolean
  /** Bytes that were free before anything was begun; null on a GPU, which does not say. */
  bytes: number | null
}

/** Where runs train and models are measured. */
const WORKING_LANES = ['wide', 'narrow', 'devices'] as const

/** Branches of merges stay in a worker's memory up to so many bytes. */
const HELD_BYTES = 1 << 30

/** Share of the memory that workers' held branches and domains may fill; the rest is computed in. */
const HELD_SHARE = 0.25

/** Bytes that this machine, or the container it is, could still fill. */
export function availableMemory(): number {
  return process.availableMemory()
}

/** `project`: its folder; `device`: asked only when something is to be done. */
export type LocalExecutorOptions = DevicePlacesOptions

/** This machine. */
export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions
  readonly #places: DevicePlaces
  readonly #memory: DeviceMemory
  #begun: { work: Work; memory: Memory } | null = null
  /** Devices that jobs were last placed on; null where there is nothing to choose. */
  #choice: DeviceChoice | null = null
  /** By fingerprint, devices that a job failed on, and the one that did it. */
  readonly #failedOn = new Map<string, Set<number>>()
  readonly #doneOn = new Map<string, number>()

  constructor(settings: LocalSettings, options: LocalExecutorOptions) {
    this.#memory = options.memory ?? new DeviceMemory()
    this.#options = { ...options, memory: this.#memory }
    this.#places = new DevicePlaces(settings, this.#options)
  }

  prepare(_text: string, job: PrepareJob, options: JobOptions): Promise<Prepared> {
    return this.#options.pool.run('prepare', job, options)
  }

  /** Looks at devices and memory: every recipe must fit, and so must measuring. */
  async begin(work: Work): Promise<void> {
    this.#choice = await this.#places.choose(work.config, { perDevice: 1 })
    this.#begun = { work, memory: await this.#findMemory(work) }
  }

  async placeTraining(recipe: Recipe, runs: number): Promise<Placement> {
    const { pool } = this.#options
    const { work, memory } = this.#found()
    const { config, trainer } = work
    if (trainer) return this.#placeCommands(trainer, runs)
    this.#choice = await this.#places.choose(config, { recipe, runs })
    const placement = this.#place(runs, trainingsThatFit(config, recipe, memory.bytes), memory)
    const each = trainingMemoryBytes(config, recipe)
    await this.#makeRoom(each, placement, memory)
    // What this lane's workers hold of measuring may be wanted too.
    if (2 * each * placement.atOnce > (memory.bytes ?? Infinity)) await pool.rest(placement.lane)
    return placement
  }

  async placeMeasuring(models: number, ownLane?: LaneName): Promise<MeasuringPlacement> {
    const { pool } = this.#options
    const { work, memory } = this.#found()
    const { config, evaluationBatch } = work
    const free = memory.bytes === null ? null : memory.bytes * (1 - HELD_SHARE)
    const fitting = evaluationsThatFit(config, evaluationBatch, free)
    if (!ownLane) {
      const perDevice = this.#choice?.perDevice ?? 1
      this.#choice = await this.#places.choose(config, { perDevice })
    }
    const placement = ownLane ? { lane: ownLane, atOnce: 1 } : this.#place(models, fitting, memory)
    await this.#makeRoom(evaluationMemoryBytes(config, evaluationBatch), placement, memory)
    const held = (memory.bytes ?? availableMemory()) * HELD_SHARE
    const workers = Math.max(pool.width('narrow'), this.#width('devices'))
    return { ...placement, heldBytes: Math.min(HELD_BYTES, held / workers) }
  }

  async train(job: TrainJob, options: JobOptions): Promise<TrainResult> {
    const { matmulPrecision } = job.recipe
    if (options.lane === 'devices') return this.#onDevice('train', job.fingerprint, job, options)
    // What our own workers hold, a GPU's memory above all, is the command's now.
    if (job.trainer) await this.#restAll()
    return this.#options.pool.run('train', job, { ...options, matmulPrecision })
  }

  measure(model: string, job: MeasureJob, options: JobOptions): Promise<MeasureResult> {
    if (options.lane === 'devices') return this.#onDevice('measure', model, job, options)
    return this.#options.pool.run('measure', job, options)
  }

  end(): Promise<void> {
    return Promise.resolve()
  }

  /** What commands take nobody knows: as many at once as the user says. */
  #placeCommands(trainer: TrainerSettings, runs: number): Placement {
    const atOnce = Math.min(trainer.atOnce, runs, this.#options.pool.width('narrow'))
    return { lane: atOnce < 2 ? 'wide' : 'narrow', atOnce: Math.max(1, atOnce) }
  }

  async #restAll(): Promise<void> {
    for (const lane of WORKING_LANES) await this.#options.pool.rest(lane)
  }

  #found(): { work: Work; memory: Memory } {
    if (!this.#begun) throw new Error('a place was asked for before the work was begun')
    return this.#begun
  }

  /** @throws WorkbenchError `model/out-of-memory` */
  async #findMemory({ config, evaluationBatch, ...work }: Work): Promise<Memory> {
    const { pool } = this.#options
    const recipes = work.trainer ? [] : work.recipes
    const { isGpu } = await this.#options.device()
    if (isGpu) return { isGpu, bytes: null }
    const wanted = Math.max(
      evaluationMemoryBytes(config, evaluationBatch),
      ...recipes.map((recipe) => trainingMemoryBytes(config, recipe))
    )
    if (wanted * pool.width('narrow') > availableMemory()) {
      // What workers hold from before may be what is lacking.
      await this.#restAll()
    }
    const memory = { isGpu, bytes: availableMemory() }
    for (const recipe of recipes) trainingsThatFit(config, recipe, memory.bytes)
    evaluationsThatFit(config, evaluationBatch, memory.bytes * (1 - HELD_SHARE))
    return memory
  }

  /**
   * Does a job on a device that it did not fail on, where there is one.
   *
   * @throws WorkbenchError what the job threw; `backend/unavailable` only where no device is left
   */
  async #onDevice<Kind extends 'train' | 'measure'>(
    kind: Kind,
    key: string,
    job: Jobs[Kind]['input'] & (TrainJob | MeasureJob),
    { signal, onProgress, onPlaced }: JobOptions
  ): Promise<Jobs[Kind]['result']> {
    const choice = this.#choice
    if (!choice) throw new Error('a job has the lane of devices, and none was chosen')
    const avoid = this.#failedOn.get(key) ?? new Set<number>()
    this.#failedOn.set(key, avoid)
    for (;;) {
      const placed: { on: PoolDevice | null } = { on: null }
      await this.#memory.refresh()
      const place = {
        ...choice,
        memory: this.#memory.byDevice,
        prefer: this.#doneOn.get(key),
        avoid,
        onPlaced: (device: PoolDevice) => {
          placed.on = device
          onPlaced?.(device.name)
        },
        onSetAside: (device: PoolDevice, reason: string) =>
          this.#options.onSetAside?.(device.name, reason)
      }
      try {
        const result = await this.#options.pool.run(kind, job, {
          lane: 'devices',
          place,
          signal,
          ...('recipe' in job ? { matmulPrecision: job.recipe.matmulPrecision } : {}),
          ...(onProgress ? { onProgress } : {})
        })
        if (placed.on) this.#doneOn.set(key, placed.on.index)
        return result
      } catch (error) {
        const { code } = toPlain(error)
        // Others that share the device may be what it lacked memory for.
        if (code === 'backend/out-of-memory') {
          choice.perDevice = Math.ceil(choice.perDevice / 2)
          this.#memory.outdate()
        }
        // Whether this one is set aside the pool decides.
        if (placed.on && DEVICE_ERRORS.includes(code)) avoid.add(placed.on.index)
        if (!placed.on || code !== 'backend/unavailable' || signal.aborted) throw error
      }
    }
  }

  /** How many jobs a lane does at once. */
  #width(lane: LaneName): number {
    if (lane !== 'devices') return this.#options.pool.width(lane)
    return this.#choice ? this.#choice.devices.length * this.#choice.perDevice : 0
  }

  #place(jobs: number, fitting: number, { isGpu }: Memory): Placement {
    if (this.#choice) {
      return { lane: 'devices', atOnce: Math.min(jobs, fitting, this.#width('devices')) }
    }
    const atOnce = Math.min(jobs, fitting, this.#options.pool.width('narrow'))
    return isGpu || atOnce < 2 ? { lane: 'wide', atOnce: 1 } : { lane: 'narrow', atOnce }
  }

  /** Lets other lanes' workers go where what they hold from before is wanted; a GPU does not say. */
  async #makeRoom(each: number, { lane, atOnce }: Placement, memory: Memory): Promise<void> {
    const { pool } = this.#options
    for (const other of WORKING_LANES.filter((one) => one !== lane)) {
      const isOnGpu = memory.isGpu && other !== 'narrow'
      const wanted = each * (atOnce + this.#width(other))
      if (isOnGpu || wanted > (memory.bytes ?? Infinity)) await pool.rest(other)
    }
  }
}
