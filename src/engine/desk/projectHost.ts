/** An open project as the contract has it: what a screen asks and is told. */
import { basename } from 'node:path'
import type { EngineEvent, OpenProject, ProjectApi, Queue } from '#shared/contract'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { Study, TracePoint } from '#shared/records'
import type { MeasuredTexts } from '#shared/storedText'
import { PRESETS, parameterCount } from '../model/config'
import type { ProjectSession } from '../projectSession'
import { Drops } from './drops'
import { MixtureWork } from './mixtureWork'
import { StudyHistory } from './studyHistory'
import type { StudyEdit } from './studyHistory'
import { isRunFinished } from '../storage/runs'
import { readTrace } from '../storage/traces'
import { studyMatrix } from '../studies/matrix'
import { runsOf } from '../studies/plan'
import { readOnlyError, runningError } from '../studies/refusals'
import type { StudyEvent } from '../studies/run'
import { previewUnits } from '../studies/storedText'
import { parseStudy } from '../studies/study'

/** Serves one project to any number of screens; one study runs at a time. */
export class ProjectHost implements ProjectApi {
  readonly #session: ProjectSession
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  readonly #history = new StudyHistory()
  readonly #drops: Drops
  readonly #mixtures: MixtureWork
  #importing: { name: string; controller: AbortController; ended: Promise<unknown> } | null = null
  readonly #closing = new AbortController()
  readonly #counting = new Map<string, Promise<MeasuredTexts>>()
  #running: { study: string; controller: AbortController; ended: Promise<void> } | null = null

  private constructor(session: ProjectSession) {
    this.#session = session
    this.#drops = new Drops(session.folder)
    this.#mixtures = new MixtureWork(session, {
      tell: (event) => this.#tell(event),
      assertIdle: () => this.#assertIdle(),
      editStudy: (study) => this.#edit(study)
    })
  }

  static async over(session: ProjectSession): Promise<ProjectHost> {
    const host = new ProjectHost(session)
    if (!session.isReadOnly) await host.#drops.sweep()
    return host
  }

  get folder(): string {
    return this.#session.folder
  }

  get isReadOnly(): boolean {
    return this.#session.isReadOnly
  }

  /** True while something goes on that should not be cut off. */
  get isBusy(): boolean {
    return this.#running !== null || this.#importing !== null || this.#mixtures.isBusy
  }

  onEvent = (listener: (event: EngineEvent) => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readProject = (): Promise<OpenProject> => {
    const { folder, studies, corpora, isReadOnly, readOnlyBecause } = this.#session
    return Promise.resolve({
      title: basename(folder),
      isReadOnly,
      readOnlyBecause,
      studies: [...studies],
      corpora: [...corpora],
      running: this.#running?.study ?? null,
      importing: this.#importing?.name ?? null,
      undo: this.#history.undo,
      redo: this.#history.redo
    })
  }

  readCatalogue: ProjectApi['readCatalogue'] = async ({ study }) => {
    const prepared = await this.#session.findPrepared(this.#session.study(study))
    if (!prepared) return null
    const { partitions, domains, overlaps } = prepared
    return { partitions, domains, overlaps }
  }

  readTexts: ProjectApi['readTexts'] = ({ study }) =>
    this.#session.askText('texts', this.#session.study(study), {})

  readLengths: ProjectApi['readLengths'] = ({ study: name }) => {
    const study = this.#session.study(name)
    // Screens that ask at once share one count, of the study and the text as they are now.
    const key = JSON.stringify([study, this.#session.corpora.map((one) => one.fingerprint)])
    const counting =
      this.#counting.get(key) ??
      this.#session
        .askText(
          'lengths',
          study,
          {},
          {
            signal: this.#closing.signal,
            onProgress: (progress) => this.#tell({ kind: 'progress', key: 'count', progress })
          }
        )
        .finally(() => {
          this.#counting.delete(key)
          this.#tell({ kind: 'ended', key: 'count' })
        })
    this.#counting.set(key, counting)
    return counting
  }

  listDocuments: ProjectApi['listDocuments'] = ({ study, ...request }) =>
    this.#session.askText('documents', this.#session.study(study), request)

  searchDocuments: ProjectApi['searchDocuments'] = ({ study, ...request }) =>
    this.#session.askText('search', this.#session.study(study), request)

  readDocument: ProjectApi['readDocument'] = ({ study, ...request }) =>
    this.#session.askText('document', this.#session.study(study), request)

  previewUnits: ProjectApi['previewUnits'] = async ({ study: name, sequences }) => {
    const study = this.#session.study(name)
    const texts = await this.#session.askText('texts', study, {})
    const isDone = (fingerprint: string) => isRunFinished(this.#session.folder, fingerprint)
    return previewUnits(study, texts, sequences, await this.#session.findPlan(study), isDone)
  }

  readQueue: ProjectApi['readQueue'] = async ({ study }): Promise<Queue> => {
    const one = this.#session.study(study)
    if (!(await this.#session.findPrepared(one))) return { isPrepared: false, runs: [] }
    const { plan } = await this.#session.plan(one)
    const heads = new Map(this.#session.runs.map((run) => [run.fingerprint, run]))
    const distinct = new Map(runsOf(plan).map((run) => [run.fingerprint, run]))
    const runs = [...distinct.values()].map(({ fingerprint, role, name, tokens }) => ({
      fingerprint,
      role,
      name,
      tokens,
      isDone: isRunFinished(this.#session.folder, fingerprint),
      head: heads.get(fingerprint) ?? null
    }))
    return { isPrepared: true, runs }
  }

  readTrace: ProjectApi['readTrace'] = async ({ run, points }) => {
    // Names of runs become paths: only those that the project knows.
    const isKnown = this.#session.runs.some(({ fingerprint }) => fingerprint === run)
    return isKnown ? thinned(await readTrace(this.#session.folder, run), points) : []
  }

  readMatrix: ProjectApi['readMatrix'] = ({ study }) =>
    this.#whenPrepared(study, async (one) => studyMatrix(await this.#session.results(one)))

  readBelief: ProjectApi['readBelief'] = ({ study }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.belief(one))

  readTable: ProjectApi['readTable'] = ({ study, table }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.table(one, table))

  evaluateMixture: ProjectApi['evaluateMixture'] = (input) => this.#mixtures.evaluateMixture(input)

  evaluateMixtures: ProjectApi['evaluateMixtures'] = (input) =>
    this.#mixtures.evaluateMixtures(input)

  addMixture: ProjectApi['addMixture'] = (input) => this.#mixtures.addMixture(input)

  exportMerge: ProjectApi['exportMerge'] = (input) => this.#mixtures.exportMerge(input)

  stopMixtures: ProjectApi['stopMixtures'] = () => {
    this.#mixtures.stop()
    return Promise.resolve({})
  }

  trainSequentially: ProjectApi['trainSequentially'] = async ({ study, mixtures }) => {
    await this.#mixtures.addSequential(study, mixtures)
    return this.runStudy({ study })
  }

  runStudy: ProjectApi['runStudy'] = async ({ study }) => {
    this.#assertIdle()
    this.#assertWritable()
    const controller = new AbortController()
    const ended = this.#run(this.#session.study(study), controller.signal)
    this.#running = { study, controller, ended }
    return {}
  }

  stopStudy: ProjectApi['stopStudy'] = () => {
    this.#running?.controller.abort(new Error('stopped by the user'))
    return Promise.resolve({})
  }

  saveStudy: ProjectApi['saveStudy'] = async ({ study: draft }) => {
    this.#assertWritable()
    const study = parseStudy(draft, 'The study')
    await this.#edit(study)
    return study
  }

  removeStudy: ProjectApi['removeStudy'] = async ({ study: name }) => {
    this.#assertWritable()
    const edit = { before: this.#session.study(name), after: null }
    await this.#apply(edit)
    this.#history.add(edit)
    this.#tell({ kind: 'desk' })
    return {}
  }

  readPresets: ProjectApi['readPresets'] = ({ vocabularySize }) =>
    Promise.resolve(
      Object.entries(PRESETS).map(([name, shape]) => ({
        name,
        shape,
        parameters: parameterCount({ ...shape, vocabularySize })
      }))
    )

  undoEdit: ProjectApi['undoEdit'] = async () => {
    await this.#history.back((edit) => this.#apply(edit))
    this.#tell({ kind: 'desk' })
    return {}
  }

  redoEdit: ProjectApi['redoEdit'] = async () => {
    await this.#history.forth((edit) => this.#apply(edit))
    this.#tell({ kind: 'desk' })
    return {}
  }

  beginDrop: ProjectApi['beginDrop'] = async ({ files }) => {
    this.#assertWritable()
    return { drop: await this.#drops.begin(files) }
  }

  /** A drop of files that lie on this machine: for shells, whose people choose paths. */
  adoptDrop(paths: string[]): string {
    this.#assertWritable()
    return this.#drops.adopt(paths)
  }

  addToDrop: ProjectApi['addToDrop'] = async ({ drop, file, base64 }) => {
    await this.#drops.add(drop, file, Buffer.from(base64, 'base64'))
    return {}
  }

  discardDrop: ProjectApi['discardDrop'] = async ({ drop }) => {
    await this.#drops.discard(drop)
    return {}
  }

  previewDrop: ProjectApi['previewDrop'] = async ({ drop, textField, partition }) => {
    const seen = await this.#session.previewSources({
      paths: this.#drops.sources(drop).paths,
      ...(textField === undefined ? {} : { textField }),
      ...(partition === undefined ? {} : { partition })
    })
    const files = seen.files.map((file) => ({ ...file, path: this.#drops.label(drop, file.path) }))
    return { ...seen, files }
  }

  importDrop: ProjectApi['importDrop'] = async ({ drop, domainKind, take, ...rest }) => {
    this.#assertWritable()
    if (this.#importing) {
      throw new WorkbenchError(
        'corpus/importing',
        `${this.#importing.name} is being imported. Wait for it, or cancel it.`
      )
    }
    const options = {
      ...rest,
      ...(domainKind === undefined ? {} : { domainKind }),
      ...(take === undefined ? {} : { take }),
      ...this.#drops.sources(drop),
      inPlace: false
    }
    const controller = new AbortController()
    const importing = this.#session.importCorpus(options, {
      signal: controller.signal,
      onProgress: (progress) => this.#tell({ kind: 'progress', key: 'import', progress })
    })
    this.#importing = { name: rest.name, controller, ended: importing.catch(() => undefined) }
    this.#tell({ kind: 'desk' })
    try {
      const corpus = await importing
      await this.#drops.discard(drop)
      return corpus
    } finally {
      this.#importing = null
      this.#tell({ kind: 'ended', key: 'import' })
      this.#tell({ kind: 'desk' })
    }
  }

  cancelImport: ProjectApi['cancelImport'] = () => {
    this.#importing?.controller.abort(new Error('cancelled by the user'))
    return Promise.resolve({})
  }

  /** Stops what goes on, cleanly, and gives the project free. */
  async close(): Promise<void> {
    await this.stopStudy({})
    await this.cancelImport({})
    await this.#mixtures.close()
    this.#closing.abort(new Error('the project is closed'))
    await this.#running?.ended
    await this.#importing?.ended
    await this.#drops.discardAll()
    await this.#session.close()
  }

  /**
   * Copies the project, or bundles its results.
   *
   * @throws WorkbenchError `study/running` for a whole copy of what changes meanwhile
   */
  copyTo(
    folder: string,
    kind: 'whole' | 'bundle',
    signal: AbortSignal
  ): Promise<{ files: number; bytes: number }> {
    if (kind === 'whole' && this.isBusy) {
      throw new WorkbenchError(
        'study/running',
        'Something runs in this project. Stop it, or wait for it, before all of it is copied; a bundle of the results can be made meanwhile.'
      )
    }
    return this.#session
      .copyTo(folder, kind, {
        signal,
        onProgress: (progress) => this.#tell({ kind: 'progress', key: 'copy', progress })
      })
      .finally(() => this.#tell({ kind: 'ended', key: 'copy' }))
  }

  #assertWritable(): void {
    if (this.#session.isReadOnly) throw readOnlyError(this.#session.readOnlyBecause)
  }

  #assertIdle(): void {
    if (this.#running) throw runningError(this.#running.study)
  }

  /** Adds a study or replaces the one of its name, so that it can be undone. */
  async #edit(study: Study): Promise<void> {
    const before = this.#session.studies.find((one) => one.name === study.name) ?? null
    await this.#apply({ before, after: study })
    this.#history.add({ before, after: study })
    this.#tell({ kind: 'desk' })
  }

  async #apply({ before, after }: StudyEdit): Promise<void> {
    const name = (after ?? before)!.name
    if (this.#running?.study === name) {
      throw new WorkbenchError(
        'study/running',
        `The study "${name}" is running. Stop it before it is changed.`,
        { study: name }
      )
    }
    if (after) await this.#session.saveStudy(after)
    else await this.#session.removeStudy(name)
  }

  async #run(study: Study, signal: AbortSignal): Promise<void> {
    const tell = (state: 'running' | 'done' | 'stopped' | 'failed', message: string | null) =>
      this.#tell({ kind: 'study', study: study.name, state, message })
    tell('running', null)
    try {
      const summary = await this.#session.run(study, {
        signal,
        // Workers coalesce their progress: here it is only passed on.
        onProgress: (progress) => this.#tell({ kind: 'progress', key: 'prepare', progress }),
        onEvent: (event) => this.#tell(told(event))
      })
      this.#running = null
      const failed = summary.failed.map(({ name, message }) => `${name}: ${message}`).join('\n')
      if (summary.wasStopped) tell('stopped', null)
      else tell(failed === '' ? 'done' : 'failed', failed === '' ? null : failed)
    } catch (error) {
      this.#running = null
      tell('failed', toPlain(error).message)
    }
  }

  #tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  async #whenPrepared<T>(name: string, read: (study: Study) => Promise<T>): Promise<T | null> {
    const study = this.#session.study(name)
    return (await this.#session.findPrepared(study)) ? read(study) : null
  }
}

/** Training begins when the text is prepared; all else is told as it is. */
function told(event: StudyEvent): EngineEvent {
  return event.kind === 'begun' ? { kind: 'ended', key: 'prepare' } : event
}

/** Every so manieth point, the last one always. */
function thinned(points: TracePoint[], most: number): TracePoint[] {
  const step = Math.max(1, Math.ceil(points.length / Math.max(1, most)))
  return points.filter((_, i) => i % step === 0 || i === points.length - 1)
}
