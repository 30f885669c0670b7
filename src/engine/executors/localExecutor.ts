/** Runs jobs in worker processes of this machine, as many at once as its memory holds. */
import type { Prepared, Recipe } from '#shared/records'
import {
  evaluationMemoryBytes,
  evaluationsThatFit,
  trainingMemoryBytes,
  trainingsThatFit
} from '#engine/model/config'
import type {
  ComputeDevice,
  MeasureJob,
  MeasureResult,
  PrepareJob,
  TrainJob,
  TrainResult
} from '#engine/workers/jobs'
import type { LaneName, WorkerPool } from '#engine/workers/pool'
import type { Executor, JobOptions, MeasuringPlacement, Placement, Work } from './executor'

/** What decides how many jobs go at once. */
interface Memory {
  isGpu: boolean
  /** Bytes that were free before anything was begun; null on a GPU, which does not say. */
  bytes: number | null
}

/** Branches of merges stay in a worker's memory up to so many bytes. */
const HELD_BYTES = 1 << 30

/** Share of the memory that workers' held branches and domains may fill; the rest is computed in. */
const HELD_SHARE = 0.25

/** Bytes that this machine, or the container it is, could still fill. */
export function availableMemory(): number {
  return process.availableMemory()
}

export interface LocalExecutorOptions {
  pool: WorkerPool
  /** What will compute; asked only when something is to be done. */
  device: () => Promise<ComputeDevice>
}

/** This machine. */
export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions
  #begun: { work: Work; memory: Memory } | null = null

  constructor(options: LocalExecutorOptions) {
    this.#options = options
  }

  prepare(job: PrepareJob, options: JobOptions): Promise<Prepared> {
    return this.#options.pool.run('prepare', job, options)
  }

  /** Looks at the memory: every recipe must fit, and so must measuring. */
  async begin(work: Work): Promise<void> {
    this.#begun = { work, memory: await this.#findMemory(work) }
  }

  async placeTraining(recipe: Recipe, runs: number): Promise<Placement> {
    const { pool } = this.#options
    const {
      work: { config },
      memory
    } = this.#found()
    if (this.#found().work.trainer) return this.#placeCommands(runs)
    const placement = this.#place(runs, trainingsThatFit(config, recipe, memory.bytes), memory)
    const each = trainingMemoryBytes(config, recipe)
    await this.#makeRoom(each, placement, memory)
    // What this lane's workers hold of measuring may be wanted too.
    if (2 * each * placement.atOnce > (memory.bytes ?? Infinity)) await pool.rest(placement.lane)
    return placement
  }

  async placeMeasuring(models: number, ownLane?: LaneName): Promise<MeasuringPlacement> {
    const { pool } = this.#options
    const {
      work: { config, evaluationBatch },
      memory
    } = this.#found()
    const free = memory.bytes === null ? null : memory.bytes * (1 - HELD_SHARE)
    const fitting = evaluationsThatFit(config, evaluationBatch, free)
    const placement = ownLane ? { lane: ownLane, atOnce: 1 } : this.#place(models, fitting, memory)
    await this.#makeRoom(evaluationMemoryBytes(config, evaluationBatch), placement, memory)
    const held = (memory.bytes ?? availableMemory()) * HELD_SHARE
    return { ...placement, heldBytes: Math.min(HELD_BYTES, held / pool.width('narrow')) }
  }

  async train(job: TrainJob, options: JobOptions): Promise<TrainResult> {
    const { matmulPrecision } = job.recipe
    // What our own workers hold, a GPU's memory above all, is the command's now.
    if (job.trainer) await this.#restAll()
    return this.#options.pool.run('train', job, { ...options, matmulPrecision })
  }

  measure(_model: string, job: MeasureJob, options: JobOptions): Promise<MeasureResult> {
    return this.#options.pool.run('measure', job, options)
  }

  end(): Promise<void> {
    return Promise.resolve()
  }

  /** What commands take nobody knows: as many at once as the user says. */
  #placeCommands(runs: number): Placement {
    const { atOnce: asked = 1 } = this.#found().work.trainer ?? {}
    const atOnce = Math.min(asked, runs, this.#options.pool.width('narrow'))
    return { lane: atOnce < 2 ? 'wide' : 'narrow', atOnce: Math.max(1, atOnce) }
  }

  async #restAll(): Promise<void> {
    await this.#options.pool.rest('wide')
    await this.#options.pool.rest('narrow')
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

  #place(jobs: number, fitting: number, { isGpu }: Memory): Placement {
    const atOnce = Math.min(jobs, fitting, this.#options.pool.width('narrow'))
    // Several small models on one GPU may be faster; nobody has measured it yet.
    return isGpu || atOnce < 2 ? { lane: 'wide', atOnce: 1 } : { lane: 'narrow', atOnce }
  }

  /** Lets the other lane's workers go where what they hold from before is wanted. */
  async #makeRoom(each: number, { lane, atOnce }: Placement, memory: Memory): Promise<void> {
    const { pool } = this.#options
    const other = lane === 'wide' ? 'narrow' : 'wide'
    if (each * (atOnce + pool.width(other)) > (memory.bytes ?? Infinity)) await pool.rest(other)
  }
}
