/** The host's side of the workers: a process with one thread each, and who does which job. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { WorkbenchError, fromPlain, toPlain } from '#shared/errors'
import type { Progress, Recipe } from '#shared/records'
import { DeviceSlots } from './deviceSlots'
import type { DevicePlace, PoolDevice } from './deviceSlots'
import type { FromWorker, JobKind, Jobs, ToWorker } from './jobs'

export { DEVICE_ERRORS } from './deviceSlots'
export type { DevicePlace, PoolDevice } from './deviceSlots'

/**
 * `wide`: one worker with all threads; `narrow`: as many workers as there are threads; `aside`:
 * some that never train, so that what a screen asks is answered while the others do.
 */
type FixedLaneName = 'wide' | 'narrow' | 'aside'

/** `devices`: workers that have one of several devices each, made as jobs come for them. */
export type LaneName = FixedLaneName | 'devices'

/** A device of the pool, with what is done on it. */
export interface DeviceUse {
  index: number
  name: string
  /** Process ids of its workers. */
  pids: number[]
  /** What they work on. */
  jobs: string[]
  /** Why nothing is done on it any more; null while it is used. */
  setAside: string | null
}

export interface Lane {
  workers: number
  /** What a worker's process is born with. */
  environment: (matmulPrecision: MatmulPrecision) => Record<string, string>
}

type MatmulPrecision = Recipe['matmulPrecision']

export interface PoolOptions {
  /** Built entries: the process and the thread inside it. */
  processEntry: string
  workerEntry: string
  lanes: Record<FixedLaneName, Lane>
}

interface Pending {
  id: number
  kind: JobKind
  input: unknown
  matmulPrecision: MatmulPrecision
  /** In the lane of devices. */
  place: DevicePlace | undefined
  signal: AbortSignal | undefined
  onProgress: ((progress: Progress) => void) | undefined
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
  /** Takes the job's listener off its signal, which lives longer than the job. */
  forget: () => void
}

/** One worker: its process, once it is started, and what it does. */
interface Slot {
  environment: Lane['environment']
  /** Whose worker it is, in the lane of devices. */
  device: PoolDevice | null
  process: ChildProcess | null
  /** With which precision the process was born. */
  matmulPrecision: MatmulPrecision
  job: Pending | null
}

/** A process that was asked to end and does not is killed after so long. */
const PATIENCE_MS = 3000

/** After these a process is not to be trusted with another job. */
const BROKEN: readonly string[] = ['backend/out-of-memory', 'backend/unavailable']

/** Fixed workers, started when first needed and never churned. */
export class WorkerPool {
  readonly #options: PoolOptions
  readonly #slots: Record<FixedLaneName, Slot[]>
  readonly #devices = new DeviceSlots((device) => newSlot(device.environment, device))
  readonly #waiting: Record<LaneName, Pending[]> = { wide: [], narrow: [], aside: [], devices: [] }
  #nextId = 1
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
    const slotsOf = (lane: FixedLaneName) => {
      const { workers, environment } = options.lanes[lane]
      return Array.from({ length: workers }, () => newSlot(environment))
    }
    this.#slots = { wide: slotsOf('wide'), narrow: slotsOf('narrow'), aside: slotsOf('aside') }
  }

  /** How many jobs a lane does at once. */
  width(lane: FixedLaneName): number {
    return this.#options.lanes[lane].workers
  }

  /** Makes devices known that jobs may be placed on. */
  addDevices(devices: readonly PoolDevice[]): void {
    this.#devices.add(devices)
  }

  /** Uses devices again that were set aside. */
  takeBackDevices(): void {
    this.#devices.takeBack()
  }

  /** The devices that are known, and what is done on them. */
  get devices(): DeviceUse[] {
    return this.#devices.states.map(({ device, slots, setAside }) => ({
      index: device.index,
      name: device.name,
      pids: slots.flatMap((slot) => slot.process?.pid ?? []),
      jobs: slots.flatMap(({ job }) => (job ? [labelOf(job)] : [])),
      setAside
    }))
  }

  /**
   * Gives a job to a free worker of a lane, or queues it.
   *
   * @param options `signal`: asks the job to stop; a job still queued is dropped.
   *   `matmulPrecision`: a process has one from its birth, so a worker of another begins anew.
   *   `place`: on which device, in the lane of those
   * @throws WorkbenchError what the job threw, or `worker/died`; `backend/unavailable` where all devices
   *   that may do it are set aside
   * @throws the signal's reason when the job stopped for it
   */
  run<Kind extends JobKind>(
    kind: Kind,
    input: Jobs[Kind]['input'],
    options: {
      lane?: LaneName
      matmulPrecision?: MatmulPrecision
      place?: DevicePlace
      signal?: AbortSignal
      onProgress?: (progress: Progress) => void
    } = {}
  ): Promise<Jobs[Kind]['result']> {
    const lane = options.lane ?? 'wide'
    return new Promise<Jobs[Kind]['result']>((resolve, reject) => {
      if (this.#closed) throw new Error('the worker pool is closed')
      options.signal?.throwIfAborted()
      const job: Pending = {
        id: this.#nextId++,
        kind,
        input,
        matmulPrecision: options.matmulPrecision ?? 'float32',
        place: options.place,
        signal: options.signal,
        onProgress: options.onProgress,
        resolve: resolve as (result: unknown) => void,
        reject,
        forget: () => undefined
      }
      // One that waits is dropped at once: what is before it may take hours.
      const drop = () => {
        const place = this.#waiting[lane].indexOf(job)
        if (place < 0) return
        this.#waiting[lane].splice(place, 1)
        reject(options.signal?.reason)
      }
      // Many jobs of one study wait for one signal, which is no leak.
      if (options.signal) setMaxListeners(0, options.signal)
      options.signal?.addEventListener('abort', drop, { once: true })
      job.forget = () => options.signal?.removeEventListener('abort', drop)
      this.#waiting[lane].push(job)
      this.#dispatch(lane)
    })
  }

  /**
   * Ends a lane's processes that have no job, so that their memory is there for others: they keep
   * what they once took, since fresh pages are dear. They begin anew when next needed.
   */
  async rest(lane: LaneName): Promise<void> {
    const idle = this.#slotsOf(lane).filter((slot) => slot.job === null)
    const children = idle.flatMap((slot) => (slot.process ? [slot.process] : []))
    for (const slot of idle) slot.process = null
    await Promise.all(children.map(endProcess))
  }

  /** Ends the processes. Jobs still running fail as `worker/died`; stop them before. */
  async close(): Promise<void> {
    this.#closed = true
    const processes = [...Object.values(this.#slots).flat(), ...this.#devices.slots].flatMap(
      (slot) => (slot.process ? [slot.process] : [])
    )
    await Promise.all(processes.map(endProcess))
  }

  #slotsOf(lane: LaneName): Slot[] {
    return lane === 'devices' ? this.#devices.slots : this.#slots[lane]
  }

  /** A worker that may do a job now; null while there is none. */
  #findSlot(lane: LaneName, { place }: Pending): Slot | null {
    if (lane !== 'devices') return this.#slots[lane].find((one) => one.job === null) ?? null
    if (!place) throw new Error('a job of the lane of devices says where it may be done')
    return this.#devices.find(place)
  }

  /** Of jobs for devices one that must wait does not keep others waiting, who may go elsewhere. */
  #dispatch(lane: LaneName): void {
    for (const job of [...this.#waiting[lane]]) {
      let slot: Slot | null
      try {
        slot = this.#findSlot(lane, job)
      } catch (error) {
        this.#takeOff(lane, job)
        job.reject(error)
        continue
      }
      if (slot) this.#begin(lane, slot, job)
      else if (lane !== 'devices') return
    }
  }

  #takeOff(lane: LaneName, job: Pending): void {
    const waiting = this.#waiting[lane]
    waiting.splice(waiting.indexOf(job), 1)
    job.forget()
  }

  #begin(lane: LaneName, slot: Slot, job: Pending): void {
    this.#takeOff(lane, job)
    if (job.signal?.aborted) {
      job.reject(job.signal.reason)
      return
    }
    let child: ChildProcess
    try {
      child = this.#processFor(lane, slot, job.matmulPrecision)
    } catch (error) {
      // The system may refuse a process at once, for want of memory: that concerns this job only.
      job.reject(workerDied(slot, `it could not be started (${toPlain(error).message})`, error))
      return
    }
    slot.job = job
    const send = (message: ToWorker) => child.connected && child.send(message)
    const askToStop = () => send({ stop: job.id })
    job.signal?.addEventListener('abort', askToStop, { once: true })
    job.forget = () => job.signal?.removeEventListener('abort', askToStop)
    if (slot.device) job.place?.onPlaced?.(slot.device)
    send({ id: job.id, kind: job.kind, input: job.input })
  }

  #processFor(lane: LaneName, slot: Slot, matmulPrecision: MatmulPrecision): ChildProcess {
    if (slot.process && slot.matmulPrecision !== matmulPrecision) {
      letGo(slot)
    }
    slot.matmulPrecision = matmulPrecision
    return (slot.process ??= this.#start(lane, slot))
  }

  #start(lane: LaneName, slot: Slot): ChildProcess {
    const environment = slot.environment(slot.matmulPrecision)
    const child = fork(this.#options.processEntry, [this.#options.workerEntry], {
      env: { ...process.env, ...environment },
      // Ctrl-C reaches the whole process group; the host decides what becomes of the jobs.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: []
    })
    let lastWords = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-4000)
    })
    child.on('message', (message: FromWorker) => {
      if (slot.process === child) this.#receive(lane, slot, message)
    })
    child.on('error', (error) => {
      if (slot.process !== child) return
      slot.process = null
      child.kill('SIGKILL')
      const how = `it could not be started or reached (${error.message})`
      this.#fail(lane, slot, workerDied(slot, how, error))
    })
    child.on('exit', (code, signal) => {
      if (slot.process !== child) return
      slot.process = null
      const how = `it ended with ${signal ?? `exit status ${code}`}${said(lastWords)}`
      this.#fail(lane, slot, workerDied(slot, how))
    })
    return child
  }

  /** A process that ran out of memory holds what it had: what is tried again begins in another. */
  #receive(lane: LaneName, slot: Slot, message: FromWorker): void {
    const { job } = slot
    if (!job) return
    if ('died' in message) {
      const cause = fromPlain(message.died)
      this.#fail(lane, slot, workerDied(slot, cause.message, cause))
      return
    }
    if (job.id !== message.id) return
    if ('progress' in message) {
      job.onProgress?.(message.progress)
      return
    }
    if ('error' in message) {
      if (BROKEN.includes(message.error.code)) letGo(slot)
      this.#fail(lane, slot, fromPlain(message.error))
      return
    }
    this.#settle(lane, slot, () => {
      if ('stopped' in message) {
        job.reject(job.signal?.reason ?? new Error('stopped'))
        return
      }
      if (slot.device) this.#devices.note(slot.device, null)
      job.resolve(message.result)
    })
  }

  #fail(lane: LaneName, slot: Slot, error: Error): void {
    this.#settle(lane, slot, (job) => {
      const { device } = slot
      const memory = device ? job.place?.memory?.get(device.index) : undefined
      const reason = device && this.#devices.note(device, toPlain(error), memory)
      if (device && reason !== null) job.place?.onSetAside?.(device, reason)
      job.reject(error)
    })
  }

  #settle(lane: LaneName, slot: Slot, how: (job: Pending) => void): void {
    const { job } = slot
    if (!job) return
    slot.job = null
    job.forget()
    how(job)
    if (!this.#closed) this.#dispatch(lane)
  }
}

function newSlot(environment: Lane['environment'], device: PoolDevice | null = null): Slot {
  return { environment, device, process: null, matmulPrecision: 'float32', job: null }
}

/** What a job calls itself; its kind where it has no name. */
function labelOf({ kind, input }: Pending): string {
  const { label } = input as { label?: unknown }
  return typeof label === 'string' ? label : kind
}

/** Another process does what comes next; this one ends by itself when its host lets go of it. */
function letGo(slot: Slot): void {
  if (slot.process?.connected) slot.process.disconnect()
  slot.process = null
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const killing = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  if (child.connected) child.disconnect()
  await ended
  clearTimeout(killing)
}

function said(lastWords: string): string {
  const lines = lastWords.trim().split('\n').slice(-5).join('\n')
  return lines === '' ? '' : `, saying:\n${lines}`
}

function workerDied({ device }: Slot, how: string, cause?: unknown): WorkbenchError {
  const where = device ? ` on ${device.name}` : ''
  return new WorkbenchError(
    'worker/died',
    `A worker died${where}: ${how}. What it worked on can be run again; finished work is kept.`,
    {},
    cause === undefined ? {} : { cause }
  )
}
