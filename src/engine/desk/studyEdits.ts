/** Studies of an open project as screens change them; each change can be undone. */
import type { EngineEvent } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import { clusterSettingsOf, keepingOther } from '#shared/executors'
import type { Study } from '#shared/records'
import { confirmCommands, confirmShownCommands } from '../confirmedCommands'
import type { ProjectSession } from '../projectSession'
import { assertKnownPlaces, isKnownCluster } from '../studies/knownPlaces'
import { parseStudy } from '../studies/study'
import { StudyHistory } from './studyHistory'
import type { StudyEdit } from './studyHistory'

/** Who asks: what a screen may say depends on where it is. */
export interface Asker {
  /** True for the window of this machine's own application, never for one that came over a network. */
  setsCommands: boolean
}

/** A screen of which nothing is known but that it has the link. */
export const FAR: Asker = { setsCommands: false }

/** What edits ask of the project's host. */
interface EditsHost {
  tell(event: EngineEvent): void
  /** @throws WorkbenchError where the project may not be written now */
  assertWritable(): void
  /** Name of the study that runs; null when none does. */
  running(): string | null
}

/** Adds, changes and removes studies, one edit after another. */
export class StudyEdits {
  readonly #session: ProjectSession
  readonly #host: EditsHost
  readonly #history = new StudyHistory()
  #lastEdit: Promise<void> = Promise.resolve()

  constructor(session: ProjectSession, host: EditsHost) {
    this.#session = session
    this.#host = host
  }

  /** What undoing and doing again would do, in words; null where there is nothing. */
  get undo(): string | null {
    return this.#history.undo
  }

  get redo(): string | null {
    return this.#history.redo
  }

  /**
   * A study out of what a screen sent.
   *
   * @throws WorkbenchError `study/invalid`, also for what this asker may not set
   */
  studyFrom(draft: unknown, { setsCommands }: Asker): Study {
    const study = parseStudy(draft, 'The study')
    assertKnownPlaces(study, this.#session.studies, setsCommands)
    return study
  }

  /**
   * True where who sits at this machine just said by which commands a cluster is used. Those that the project came
   * with are not so: nobody need have read them.
   */
  isTypedHere(study: Study, { setsCommands }: Asker): boolean {
    return setsCommands && !isKnownCluster(study, this.#session.studies)
  }

  /** @throws WorkbenchError as {@link studyFrom} does; `study/running` */
  async saveStudy({ study: draft }: { study: unknown }, asker: Asker): Promise<Study> {
    this.#host.assertWritable()
    const study = this.#withOther(this.studyFrom(draft, asker))
    const isTypedHere = this.isTypedHere(study, asker)
    await this.edit(study)
    // Who would be asked whether they may run has just written them.
    const executor = clusterSettingsOf(study.executor)
    if (isTypedHere) await confirmCommands(this.#session.folder, { name: study.name, executor })
    return study
  }

  /**
   * Lets commands run that were shown to who sits at this machine.
   *
   * @throws WorkbenchError `study/unconfirmed` for a screen that may be anywhere, and for other commands than
   *   those shown
   */
  async confirmShown(
    { study: name, keys }: { study: string; keys: readonly string[] },
    { setsCommands }: Asker
  ): Promise<void> {
    if (!setsCommands) {
      throw new WorkbenchError(
        'study/unconfirmed',
        "Commands are confirmed on the engine's own machine, by who sits there. Nothing that comes over a network can do it.",
        { study: name }
      )
    }
    await confirmShownCommands(this.#session.folder, this.#session.study(name), keys)
  }

  /** A study that goes from a cluster to this machine, or there, keeps how the other was used. */
  #withOther(study: Study): Study {
    const before = this.#session.studies.find(({ name }) => name === study.name)
    const executor = keepingOther(study.executor, before?.executor)
    return executor ? { ...study, executor } : study
  }

  /** Takes a study off the project; its runs stay. */
  async removeStudy({ study: name }: { study: string }): Promise<Record<string, never>> {
    this.#host.assertWritable()
    await this.#editing(async () => {
      const edit = { before: this.#session.study(name), after: null }
      await this.#apply(edit)
      this.#history.add(edit)
    })
    return {}
  }

  async undoEdit(): Promise<Record<string, never>> {
    this.#host.assertWritable()
    await this.#editing(() => this.#history.back((edit) => this.#apply(edit)))
    return {}
  }

  async redoEdit(): Promise<Record<string, never>> {
    this.#host.assertWritable()
    await this.#editing(() => this.#history.forth((edit) => this.#apply(edit)))
    return {}
  }

  /** Adds a study or replaces the one of its name, so that it can be undone. */
  async edit(study: Study): Promise<void> {
    await this.#editing(async () => {
      const before = this.#session.studies.find((one) => one.name === study.name) ?? null
      await this.#apply({ before, after: study })
      this.#history.add({ before, after: study })
    })
  }

  /** Edits follow one another: each begins with what the one before made of the studies. */
  async #editing(work: () => Promise<void>): Promise<void> {
    const editing = this.#lastEdit.then(work)
    this.#lastEdit = editing.catch(() => undefined)
    await editing
    this.#host.tell({ kind: 'desk' })
  }

  async #apply({ before, after }: StudyEdit): Promise<void> {
    const name = (after ?? before)!.name
    if (this.#host.running() === name) {
      throw new WorkbenchError(
        'study/running',
        `The study "${name}" is running. Stop it before it is changed.`,
        { study: name }
      )
    }
    if (after) await this.#session.saveStudy(after)
    else await this.#session.removeStudy(name)
  }
}
