/** Studies of an open project as they run: one at a time, and others of the same order after it. */
import type { EngineEvent, StudyNews } from '#shared/contract'
import { Leaving } from '#shared/leaving'
import type { LowDisk } from '#shared/trainingView'
import { toPlain } from '#shared/errors'
import { assertCommandsConfirmed } from '../confirmedTrainers'
import type { ProjectSession } from '../projectSession'
import type { DiskOptions } from '../studies/diskRoom'
import { runningError } from '../studies/refusals'
import type { RunQueue } from '../studies/runQueue'
import { outcomeOf, told } from './studyNews'

/** What runs ask of the project's host. */
interface RunsHost {
  tell(event: EngineEvent): void
  /** @throws WorkbenchError where the project may not be written now */
  assertWritable(): void
  /** How the project's disk is watched. */
  disk: DiskOptions
}

/** How one study of an order ended. */
interface Outcome {
  state: StudyNews['state']
  message: string | null
  /** False where what went wrong would stop the studies behind it too. */
  mayGoOn: boolean
}

/** Runs studies in the order asked for; what is finished is not run again, so asking again goes on. */
export class StudyRuns {
  readonly #session: ProjectSession
  readonly #queue: RunQueue
  readonly #host: RunsHost
  #going: { controller: AbortController; ended: Promise<void> } | null = null
  #lowDisk: LowDisk | null = null
  #now: { running: string; waiting: readonly string[] } | null = null

  constructor(session: ProjectSession, queue: RunQueue, host: RunsHost) {
    this.#session = session
    this.#queue = queue
    this.#host = host
  }

  /** Name of the study that runs; null when none does. */
  get running(): string | null {
    return this.#now?.running ?? null
  }

  /** Names of the studies that run after it. */
  get waiting(): readonly string[] {
    return this.#now?.waiting ?? []
  }

  /** While the study waits for space on its disk; else null. */
  get lowDisk(): LowDisk | null {
    return this.#lowDisk
  }

  /** @throws WorkbenchError `study/running` */
  assertIdle(): void {
    if (this.running !== null) throw runningError(this.running)
  }

  /**
   * Begins to run studies one after another.
   *
   * @throws WorkbenchError `study/running`, `study/missing`, `trainer/unconfirmed`, `executor/unconfirmed`, and where
   *   the project may not be written
   */
  async start(names: readonly string[]): Promise<void> {
    this.assertIdle()
    this.#host.assertWritable()
    const studies = names.map((name) => this.#session.study(name))
    // Who asks is answered, instead of a study that begins and fails.
    for (const study of studies) await assertCommandsConfirmed(this.#session.folder, study)
    this.assertIdle()
    const controller = new AbortController()
    this.#going = { controller, ended: this.#runAll([...new Set(names)], controller.signal) }
  }

  /** Asks what runs to stop between two steps; what waits is not begun. */
  stop(): void {
    this.#going?.controller.abort(new Error('stopped by the user'))
  }

  /** As {@link stop}, because the program is closed: what a cluster does of it goes on. */
  leave(): void {
    this.#going?.controller.abort(new Leaving())
  }

  /** Waits until nothing runs. */
  async ended(): Promise<void> {
    await this.#going?.ended
  }

  async #runAll(names: readonly string[], signal: AbortSignal): Promise<void> {
    const wrong: string[] = []
    for (const [place, name] of names.entries()) {
      const waiting = names.slice(place + 1)
      this.#now = { running: name, waiting }
      this.#tell(name, { state: 'running', message: null })
      const { state, message, mayGoOn } = await this.#run(name, signal)
      if (state === 'failed') wrong.push(names.length > 1 ? `${name}: ${message}` : message!)
      const [next] = waiting
      if (next !== undefined && mayGoOn && !signal.aborted) {
        this.#now = { running: next, waiting: waiting.slice(1) }
        this.#tell(name, { state, message })
        continue
      }
      this.#now = null
      if (wrong.length > 0 && waiting.length > 0) wrong.push(`Not begun: ${waiting.join(', ')}.`)
      // What went wrong in the studies before was cleared when the next began.
      if (wrong.length > 0) this.#tell(name, { state: 'failed', message: wrong.join('\n') })
      else this.#tell(name, { state, message })
      return
    }
  }

  /** Runs that fail let others go on; an error of the study itself may be the disk's. */
  async #run(name: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const summary = await this.#session.run(this.#session.study(name), {
        signal,
        queue: this.#queue,
        disk: this.#host.disk,
        // Workers coalesce their progress: here it is only passed on.
        onProgress: (progress) => this.#host.tell({ kind: 'progress', key: 'prepare', progress }),
        onEvent: (event) => {
          if (event.kind === 'disk') this.#noteDisk(event.waiting)
          if (event.kind === 'progress') {
            this.#queue.noteQueued(event.key, event.progress.activity === 'queue')
          }
          this.#host.tell(told(event))
        }
      })
      return { ...outcomeOf(summary), mayGoOn: true }
    } catch (error) {
      return { state: 'failed', message: toPlain(error).message, mayGoOn: false }
    }
  }

  #noteDisk(waiting: LowDisk | null): void {
    // What was being prepared is begun anew when there is space.
    if (waiting && !this.#lowDisk) this.#host.tell({ kind: 'ended', key: 'prepare' })
    this.#lowDisk = waiting
  }

  #tell(study: string, news: Pick<StudyNews, 'state' | 'message'>): void {
    this.#host.tell({ kind: 'study', study, ...news })
  }
}
