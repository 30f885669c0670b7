/** Gathers jobs into arrays, follows their elements in the queue, and says when a result is there. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ElementKindSchema } from '#shared/clusterView'
import type { ElementKind, ElementState } from '#shared/clusterView'
import { toPlain } from '#shared/errors'
import { isLeaving } from '#shared/leaving'
import { outcomeKeys } from '#engine/storage/outcomes'
import { Accounting } from './accounting'
import type { Cluster } from './cluster'
import { readEnd } from './elementEnd'
import type { ElementEnd } from './elementEnd'
import { liveElements } from './liveElements'
import { NodeFailures, mayBeTheNode } from './nodeFailures'
import type { Pace } from './pace'
import {
  cancelJobs,
  elementState,
  isLive,
  readArraySize,
  readQueue,
  recordOf,
  waitsInVain
} from './queue'
import type { Queue, QueueRecord } from './queue'
import { endError, vainWords } from './refusals'
import { jobOf, logPath, readSubmissions, saveSubmission } from './submissions'
import type { ElementPlace, Submission } from './submissions'
import { submitArray } from './submitArray'

/** What is to be done by some element. */
export interface Want {
  kind: ElementKind
  /** Fingerprint of the text, of the run or of the model, and what it is called. */
  run: string
  label: string
  signal: AbortSignal
  /**
   * Looks whether a result lies in the project.
   *
   * @param left fingerprints that jobs left an outcome of
   * @throws what the job failed by
   */
  look: (left: ReadonlySet<string>) => Promise<boolean>
  /** Told how it stands, again and again. */
  onState?: (state: ElementNews) => void
}

/** How an element stands. */
export interface ElementNews {
  state: ElementState
  /** In words: where it runs, or what it waits for. */
  words: string
}

interface Ask {
  want: Want
  resolve: () => void
  reject: (error: unknown) => void
  /** Null until it is submitted, or found in the queue. */
  place: ElementPlace | null
  state: ElementState
  /** When it was first seen to have ended, by a clock that nobody sets; null while it has not. */
  endedAt: number | null
  /** The queue's last word of how it ended: it soon forgets. */
  ended: { state: string; end: ElementEnd | null } | null
  /** What the job failed by, where how its element ends may say more; null while it has not. */
  died: Error | null
  /** When its element was asked to leave. */
  cancelledAt: number | null
  isOver: boolean
}

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
  readonly #open = new Set<Ask>()
  #gathered: Ask[] = []
  #handing: Promise<void> = Promise.resolve()
  #watching: Promise<void> | null = null
  #queue: Queue = { isKnown: false, words: 'it was not asked yet' }
  #arraySize: Promise<number> | null = null

  constructor(options: ElementJobsOptions) {
    this.#options = options
    this.#accounting = new Accounting(options.settings)
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
    await this.#submitAll(asks)
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

  async #submitAll(asks: readonly Ask[]): Promise<void> {
    const left = () => asks.filter((ask) => !ask.isOver && !ask.place)
    if (left().length === 0) return
    const { settings } = this.#options
    const most = await (this.#arraySize ??= readArraySize(settings))
    for (const kind of ElementKindSchema.options) {
      const those = left().filter(({ want }) => want.kind === kind)
      const elements = groupsOf(those, kind === 'measure' ? settings.modelsPerElement : 1)
      for (const group of groupsOf(elements, most)) await this.#submit(kind, group)
    }
  }

  /** Submits one array; what was stopped meanwhile is cancelled again. */
  async #submit(kind: ElementKind, groups: readonly Ask[][]): Promise<void> {
    const { settings, study, program, folder } = this.#options
    const elements = groups.map((group) => group.filter((ask) => !ask.isOver))
    const asks = elements.flat()
    if (asks.length === 0) return
    const submission: Submission = {
      format: 'assay-submission',
      version: 1,
      key: `assay-${randomBytes(6).toString('hex')}`,
      kind,
      study,
      project: folder.project,
      settings: this.#nodes.leftOut(settings),
      assay: program.version,
      array: null,
      submittedAt: new Date().toISOString(),
      elements: elements.map((group) => ({
        runs: group.map(({ want }) => want.run),
        labels: group.map(({ want }) => want.label)
      })),
      failed: [],
      isOver: false
    }
    const isOpen = () => asks.some((ask) => !ask.isOver)
    const isAccepted = await submitArray(this.#options, submission, {
      isOpen,
      pause: () => this.#pause(isOpen),
      knownQueue: () => this.#knownQueue(asks, isOpen)
    }).catch((error: unknown) => {
      throw this.#nodes.explained(error)
    })
    if (!isAccepted) return
    elements.forEach((group, index) => {
      for (const ask of group) this.#follow(ask, { submission, index })
    })
  }

  #follow(ask: Ask, place: ElementPlace): void {
    ask.place = place
    if (ask.isOver) {
      // It was stopped while it was being submitted.
      if (!isLeaving(ask.want.signal)) void this.#cancel([ask])
      return
    }
    this.#open.add(ask)
    this.#watching ??= this.#watch().finally(() => (this.#watching = null))
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
    while (this.#open.size > 0) {
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
    }
  }

  async #lookAt(ask: Ask, left: ReadonlySet<string>): Promise<void> {
    // What waits has nothing yet: thousands of files are not asked for.
    if (ask.state === 'waiting' && !left.has(ask.want.run)) return
    try {
      if (!(await ask.want.look(left))) return
      const node = this.#recordOf(ask)?.node
      if (node) this.#nodes.worked(node)
      this.#end(ask, ask.resolve)
    } catch (error) {
      // The kernel ends a worker where memory is short: that its element ended so says more than this.
      if (error instanceof Error && toPlain(error).code === 'worker/died') ask.died = error
      else await this.#fail(ask, error)
    }
  }

  async #fail(ask: Ask, error: unknown): Promise<void> {
    await this.#noteFailed(ask)
    await this.#noteNode(ask, error)
    this.#end(ask, () => ask.reject(error))
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

function groupsOf<Item>(items: readonly Item[], size: number): Item[][] {
  const groups: Item[][] = []
  for (let first = 0; first < items.length; first += size) {
    groups.push(items.slice(first, first + size))
  }
  return groups
}
