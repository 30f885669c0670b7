/** Gathers jobs into arrays, follows their elements in the queue, and says when a result is there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { toPlain } from '#shared/errors'
import type { WorkbenchError } from '#shared/errors'
import { isLeaving } from '#shared/leaving'
import { outcomeKeys } from '#engine/storage/outcomes'
import { isPassing } from '#engine/storage/readErrors'
import { Accounting } from './accounting'
import { isSame, isWanted, stateWords, tell, unreadWords } from './asks'
import type { Ask } from './asks'
import { CANCEL_PAUSE_MS, cancelJobs, cancelWords } from './cancelling'
import type { Cluster } from './cluster'
import { readEnd } from './elementEnd'
import { liveElements } from './liveElements'
import { NodeFailures, mayBeTheNode } from './nodeFailures'
import type { Pace } from './pace'
import { elementState, isLive, readQueue, recordOf } from './queue'
import type { Queue, QueueRecord } from './queue'
import { endError } from './refusals'
import { jobOf, logPath, readSubmissions, saveSubmission } from './submissions'
import type { ElementPlace } from './submissions'
import { Submitting } from './submitting'
import type { Want } from './want'

export interface ElementJobsOptions extends Cluster {
  pace: Pace
  /** Told of a node to which nothing is submitted any more. */
  onSetAside?: ((node: string, reason: string) => void) | undefined
}

/** Jobs that are asked for within so many ms make one array. */
const GATHER_MS = 200

/** An element that was asked to leave is waited for so long: it saves its state. */
const LEAVING_MS = 120_000

/** Elements of one project on one cluster. */
export class ElementJobs {
  readonly #options: ElementJobsOptions
  readonly #accounting: Accounting
  readonly #nodes = new NodeFailures()
  readonly #submitting: Submitting
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
      settings: () => this.#nodes.leftOut(options.settings),
      knownQueue: (asks, isOpen) => this.#knownQueue(asks, isOpen),
      pause: (isOpen) => this.#pause(isOpen),
      follow: (ask, place) => this.#follow(ask, place),
      fail: (ask, error) => this.#reject(ask, this.#nodes.explained(error)),
      wait: () => this.#keepWatching()
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
        unread: null,
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
    const fail = (error: unknown) => asks.forEach((ask) => this.#reject(ask, error))
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
    await this.#takeIn(asks)
    await this.#submitting.submit(asks)
  }

  /** What lies there since another day nobody does again, and what failed then is no word on a new try. */
  async #takeIn(asks: readonly Ask[]): Promise<void> {
    const open = () => asks.filter((ask) => !ask.isOver && !ask.place)
    const isOpen = () => open().length > 0
    for (let error; isOpen() && (error = await this.#pull(open())); await this.#pause(isOpen)) {
      if (isOpen() && error.details['isCutOff'] !== true) throw error
      for (const ask of open()) tell(ask, error.message)
    }
    if (!isOpen()) return
    const left = new Set(await outcomeKeys(this.#options.project))
    for (const ask of open()) {
      const { run, look } = ask.want
      const isThere = await look(left).catch((error: unknown) => {
        if (isPassing(error)) throw error
        left.delete(run)
        return look(left).catch(() => false)
      })
      if (isThere) this.#end(ask, ask.resolve)
    }
  }

  readonly #pulls = new Set<{ asks: readonly Ask[]; controller: AbortController }>()

  /** Brings what was left, as long as somebody waits for it. @returns why not all of it came */
  async #pull(asks: readonly Ask[]): Promise<WorkbenchError | null> {
    const wanted = asks.filter(isWanted)
    if (wanted.length === 0) return null
    const pull = { asks: wanted, controller: new AbortController() }
    this.#pulls.add(pull)
    try {
      const runs = wanted.map(({ want }) => want.run)
      return await this.#options.folder.pull(runs, pull.controller.signal)
    } finally {
      this.#pulls.delete(pull)
    }
  }

  /** A copy may take hours: who stops waits for none that nobody else wants. */
  #letGo(): void {
    for (const { asks, controller } of this.#pulls) if (!asks.some(isWanted)) controller.abort()
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
    this.#keepWatching()
  }

  #keepWatching(): void {
    if (this.#open.size === 0 && !this.#submitting.isWaiting()) return
    const fail = (error: unknown) => [...this.#open].forEach((ask) => this.#reject(ask, error))
    this.#watching ??= this.#watch()
      .catch(fail)
      .finally(() => {
        this.#watching = null
        this.#keepWatching()
      })
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
      this.#reject(ask, signal.reason)
    } else {
      ask.cancelledAt = performance.now()
      // Many are stopped at once: one call for all.
      setTimeout(() => void this.#cancelStopped(), GATHER_MS)
    }
    this.#letGo()
  }

  readonly #cancelled = new Set<Ask>()

  async #cancelStopped(): Promise<void> {
    const stopped = [...this.#open].filter(
      (ask) => ask.cancelledAt !== null && !this.#cancelled.has(ask)
    )
    const isOthers = ({ place }: Ask) =>
      [...this.#open].some((other) => isWanted(other) && isSame(other.place!, place!))
    for (const ask of stopped) this.#cancelled.add(ask)
    await this.#cancel(stopped.filter((ask) => !isOthers(ask)))
  }

  async #cancel(asks: readonly Ask[]): Promise<void> {
    const elements = asks.flatMap(({ place }) =>
      place?.submission.array ? [{ array: place.submission.array, index: place.index }] : []
    )
    if (elements.length === 0) return
    const queue = this.#queue.isKnown ? this.#queue.elements.values() : []
    const { settings, pace } = this.#options
    const pauseMs = Math.min(CANCEL_PAUSE_MS, pace.pollMs)
    const left = await cancelJobs(settings, cancelWords(elements, queue), pauseMs)
    if (!left) return
    for (const ask of asks) {
      tell(ask, `it could not be taken out of the queue: "${left.said}"`)
      // It is tried again with the next look at the queue.
      if (left.mayPass) this.#cancelled.delete(ask)
    }
  }

  async #watch(): Promise<void> {
    const { settings, pace } = this.#options
    let askedAt = performance.now()
    while (this.#open.size > 0 || this.#submitting.isWaiting()) {
      await sleep(pace.watchMs)
      const isLeft = [...this.#open].some((ask) => ask.cancelledAt !== null)
      const pollMs = isLeft ? Math.min(2000, pace.pollMs) : pace.pollMs
      const isDue = performance.now() - askedAt >= pollMs
      const error = isDue ? await this.#pull([...this.#open]) : null
      if (isDue) {
        this.#queue = await readQueue(settings)
        askedAt = performance.now()
      }
      const unread = await this.#look()
      if (!isDue) continue
      for (const ask of [...this.#open]) await this.#judge(ask, error?.message ?? unread)
      if (isLeft) void this.#cancelStopped()
      this.#submitMore()
    }
  }

  /** Looks what lies there. @returns why nobody knows; a folder on a network is not always to be read */
  async #look(): Promise<string | null> {
    try {
      const left = new Set(await outcomeKeys(this.#options.project))
      for (const ask of [...this.#open]) await this.#lookAt(ask, left)
      return null
    } catch (error) {
      return toPlain(error).message
    }
  }

  async #lookAt(ask: Ask, left: ReadonlySet<string>): Promise<void> {
    // What waits has nothing yet: thousands of files are not asked for.
    if (ask.state === 'waiting' && !left.has(ask.want.run)) return
    ask.unread = null
    try {
      if (!(await ask.want.look(left))) return
      const node = this.#recordOf(ask)?.node
      if (node) this.#nodes.worked(node)
      this.#end(ask, ask.resolve)
    } catch (error) {
      if (isPassing(error)) ask.unread = toPlain(error).message
      // The kernel ends a worker where memory is short: that its element ended so says more than this.
      else if (error instanceof Error && toPlain(error).code === 'worker/died') ask.died = error
      else await this.#fail(ask, error)
    }
  }

  async #fail(ask: Ask, error: unknown): Promise<void> {
    await this.#noteFailed(ask)
    await this.#noteNode(ask, error)
    this.#reject(ask, error)
  }

  /** Before it is tried again: the next element of it is to go elsewhere. */
  async #noteNode(ask: Ask, error: unknown): Promise<void> {
    const job = ask.place && jobOf(ask.place)
    if (!job || !mayBeTheNode(error)) return
    const known = this.#recordOf(ask)?.node ?? ask.ended?.end?.node
    const node = known ?? (await readEnd(this.#options.settings, job))?.node
    const reason = node && this.#nodes.failed(node, job, error)
    if (node && reason) this.#options.onSetAside?.(`node ${node}`, reason)
  }

  /**
   * What the queue says of an element that has no result yet.
   *
   * @param unread why it is not known what lies there: then nothing is said of one that ended
   */
  async #judge(ask: Ask, unread: string | null): Promise<void> {
    const now = performance.now()
    const { signal } = ask.want
    const isOverdue = ask.cancelledAt !== null && now - ask.cancelledAt > LEAVING_MS
    if (isOverdue) return this.#reject(ask, signal.reason)
    if (!this.#queue.isKnown) return this.#tellUnknown(ask)
    const record = this.#recordOf(ask)
    ask.state = elementState(record)
    if (isLive(ask.state)) {
      ask.endedAt = null
      ask.ended = null
      // It was put back, and is done anew.
      if (ask.state === 'waiting') ask.died = null
      const words = stateWords(ask.state, record!)
      tell(ask, unread === null ? words : `${words}; ${unreadWords(unread)}`, ask.state)
      return
    }
    if (ask.cancelledAt !== null) return this.#reject(ask, signal.reason)
    ask.endedAt ??= now
    if (record && ask.ended?.state !== record.state) {
      const end = await readEnd(this.#options.settings, jobOf(ask.place!)!)
      ask.ended = { state: record.state, end }
    }
    const trouble = unread ?? ask.unread
    if (trouble !== null && !ask.died) {
      // It may have left a result: its time to be seen begins once one can look again.
      ask.endedAt = null
      return tell(ask, `it ended; ${unreadWords(trouble)}`)
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
    if (this.#queue.isKnown) return
    tell(ask, `the cluster does not answer (${this.#queue.words}); it is asked again`)
  }

  #reject(ask: Ask, error: unknown): void {
    this.#end(ask, () => ask.reject(error))
  }

  #end(ask: Ask, settle: () => void): void {
    if (ask.isOver) return
    ask.isOver = true
    this.#open.delete(ask)
    this.#cancelled.delete(ask)
    settle()
  }
}
