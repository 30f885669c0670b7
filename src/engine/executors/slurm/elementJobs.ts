/** Gathers jobs into arrays, follows their elements in the queue, and says when a result is there. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ElementState } from '#shared/clusterView'
import { toPlain } from '#shared/errors'
import { isLeaving } from '#shared/leaving'
import { outcomeKeys } from '#engine/storage/outcomes'
import { Accounting } from './accounting'
import type { Cluster } from './cluster'
import { readEnd } from './elementEnd'
import type { ElementEnd } from './elementEnd'
import { liveElements } from './liveElements'
import type { Pace } from './pace'
import { cancelJobs, elementState, isLive, readQueue, recordOf, waitsInVain } from './queue'
import type { Queue, QueueRecord } from './queue'
import { endError, vainWords } from './refusals'
import { jobOf, logPath, readSubmissions, saveSubmission } from './submissions'
import type { ElementPlace } from './submissions'
import { Submitting } from './submitting'
import type { Asked } from './submitting'
import type { Want } from './want'

interface Ask extends Asked {
  resolve: () => void
  reject: (error: unknown) => void
  state: ElementState
  /** When it was first seen to have ended, by a clock that nobody sets; null while it has not. */
  endedAt: number | null
  /** The queue's last word of how it ended: it soon forgets. */
  ended: { state: string; end: ElementEnd | null } | null
  /** What the job failed by, where how its element ends may say more; null while it has not. */
  died: Error | null
  /** When its element was asked to leave. */
  cancelledAt: number | null
}

export interface ElementJobsOptions extends Cluster {
  pace: Pace
}

/** Jobs that are asked for within so many ms make one array. */
const GATHER_MS = 200

/** An element that was asked to leave is waited for so long: it saves its state. */
const LEAVING_MS = 120_000

/** Elements of one project on one cluster. */
export class ElementJobs {
  readonly #options: ElementJobsOptions
  readonly #accounting: Accounting
  readonly #submitting: Submitting<Ask>
  readonly #open = new Set<Ask>()
  #gathered: Ask[] = []
  #handing: Promise<void> = Promise.resolve()
  #watching: Promise<void> | null = null
  #queue: Queue = { isKnown: false, words: 'it was not asked yet' }

  constructor(options: ElementJobsOptions) {
    this.#options = options
    this.#accounting = new Accounting(options.settings)
    this.#submitting = new Submitting(options, {
      open: () => this.#open,
      queue: () => this.#queue,
      knownQueue: (asks, isOpen) => this.#knownQueue(asks, isOpen),
      pause: (isOpen) => this.#pause(isOpen),
      follow: (ask, place) => this.#follow(ask, place),
      fail: (ask, error) => this.#end(ask, () => ask.reject(error)),
      wait: () => this.#watchOn()
    })
  }

  /**
   * Has a job done by an element: one that waits or runs for it already, or a new one.
   *
   * @returns when its result lies in the project
   * @throws WorkbenchError `executor/*`; what the job failed by; the signal's reason when it was stopped. Where
   *   that is `Leaving`, the element goes on
   */
  do(want: Want): Promise<void> {
    return new Promise((resolve, reject) => {
      want.signal.throwIfAborted()
      const at = {
        place: null,
        endedAt: null,
        ended: null,
        died: null,
        cancelledAt: null,
        isOver: false
      }
      const ask: Ask = { want, resolve, reject, state: 'unknown', ...at }
      this.#gathered.push(ask)
      want.signal.addEventListener('abort', () => this.#stop(ask), { once: true })
      if (this.#gathered.length === 1) setTimeout(() => this.#handOverSoon(), GATHER_MS)
    })
  }

  /** Waits until nothing is being handed over or followed. */
  async idle(): Promise<void> {
    await this.#handing
    await this.#watching
    await this.#handing
  }

  #handOverSoon(): void {
    const asks = this.#gathered.splice(0)
    const fail = (error: unknown) => asks.forEach((ask) => this.#end(ask, () => ask.reject(error)))
    this.#handing = this.#handing.then(() => this.#handOver(asks)).catch(fail)
  }

  async #handOver(asks: readonly Ask[]): Promise<void> {
    const isOpen = () => asks.some((ask) => !ask.isOver)
    const queue = await this.#knownQueue(asks, isOpen)
    if (!queue) return
    const submissions = await readSubmissions(this.#options.project)
    const live = await liveElements(this.#options, submissions, queue)
    for (const ask of asks) {
      const place = live.get(`${ask.want.kind} ${ask.want.run}`)
      if (place && !ask.isOver) this.#follow(ask, place)
    }
    await this.#submitting.submit(asks)
  }

  /** Asks until the cluster answers, or nobody wants to know any more. */
  async #knownQueue(asks: readonly Ask[], isOpen: () => boolean) {
    while (isOpen()) {
      this.#queue = await readQueue(this.#options.settings)
      if (this.#queue.isKnown) return this.#queue.elements
      for (const ask of asks) this.#tellUnknown(ask)
      await this.#pause(isOpen)
    }
    return null
  }

  /** A pause that ends early where nobody waits for what comes after it. */
  async #pause(isOpen: () => boolean): Promise<void> {
    const { pollMs, watchMs } = this.#options.pace
    const until = performance.now() + pollMs
    while (isOpen() && performance.now() < until) await sleep(watchMs)
  }

  #follow(ask: Ask, place: ElementPlace): void {
    ask.place = place
    if (ask.isOver) {
      // It was stopped while it was being submitted.
      if (!isLeaving(ask.want.signal)) void this.#cancel([ask])
      return
    }
    this.#open.add(ask)
    this.#watchOn()
  }

  #watchOn(): void {
    this.#watching ??= this.#watch().finally(() => (this.#watching = null))
  }

  /** Looks, after the queue was asked, whether what waits for room has some, and which arrays may have more. */
  #submitMore(): void {
    if (!this.#queue.isKnown) return
    this.#handing = this.#handing.then(() => this.#submitting.submit([]))
  }

  #stop(ask: Ask): void {
    const { signal } = ask.want
    if (ask.isOver) return
    if (!ask.place || isLeaving(signal)) {
      this.#end(ask, () => ask.reject(signal.reason))
    } else {
      ask.cancelledAt = performance.now()
      // Many are stopped at once: one call for all.
      setTimeout(() => void this.#cancelStopped(), GATHER_MS)
    }
  }

  readonly #cancelled = new Set<Ask>()

  async #cancelStopped(): Promise<void> {
    const stopped = [...this.#open].filter(
      (ask) => ask.cancelledAt !== null && !this.#cancelled.has(ask)
    )
    const isWanted = (place: ElementPlace) =>
      [...this.#open].some((other) => other.cancelledAt === null && isSame(other.place!, place))
    for (const ask of stopped) this.#cancelled.add(ask)
    await this.#cancel(stopped.filter((ask) => !isWanted(ask.place!)))
  }

  async #cancel(asks: readonly Ask[]): Promise<void> {
    const jobs = new Set(asks.flatMap(({ place }) => (place ? (jobOf(place) ?? []) : [])))
    if (jobs.size > 0) await cancelJobs(this.#options.settings, [...jobs])
  }

  async #watch(): Promise<void> {
    const { project, settings, folder, pace } = this.#options
    let askedAt = performance.now()
    while (this.#open.size > 0 || this.#submitting.isWaiting()) {
      await sleep(pace.watchMs)
      const isLeft = [...this.#open].some((ask) => ask.cancelledAt !== null)
      const pollMs = isLeft ? Math.min(2000, pace.pollMs) : pace.pollMs
      const isDue = performance.now() - askedAt >= pollMs
      if (isDue) {
        await folder.pull([...this.#open].map(({ want }) => want.run))
        this.#queue = await readQueue(settings)
        askedAt = performance.now()
      }
      const left = new Set(await outcomeKeys(project))
      for (const ask of [...this.#open]) await this.#lookAt(ask, left)
      if (isDue) for (const ask of [...this.#open]) await this.#judge(ask)
      if (isDue) this.#submitMore()
    }
  }

  async #lookAt(ask: Ask, left: ReadonlySet<string>): Promise<void> {
    // What waits has nothing yet: thousands of files are not asked for.
    if (ask.state === 'waiting' && !left.has(ask.want.run)) return
    try {
      if (await ask.want.look(left)) this.#end(ask, ask.resolve)
    } catch (error) {
      // The kernel ends a worker where memory is short: that its element ended so says more than this.
      if (error instanceof Error && toPlain(error).code === 'worker/died') ask.died = error
      else await this.#fail(ask, error)
    }
  }

  async #fail(ask: Ask, error: unknown): Promise<void> {
    await this.#noteFailed(ask)
    this.#end(ask, () => ask.reject(error))
  }

  /** What the queue says of an element that has no result yet. */
  async #judge(ask: Ask): Promise<void> {
    const now = performance.now()
    const { signal } = ask.want
    const isOverdue = ask.cancelledAt !== null && now - ask.cancelledAt > LEAVING_MS
    if (isOverdue) return this.#end(ask, () => ask.reject(signal.reason))
    if (!this.#queue.isKnown) return this.#tellUnknown(ask)
    const record = this.#recordOf(ask)
    ask.state = elementState(record)
    if (isLive(ask.state)) {
      ask.endedAt = null
      ask.ended = null
      // It was put back, and is done anew.
      if (ask.state === 'waiting') ask.died = null
      ask.want.onState?.({ state: ask.state, words: stateWords(ask.state, record!) })
      return
    }
    if (ask.cancelledAt !== null) return this.#end(ask, () => ask.reject(signal.reason))
    ask.endedAt ??= now
    if (record && ask.ended?.state !== record.state) {
      const end = await readEnd(this.#options.settings, jobOf(ask.place!)!)
      ask.ended = { state: record.state, end }
    }
    if (!ask.died && now - ask.endedAt < this.#options.pace.graceMs) return
    await this.#fail(ask, await this.#endOf(ask))
  }

  #recordOf({ place }: Ask): QueueRecord | null {
    if (!this.#queue.isKnown || !place) return null
    return recordOf(this.#queue.elements, place.submission.key, place.index)
  }

  async #endOf({ want, place, ended, died }: Ask): Promise<Error> {
    const { project, folder } = this.#options
    const job = jobOf(place!)!
    const end = await this.#accounting.endOf(ended?.end ?? null, job, place!.submission.key)
    if (died && end?.state !== 'OUT_OF_MEMORY') return died
    const user = end?.cancelledBy ?? null
    await folder.pullLog(place!)
    return endError({
      label: want.label,
      job,
      state: ended?.state ?? null,
      end,
      cancelledBy: user === null ? null : await this.#accounting.nameOf(user),
      logFile: logPath(project, place!)
    })
  }

  async #noteFailed({ place }: Ask): Promise<void> {
    const { submission, index } = place!
    if (submission.failed.includes(index)) return
    submission.failed.push(index)
    await saveSubmission(this.#options.project, submission).catch(() => undefined)
  }

  #tellUnknown(ask: Ask): void {
    if (this.#queue.isKnown || ask.isOver) return
    ask.want.onState?.({
      state: 'unknown',
      words: `the cluster does not answer (${this.#queue.words}); it is asked again`
    })
  }

  #end(ask: Ask, settle: () => void): void {
    if (ask.isOver) return
    ask.isOver = true
    this.#open.delete(ask)
    this.#cancelled.delete(ask)
    settle()
  }
}

function isSame(a: ElementPlace, b: ElementPlace): boolean {
  return a.submission.key === b.submission.key && a.index === b.index
}

function stateWords(state: ElementState, record: QueueRecord): string {
  const { node, reason } = record
  const job = `job ${record.array}_${record.index}`
  if (state === 'running') return node === null ? job : `${node}, ${job}`
  if (waitsInVain(record)) return `${job} waits in vain: ${vainWords(record.reason)}`
  if (state === 'stuck') return `${job} is held in the queue (${reason}) until somebody releases it`
  return `${job} waits in the queue (${reason})`
}
