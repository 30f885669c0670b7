/** The host's side of the workers: a few processes, their threads, and who does which job. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { WorkbenchError, fromPlain } from '#shared/errors'
import type { Progress } from '#shared/records'
import type { FromWorker, JobKind, Jobs, Routed, ThreadDied, ToWorker } from './jobs'

/** `wide`: one worker with all threads; `narrow`: as many workers as there are threads. */
export type LaneName = 'wide' | 'narrow'

export interface Lane {
  workers: number
  /** TensorFlow threads of each worker. */
  threads: number
  environment: Record<string, string>
}

export interface PoolOptions {
  /** Built entries: the process and the thread inside it. */
  processEntry: string
  workerEntry: string
  lanes: Record<LaneName, Lane>
}

interface Pending {
  id: number
  kind: JobKind
  input: unknown
  signal: AbortSignal | undefined
  onProgress: ((progress: Progress) => void) | undefined
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}

interface LaneState {
  process: ChildProcess
  /** The job of each thread; null when free. */
  busy: (Pending | null)[]
}

/** Fixed workers, started when first needed and never churned. */
export class WorkerPool {
  readonly #options: PoolOptions
  readonly #lanes = new Map<LaneName, LaneState>()
  readonly #waiting = new Map<LaneName, Pending[]>([
    ['wide', []],
    ['narrow', []]
  ])
  #nextId = 1
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** How many jobs a lane does at once. */
  width(lane: LaneName): number {
    return this.#options.lanes[lane].workers
  }

  /**
   * Gives a job to a free worker of a lane, or queues it.
   *
   * @param options `signal`: asks the job to stop; a job still queued is dropped
   * @throws WorkbenchError what the job threw, or `worker/died`
   * @throws the signal's reason when the job stopped for it
   */
  run<Kind extends JobKind>(
    kind: Kind,
    input: Jobs[Kind]['input'],
    options: {
      lane?: LaneName
      signal?: AbortSignal
      onProgress?: (progress: Progress) => void
    } = {}
  ): Promise<Jobs[Kind]['result']> {
    const lane = options.lane ?? 'wide'
    return new Promise<Jobs[Kind]['result']>((resolve, reject) => {
      if (this.#closed) throw new Error('the worker pool is closed')
      options.signal?.throwIfAborted()
      this.#waiting.get(lane)!.push({
        id: this.#nextId++,
        kind,
        input,
        signal: options.signal,
        onProgress: options.onProgress,
        resolve: resolve as (result: unknown) => void,
        reject
      })
      this.#dispatch(lane)
    })
  }

  /** Ends the processes. Jobs still running fail as `worker/died`; stop them before. */
  async close(): Promise<void> {
    this.#closed = true
    const ended = [...this.#lanes.values()].map(
      ({ process }) => new Promise<void>((resolve) => process.once('exit', () => resolve()))
    )
    for (const { process } of this.#lanes.values()) process.disconnect()
    await Promise.all(ended)
  }

  #dispatch(lane: LaneName): void {
    const waiting = this.#waiting.get(lane)!
    while (waiting.length > 0) {
      const state = this.#lanes.get(lane) ?? this.#start(lane)
      const thread = state.busy.indexOf(null)
      if (thread < 0) return
      const job = waiting.shift()!
      if (job.signal?.aborted) {
        job.reject(job.signal.reason)
        continue
      }
      state.busy[thread] = job
      const send = (message: ToWorker) =>
        state.process.send({ thread, message } satisfies Routed<ToWorker>)
      send({ id: job.id, kind: job.kind, input: job.input })
      job.signal?.addEventListener(
        'abort',
        () => {
          if (state.busy[thread] === job && state.process.connected) send({ stop: job.id })
        },
        { once: true }
      )
    }
  }

  #start(lane: LaneName): LaneState {
    const { workers, environment } = this.#options.lanes[lane]
    const child = fork(this.#options.processEntry, [this.#options.workerEntry, String(workers)], {
      env: { ...process.env, ...environment },
      // Ctrl-C reaches the whole process group; the host decides what becomes of the jobs.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: []
    })
    const state: LaneState = { process: child, busy: new Array<Pending | null>(workers).fill(null) }
    let lastWords = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-4000)
    })
    child.on('message', (message: Routed<FromWorker> | ThreadDied) => {
      if ('died' in message) {
        this.#settle(lane, state, message.thread, (job) =>
          job.reject(workerDied(fromPlain(message.died).message, fromPlain(message.died)))
        )
      } else {
        this.#receive(lane, state, message.thread, message.message)
      }
    })
    child.on('exit', (code, signal) => {
      this.#lanes.delete(lane)
      for (let thread = 0; thread < workers; thread++) {
        this.#settle(lane, state, thread, (job) =>
          job.reject(
            workerDied(`it ended with ${signal ?? `exit status ${code}`}${said(lastWords)}`)
          )
        )
      }
    })
    this.#lanes.set(lane, state)
    return state
  }

  #receive(lane: LaneName, state: LaneState, thread: number, message: FromWorker): void {
    const job = state.busy[thread]
    if (!job || job.id !== message.id) return
    if ('progress' in message) return job.onProgress?.(message.progress)
    this.#settle(lane, state, thread, () => {
      if ('error' in message) job.reject(fromPlain(message.error))
      else if ('stopped' in message) job.reject(job.signal?.reason ?? new Error('stopped'))
      else job.resolve(message.result)
    })
  }

  #settle(lane: LaneName, state: LaneState, thread: number, how: (job: Pending) => void): void {
    const job = state.busy[thread]
    if (!job) return
    state.busy[thread] = null
    how(job)
    if (!this.#closed) this.#dispatch(lane)
  }
}

function said(lastWords: string): string {
  const lines = lastWords.trim().split('\n').slice(-5).join('\n')
  return lines === '' ? '' : `, saying:\n${lines}`
}

function workerDied(how: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError(
    'worker/died',
    `A worker died: ${how}. What it worked on can be run again; finished work is kept.`,
    {},
    cause === undefined ? {} : { cause }
  )
}
