/** What the window knows of the engine: the only code that hears its events. */
import type {
  Belief,
  Catalogue,
  EngineApi,
  EngineEvent,
  Matrix,
  OpenProject,
  Queue
} from '#shared/contract'
import { toPlain } from '#shared/errors'
import { connect } from '#shared/port'
import type { Pipe } from '#shared/port'
import type { Progress, TracePoint } from '#shared/records'

/** The first wait before connecting again, and the longest, in ms. */
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000

/** Curves are drawn from at most so many points each. */
const CURVE_POINTS = 400

/** The queue is read again at most so often while a study runs, in ms. */
const REFRESH_MS = 2000

/** One engine with one project, as seen from here. */
export class EngineState {
  /** Whether the engine answers. */
  connection = $state<'connecting' | 'open' | 'lost'>('connecting')
  project = $state<OpenProject | null>(null)
  /** Name of the study that is shown. */
  study = $state('')
  catalogue = $state.raw<Catalogue | null>(null)
  queue = $state.raw<Queue | null>(null)
  matrix = $state.raw<Matrix | null>(null)
  belief = $state.raw<Belief | null>(null)
  /** What is being done, by run or activity. */
  progress = $state<Record<string, Progress>>({})
  measured = $state<{ done: number; total: number } | null>(null)
  /** Curves that were asked for, by run. */
  curves = $state.raw<Readonly<Record<string, TracePoint[]>>>({})
  /** What went wrong last, in words. */
  problem = $state<string | null>(null)

  readonly #open: () => Promise<Pipe>
  #engine: EngineApi | null = null
  #waitMs = FIRST_WAIT_MS
  #refreshing: ReturnType<typeof setTimeout> | null = null

  constructor(open: () => Promise<Pipe>) {
    this.#open = open
  }

  /** True while the engine runs a study. */
  get isRunning(): boolean {
    return (this.project?.running ?? null) !== null
  }

  /** Connects, and connects again whenever the connection is lost. */
  async connect(): Promise<void> {
    try {
      const pipe = await this.#open()
      pipe.onClose(() => this.#lose())
      this.#engine = connect(pipe)
      this.#engine.onEvent((event) => this.#hear(event))
      this.#waitMs = FIRST_WAIT_MS
      this.connection = 'open'
      await this.refresh()
    } catch {
      this.#lose()
    }
  }

  /** Shows another study of the project. */
  async choose(study: string): Promise<void> {
    this.study = study
    this.curves = {}
    await this.refresh()
  }

  run(): Promise<void> {
    return this.#ask(async (engine) => void (await engine.runStudy({ study: this.study })))
  }

  stop(): Promise<void> {
    return this.#ask(async (engine) => void (await engine.stopStudy({})))
  }

  /** One of the exported tables as CSV. */
  async table(name: string): Promise<string> {
    let text = ''
    await this.#ask(async (engine) => {
      text = (await engine.readTable({ study: this.study, table: name })) ?? ''
    })
    return text
  }

  /** Reads the curves of runs anew. */
  readCurves(runs: readonly string[]): Promise<void> {
    return this.#ask(async (engine) => {
      const read = runs.map(
        async (run) => [run, await engine.readTrace({ run, points: CURVE_POINTS })] as const
      )
      // Awaited first: an effect that asks for curves must not depend on them.
      const found = Object.fromEntries(await Promise.all(read))
      this.curves = { ...this.curves, ...found }
    })
  }

  /** Reads everything that is shown anew. */
  refresh(): Promise<void> {
    return this.#ask(async (engine) => {
      this.project = await engine.readProject({})
      const names = this.project.studies.map(({ name }) => name)
      if (!names.includes(this.study)) this.study = this.project.running ?? names[0] ?? ''
      const of = { study: this.study }
      this.queue = await engine.readQueue(of)
      this.catalogue = await engine.readCatalogue(of)
      await this.#readReports(engine)
    })
  }

  /** Matrix and belief take the engine a moment: they are read when something was measured. */
  async #readReports(engine: EngineApi): Promise<void> {
    const of = { study: this.study }
    this.matrix = await engine.readMatrix(of)
    this.belief = await engine.readBelief(of)
  }

  #readQueue(): Promise<void> {
    return this.#ask(async (engine) => {
      this.queue = await engine.readQueue({ study: this.study })
    })
  }

  async #ask(work: (engine: EngineApi) => Promise<void>): Promise<void> {
    if (!this.#engine) return
    try {
      await work(this.#engine)
    } catch (error) {
      const { code, message } = toPlain(error)
      if (code !== 'contract/lost') this.problem = message
    }
  }

  #lose(): void {
    this.#engine = null
    this.connection = 'lost'
    setTimeout(() => void this.connect(), this.#waitMs)
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2)
  }

  #hear(event: EngineEvent): void {
    switch (event.kind) {
      case 'progress':
        this.progress[event.key] = event.progress
        return
      case 'ended':
        delete this.progress[event.key]
        return
      case 'measured':
        this.measured = event.done < event.total ? event : null
        if (this.measured === null) void this.#ask((engine) => this.#readReports(engine))
        return
      case 'run':
        this.#refreshSoon()
        return
      case 'study':
        if (event.state !== 'running') {
          this.progress = {}
          this.measured = null
        }
        if (event.state === 'failed') this.problem = event.message
        void this.refresh()
    }
  }

  #refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = null
      void this.#readQueue()
    }, REFRESH_MS)
  }
}
