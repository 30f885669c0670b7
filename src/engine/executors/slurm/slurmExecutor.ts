/** Has jobs done by a Slurm cluster: each run an element of an array, several models one. */
import { fromPlain, toPlain } from '#shared/errors'
import { isLeaving } from '#shared/leaving'
import type { Prepared, Recipe } from '#shared/records'
import { outcomeKeys, readOutcome, removeOutcome } from '#engine/storage/outcomes'
import type { Outcome } from '#engine/storage/outcomes'
import { finishedResult } from '#engine/storage/runs'
import { isFurther, savedState } from '#engine/storage/savedState'
import { lastPoint } from '#engine/storage/traces'
import type {
  MeasureJob,
  MeasureResult,
  PrepareJob,
  TrainJob,
  TrainResult
} from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { Executor, JobOptions, MeasuringPlacement, Placement } from '../executor'
import { callClient } from './clients'
import type { Cluster } from './cluster'
import { ElementJobs } from './elementJobs'
import { unusableNode } from './nodeFailures'
import { paceOf } from './pace'
import { assertOptions, unavailableError } from './refusals'
import { tidySubmissions } from './tidySubmissions'
import type { ElementNews, Want } from './want'

/** Jobs that are handed over at once, at most: how many run is up to the cluster. */
const MOST_HANDED_OVER = 5000

/** A Slurm cluster. Text is prepared on this machine, unless its settings want an element to do it. */
export class SlurmExecutor implements Executor {
  readonly #cluster: Cluster
  readonly #pool: WorkerPool
  readonly #jobs: ElementJobs
  /** True once the program is being closed: what it handed over goes on. */
  #isLeaving = false

  /** @param onSetAside told of a node to which nothing is submitted any more */
  constructor(
    cluster: Cluster,
    pool: WorkerPool,
    onSetAside?: (node: string, reason: string) => void
  ) {
    this.#cluster = cluster
    this.#pool = pool
    this.#jobs = new ElementJobs({ ...cluster, pace: paceOf(cluster.settings), onSetAside })
  }

  async prepare(text: string, job: PrepareJob, options: JobOptions): Promise<Prepared> {
    if (this.#cluster.settings.prepareText === 'here') {
      return this.#pool.run('prepare', job, options)
    }
    await this.#assertReachable()
    const { signal, onProgress } = options
    const label = `text of ${job.study.name}`
    let found: Prepared | undefined
    const look = async (left: ReadonlySet<string>) => {
      found = (await this.#assertNotFailed(text, left))?.prepared
      return found !== undefined
    }
    const onState = ({ state, words }: ElementNews) =>
      onProgress?.({
        activity: state === 'running' ? 'prepare' : 'queue',
        label,
        done: 0,
        total: null,
        unit: 'bytes',
        rate: null,
        secondsLeft: null,
        detail: words,
        place: words
      })
    try {
      // An element that an earlier process waited for may have left it.
      const isLeft = await look(new Set(await outcomeKeys(job.project))).catch(() => false)
      if (!isLeft) await this.#jobs.do({ kind: 'prepare', run: text, label, signal, look, onState })
    } finally {
      this.#isLeaving ||= isLeaving(signal)
    }
    await this.#cluster.folder.pullText(signal)
    return found!
  }

  /** Looks whether there is somebody to submit to; whether the cluster has room is its own business. */
  async begin(): Promise<void> {
    await this.#assertReachable()
    await tidySubmissions(this.#cluster)
  }

  /** @throws WorkbenchError `executor/refused`, `executor/unavailable` */
  async #assertReachable(): Promise<void> {
    const { settings } = this.#cluster
    assertOptions(settings)
    const called = await callClient(settings, 'sbatch', ['--version'])
    if (called.status !== 0) throw unavailableError(settings, called)
  }

  placeTraining(_recipe: Recipe, runs: number): Promise<Placement> {
    return Promise.resolve(this.#place(runs))
  }

  placeMeasuring(models: number): Promise<MeasuringPlacement> {
    return Promise.resolve({ ...this.#place(models), heldBytes: 0 })
  }

  /** Goes on in another element as long as each gets further than the one before. */
  async train(job: TrainJob, options: JobOptions): Promise<TrainResult> {
    const { fingerprint, label } = job
    const want: Want = {
      kind: 'train',
      run: fingerprint,
      label,
      signal: options.signal,
      look: async (left) => {
        await this.#assertNotFailed(fingerprint, left)
        return (await finishedResult(job.project, fingerprint)) !== null
      },
      onState: (news) => void this.#tellTraining(job, news, options).catch(() => undefined)
    }
    let before = await savedState(job.project, fingerprint)
    for (;;) {
      try {
        await this.#jobs.do(want)
        return { outcome: 'finished', result: (await finishedResult(job.project, fingerprint))! }
      } catch (error) {
        this.#isLeaving ||= isLeaving(options.signal)
        const isLost = toPlain(error).code === 'executor/lost'
        if (!isLost || options.signal.aborted) throw error
        const saved = await this.#cluster.folder.savedState(fingerprint)
        if (!saved || !isFurther(saved, before)) throw error
        before = saved
      }
    }
  }

  async measure(model: string, job: MeasureJob, options: JobOptions): Promise<MeasureResult> {
    let found: MeasureResult | null = null
    const look = async (left: ReadonlySet<string>) => {
      const outcome = await this.#assertNotFailed(model, left)
      found = outcome && measuredOf(outcome, job)
      return found !== null
    }
    const { signal } = options
    try {
      await this.#jobs.do({ kind: 'measure', run: model, label: job.label, signal, look })
    } finally {
      this.#isLeaving ||= isLeaving(signal)
    }
    return found!
  }

  async end(): Promise<void> {
    if (this.#isLeaving) return
    await this.#jobs.idle()
    await tidySubmissions(this.#cluster, Math.min(1000, paceOf(this.#cluster.settings).watchMs))
  }

  #place(jobs: number): Placement {
    const atOnce = Math.min(jobs, MOST_HANDED_OVER)
    return {
      lane: 'wide',
      atOnce,
      workingAtOnce: Math.min(atOnce, this.#cluster.settings.mostAtOnce)
    }
  }

  /** What a job left, if it left something; a reason why it failed is thrown, and gone then. */
  async #assertNotFailed(key: string, left: ReadonlySet<string>): Promise<Outcome | null> {
    if (!left.has(key)) return null
    const { project } = this.#cluster
    const outcome = await readOutcome(project, key)
    if (!outcome?.error) return outcome
    await removeOutcome(project, key)
    // One node says nothing of the others: the study goes on.
    const { code, message } = outcome.error
    if (code === 'backend/unavailable') throw unusableNode(outcome.host, message)
    throw fromPlain({ ...outcome.error, stack: null, cause: null })
  }

  async #tellTraining(job: TrainJob, { state, words }: ElementNews, options: JobOptions) {
    const { recipe, config, draws, label } = job
    const sequences = draws.reduce((sum, draw) => sum + draw.sequences, 0)
    const tokensPerStep = recipe.batchSize * config.contextLength
    const total = Math.floor(sequences / recipe.batchSize) * tokensPerStep
    const waits = state === 'waiting' || state === 'stuck'
    const point = waits ? null : await lastPoint(job.project, job.fingerprint)
    // Of one that nobody can ask about, what it wrote says whether it trained.
    const isQueued = waits || (state === 'unknown' && point === null)
    const rate = state === 'running' ? (point?.tokensPerSecond ?? null) : null
    options.onProgress?.({
      activity: isQueued ? 'queue' : 'train',
      label,
      done: point?.tokens ?? 0,
      total,
      unit: 'tokens',
      rate,
      secondsLeft: rate ? (total - point!.tokens) / rate : null,
      detail: point ? `loss ${point.loss.toFixed(3)}, ${words}` : words,
      place: words
    })
  }
}

/** What was measured, in the order of the job's domains; null where it is of other domains. */
function measuredOf({ measured }: Outcome, job: MeasureJob): MeasureResult | null {
  if (!measured) return null
  const nats = job.domains.map(
    ({ fingerprint }) =>
      measured.measurements.find(
        (one) => one.domain === fingerprint && one.definition === job.definition
      )?.nats
  )
  if (!nats.every((one) => one !== undefined)) return null
  const { averageMs, evaluateMs } = measured
  return { nats, tokens: 0, averageMs, evaluateMs }
}
