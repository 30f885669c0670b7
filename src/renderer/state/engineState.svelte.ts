/** What the window knows of the engine: the only code that hears its events. */
import type { Catalogue, EngineApi, EngineEvent, OpenProject } from '#shared/contract'
import type { DeskView } from '#shared/deskView'
import type { Belief, Matrix } from '#shared/evidenceView'
import type { Queue } from '#shared/trainingView'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { PlainError } from '#shared/errors'
import { connect } from '#shared/port'
import type { Pipe } from '#shared/port'
import type { Progress } from '#shared/records'
import { problemWords, unconfirmedStudy } from './problemHints'
import { unpackMatrix } from './unpackMatrix'

/** The first wait before connecting again, and the longest, in ms. */
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000

/** The queue is read again at most so often while a study runs, in ms. */
const REFRESH_MS = 2000

/** What is being done is shown anew at most so often, in ms: many runs tell of themselves at once. */
const PROGRESS_MS = 100

/** A browser's storage, or part of it. */
type Memory = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
const OPENED = 'assay-opened'

/** One engine with one project, as seen from here. */
export class EngineState {
  /** Whether the engine answers. */
  connection = $state<'connecting' | 'open' | 'lost'>('connecting')
  /** Projects that can be opened, and which one is. */
  desk = $state.raw<DeskView | null>(null)
  /** Title of the project that is being opened; null when none is. */
  opening = $state<string | null>(null)
  /** The open project; null when none is. */
  project = $state.raw<OpenProject | null>(null)
  /** Name of the study that is shown. */
  study = $state('')
  catalogue = $state.raw<Catalogue | null>(null)
  queue = $state.raw<Queue | null>(null)
  matrix = $state.raw<Matrix | null>(null)
  belief = $state.raw<Belief | null>(null)
  /** Beliefs of all studies of the project, by name, once they are compared. */
  beliefs = $state.raw<Readonly<Record<string, Belief | null>>>({})
  /** What is being done, by run or activity. */
  progress = $state.raw<Readonly<Record<string, Progress>>>({})
  /** Keys of `progress`; another object only when something began or ended. */
  active = $state.raw<Readonly<Record<string, true>>>({})
  /** Those that wait in a cluster's queue; another object only when one more or less does. */
  queued = $state.raw<Readonly<Record<string, true>>>({})
  measured = $state<{ done: number; total: number } | null>(null)
  /** What went wrong last, in words. */
  problem = $state<string | null>(null)
  /** Of what went wrong last: the study whose commands wait to be confirmed. */
  unconfirmed = $state.raw<{ study: string; problem: string } | null>(null)

  readonly #open: () => Promise<Pipe>
  readonly #memory: Memory
  #engine: EngineApi | null = null
  #waitMs = FIRST_WAIT_MS
  #refreshing: ReturnType<typeof setTimeout> | null = null
  /** Counts connections: what an older one tells is not heard any more. */
  #attempt = 0
  /** Project and study that everything shown is of. */
  #shown: { open: string | null; study: string } = { open: null, study: '' }
  /** What was told since `progress` was shown last. */
  #told: Record<string, Progress> = {}
  #showing: ReturnType<typeof setTimeout> | null = null

  /**
   * @param open opens a pipe to the engine
   * @param memory what outlives a page that is loaded again: which project is open
   */
  constructor(open: () => Promise<Pipe>, memory: Memory) {
    this.#open = open
    this.#memory = memory
  }

  /**
   * The engine itself, for what a part asks and shows by itself.
   *
   * @throws WorkbenchError `contract/lost` while there is no connection
   */
  get api(): EngineApi {
    if (this.#engine) return this.#engine
    throw new WorkbenchError(
      'contract/lost',
      'The engine does not answer. Wait for it, then try again.'
    )
  }

  /** The open project by id, for what is asked of listed ones too; null when none is open. */
  get opened(): { id: string; title: string } | null {
    const id = this.desk?.open ?? null
    return id === null || this.project === null ? null : { id, title: this.project.title }
  }

  /** True where text can be imported and studies changed. */
  get isWritable(): boolean {
    return this.project !== null && !this.project.isReadOnly
  }

  /** True where the study was made from tables: there is no text in it and nothing to run. */
  get isFromTables(): boolean {
    return this.project?.isFromTables ?? false
  }

  /** True while the engine runs a study. */
  get isRunning(): boolean {
    return (this.project?.running ?? null) !== null
  }

  /** Connects, and connects again whenever the connection is lost. */
  async connect(): Promise<void> {
    const attempt = (this.#attempt += 1)
    const isLast = () => attempt === this.#attempt
    try {
      const pipe = await this.#open()
      pipe.onClose(() => this.#lose(attempt))
      const engine = connect(pipe)
      engine.onEvent((event) => {
        if (isLast()) this.#hear(event)
      })
      await this.#reopen(engine)
      if (!isLast()) return
      this.#engine = engine
      this.#waitMs = FIRST_WAIT_MS
      // What was being done is told anew.
      this.#setProgress({})
      this.measured = null
      this.connection = 'open'
      await this.refresh()
      this.opening = null
    } catch {
      this.#lose(attempt)
    }
  }

  /** Opens a project of the list. */
  openProject(id: string, readOnly = false): Promise<boolean> {
    return this.#opens(this.#titleOf(id), async (engine) => {
      await engine.openProject({ id, readOnly })
      this.#opened = { id, readOnly }
    })
  }

  /** Makes a project of a name and opens it. */
  createProject(name: string): Promise<boolean> {
    return this.#opens(name, (engine) => engine.createProject({ name }))
  }

  /** Makes the demo's project, if it is not there, and opens it. */
  openDemo(): Promise<boolean> {
    return this.order((engine) => engine.openDemo({}))
  }

  cancelDemo(): Promise<boolean> {
    return this.order((engine) => engine.cancelDemo({}))
  }

  closeProject(): Promise<boolean> {
    return this.order((engine) => engine.closeProject({}))
  }

  forgetProject(id: string): Promise<boolean> {
    return this.order((engine) => engine.forgetProject({ id }))
  }

  /** Shows another study of the project. */
  async choose(study: string): Promise<void> {
    this.#look(this.desk?.open ?? '', study)
    await this.refresh()
  }

  run(): Promise<boolean> {
    return this.order((engine) => engine.runStudy({ study: this.study }))
  }

  /** Runs studies one after another. */
  runAll(studies: string[]): Promise<boolean> {
    return this.order((engine) => engine.runStudies({ studies }))
  }

  stop(): Promise<boolean> {
    return this.order((engine) => engine.stopStudy({}))
  }

  undo(): Promise<boolean> {
    return this.order((engine) => engine.undoEdit({}))
  }

  redo(): Promise<boolean> {
    return this.order((engine) => engine.redoEdit({}))
  }

  /** One of the exported tables as CSV. */
  async table(name: string): Promise<string> {
    let text = ''
    await this.order(async (engine) => {
      text = (await engine.readTable({ study: this.study, table: name })) ?? ''
    })
    return text
  }

  /** The report as the text of one file; null where there is none, which `problem` then explains. */
  async report(form: 'html' | 'latex' = 'html'): Promise<string | null> {
    let text: string | null = null
    const isAsked = await this.order(async (engine) => {
      text = await engine.readReport({ study: this.study, form })
    })
    if (isAsked && text === null) {
      this.problem = 'There is nothing to report yet: the text is not prepared. Run the study.'
    }
    return text
  }

  /**
   * Asks the engine to do something.
   *
   * @returns true when it was done; what went wrong is said in `problem`
   */
  async order(work: (engine: EngineApi) => Promise<unknown>): Promise<boolean> {
    if (!this.#engine) return false
    try {
      await work(this.#engine)
      return true
    } catch (error) {
      const plain = toPlain(error)
      if (plain.code !== 'contract/lost') this.#note(plain)
      return false
    }
  }

  #note(error: PlainError): void {
    const problem = problemWords(error, this.desk?.setsCommands)
    const study = unconfirmedStudy(error)
    this.problem = problem
    this.unconfirmed = study === null ? null : { study, problem }
  }

  /** As {@link order}; what is opened is said until it is shown, or cannot be. */
  async #opens(title: string, work: (engine: EngineApi) => Promise<unknown>): Promise<boolean> {
    this.opening = title
    const isOpen = await this.order(work)
    if (!isOpen) this.opening = null
    return isOpen
  }

  #titleOf(id: string, projects = this.desk?.projects): string {
    return projects?.find((project) => project.id === id)?.title ?? id
  }

  /** Reads everything that is shown anew. */
  async refresh(): Promise<boolean> {
    const isRead = await this.order(async (engine) => {
      const desk = await engine.readDesk({})
      this.desk = desk
      if (desk.open === null) return this.#forget()
      if (this.project === null) this.opening ??= this.#titleOf(desk.open)
      this.#opened = { id: desk.open, readOnly: this.#opened?.readOnly ?? false }
      const project = await engine.readProject({})
      const names = project.studies.map(({ name }) => name)
      const kept = names.includes(this.study) ? this.study : (project.running ?? names[0] ?? '')
      this.#look(desk.open, kept)
      this.project = project
      this.opening = null
      if (kept === '') return
      const shown = this.#shown
      await this.#readQueueOf(engine)
      const catalogue = await engine.readCatalogue({ study: kept })
      if (shown !== this.#shown) return
      this.catalogue = catalogue
      await this.#readReports(engine)
    })
    if (!isRead) this.opening = null
    return isRead
  }

  /** Looks at a study: nothing of another one, or of another project, is shown any longer. */
  #look(open: string, study: string): void {
    const before = this.#shown
    if (before.open === open && before.study === study) return
    this.#shown = { open, study }
    this.study = study
    this.catalogue = this.queue = this.matrix = this.belief = null
    if (before.open === open) return
    this.beliefs = {}
    this.#setProgress({})
    this.measured = null
  }

  /** A queue that cannot be read is not there: its study may have changed. */
  async #readQueueOf(engine: EngineApi): Promise<void> {
    const shown = this.#shown
    try {
      const queue = await engine.readQueue({ study: this.study })
      if (shown === this.#shown) this.queue = queue
    } catch (error) {
      if (shown === this.#shown) this.queue = null
      throw error
    }
  }

  /** Matrix and belief take the engine a moment: they are read when something was measured. */
  async #readReports(engine: EngineApi): Promise<void> {
    const { study } = this
    const shown = this.#shown
    const matrix = await engine.readMatrix({ study })
    if (shown !== this.#shown) return
    this.matrix = matrix && unpackMatrix(matrix)
    const belief = await engine.readBelief({ study })
    // Another study may have been chosen while this one's intervals were computed.
    if (shown !== this.#shown) return
    this.belief = belief
    if (study in this.beliefs) this.beliefs = { ...this.beliefs, [study]: belief }
  }

  /** Reads the beliefs of all studies, one after another; each is shown as it comes. */
  readBeliefs(): Promise<boolean> {
    return this.order(async (engine) => {
      const open = this.desk?.open
      for (const { name } of this.project?.studies ?? []) {
        const belief = await engine.readBelief({ study: name })
        if (open !== this.desk?.open) return
        this.beliefs = { ...this.beliefs, [name]: belief }
      }
    })
  }

  /** After a lost connection, and when a page is loaded again: what was open is again. */
  async #reopen(engine: EngineApi): Promise<void> {
    const { open, projects } = await engine.readDesk({})
    if (open !== null || this.#opened === null) return
    this.opening = this.#titleOf(this.#opened.id, projects)
    await engine.openProject(this.#opened).catch((error: unknown) => {
      const { code, message } = toPlain(error)
      // It is opened by the next connection.
      if (code === 'contract/lost') throw error
      this.problem = message
      this.#opened = this.opening = null
    })
  }

  /** What is open here, so that it is again after the connection was lost. */
  get #opened(): { id: string; readOnly: boolean } | null {
    const text = this.#memory.getItem(OPENED)
    return text === null ? null : (JSON.parse(text) as { id: string; readOnly: boolean })
  }

  set #opened(opened: { id: string; readOnly: boolean } | null) {
    if (opened === null) this.#memory.removeItem(OPENED)
    else this.#memory.setItem(OPENED, JSON.stringify(opened))
  }

  #forget(): void {
    this.#opened = null
    this.project = null
    this.#look('', '')
  }

  #readQueue(): Promise<boolean> {
    return this.order((engine) => this.#readQueueOf(engine))
  }

  /** Once per connection, however often its end is told. */
  #lose(attempt: number): void {
    if (attempt !== this.#attempt) return
    this.#attempt += 1
    this.#engine = null
    this.connection = 'lost'
    this.opening = null
    setTimeout(() => void this.connect(), this.#waitMs)
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2)
  }

  #hear(event: EngineEvent): void {
    switch (event.kind) {
      case 'desk':
        void this.refresh()
        return
      case 'progress':
        this.#told[event.key] = event.progress
        this.#showing ??= setTimeout(() => {
          this.#showing = null
          this.#setProgress({ ...this.progress, ...this.#told })
        }, PROGRESS_MS)
        return
      case 'ended': {
        const { [event.key]: _, ...others } = { ...this.progress, ...this.#told }
        this.#setProgress(others)
        // The text is prepared: what is planned is known from now on.
        if (event.key === 'prepare') void this.refresh()
        return
      }
      case 'measured':
        this.measured = event.done < event.total ? event : null
        if (this.measured === null) void this.order((engine) => this.#readReports(engine))
        return
      case 'run':
        this.#refreshSoon()
        return
      case 'disk':
        if (this.project) this.project = { ...this.project, lowDisk: event.waiting }
        return
      case 'queue':
        void this.#readQueue()
        return
      case 'device':
        // The meters and the log tell of it.
        return
      case 'study':
        if (event.state !== 'running') {
          this.#setProgress({})
          this.measured = null
        }
        // What went wrong before is no news once it is tried again.
        if (event.state === 'running') this.problem = null
        if (event.state === 'failed') this.problem = event.message
        void this.refresh()
    }
  }

  #setProgress(progress: Readonly<Record<string, Progress>>): void {
    this.progress = progress
    this.#told = {}
    const keys = Object.keys(progress)
    this.active = keysAs(this.active, keys)
    this.queued = keysAs(
      this.queued,
      keys.filter((key) => progress[key]!.activity === 'queue')
    )
  }

  #refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = null
      void this.#readQueue()
    }, REFRESH_MS)
  }
}

/** The same object where it has these keys already: who looks at it need not look again. */
function keysAs(
  known: Readonly<Record<string, true>>,
  keys: readonly string[]
): Readonly<Record<string, true>> {
  const isSame = keys.length === Object.keys(known).length && keys.every((key) => key in known)
  return isSame ? known : Object.fromEntries(keys.map((key) => [key, true as const]))
}
