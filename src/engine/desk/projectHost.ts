/** An open project as the contract has it: what a screen asks and is told. */
import { basename } from 'node:path'
import type { EngineEvent, OpenProject, ProjectApi } from '#shared/contract'
import type { Cost, Queue, StudyPreview } from '#shared/trainingView'
import { WorkbenchError } from '#shared/errors'
import type { Study } from '#shared/records'
import { confirmCommands, readCommands, withdrawCommands } from '../confirmedCommands'
import { readReportFile } from '../reportFiles'
import { MachineMeters } from '../machineMeters'
import { describePresets } from '../model/config'
import type { ProjectSession } from '../projectSession'
import { CheckWork } from './checkWork'
import { CopyWork } from './copyWork'
import { Drops } from './drops'
import { ModelWork } from './modelWork'
import { TextImport } from './textImport'
import { TextQuestions } from './textQuestions'
import { MixtureWork } from './mixtureWork'
import { SearchWork } from './searchWork'
import { SeriesWork } from './seriesWork'
import { ClusterWork } from './clusterWork'
import { FAR, StudyEdits } from './studyEdits'
import type { Asker } from './studyEdits'
import { StudyRuns } from './studyRuns'
import { isRunFinished } from '../storage/runs'
import { TraceReader } from '../storage/traceReader'
import { curveOf } from '../studies/curve'
import { readOnlyError, runningError } from '../studies/refusals'
import type { PlanSummary } from '../studies/cost'
import { diskOf } from '../studies/diskForecast'
import type { DiskOptions } from '../studies/diskRoom'
import { distinctRuns, runsOf } from '../studies/plan'
import type { StudyPlan } from '../studies/plan'
import { queuedRuns } from '../studies/queuedRuns'
import { RunQueue, alreadyTrained } from '../studies/runQueue'
import { previewUnits } from '../studies/storedText'
import { studyCost } from '../studies/studyCost'

/** What runs are called. */
const FINGERPRINT = /^[0-9a-f]{64}$/

/** Serves one project to any number of screens; one study runs at a time. */
export class ProjectHost implements ProjectApi {
  readonly #session: ProjectSession
  readonly #version: string
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  readonly #edits: StudyEdits
  readonly #cluster: ClusterWork
  readonly #copies: CopyWork
  readonly #checks: CheckWork
  readonly #texts: TextImport
  readonly #mixtures: MixtureWork
  readonly #models: ModelWork
  readonly #searches: SearchWork
  readonly #series: SeriesWork
  readonly #queue = new RunQueue()
  readonly #traces: TraceReader
  readonly #meters: MachineMeters
  readonly #closing = new AbortController()
  readonly #questions: TextQuestions
  readonly #runs: StudyRuns

  private constructor(session: ProjectSession, version: string, disk: DiskOptions) {
    this.#session = session
    this.#version = version
    const own = {
      tell: (event: EngineEvent) => this.#tell(event),
      assertWritable: () => this.#assertWritable(),
      assertIdle: () => this.#runs.assertIdle(),
      editStudy: (study: Study) => this.#edits.edit(study),
      version
    }
    this.#runs = new StudyRuns(session, this.#queue, { ...own, disk })
    this.#edits = new StudyEdits(session, { ...own, running: () => this.#runs.running })
    this.#cluster = new ClusterWork(session, own)
    this.#copies = new CopyWork(session, { tell: own.tell, isBusy: () => this.isBusy })
    this.#checks = new CheckWork(session, () => this.isBusy)
    const drops = new Drops(session.folder)
    this.#texts = new TextImport(session, drops, own)
    const isTraining = (run: string) => this.#queue.isTraining(run)
    this.#models = new ModelWork(session, drops, { ...own, isTraining })
    this.#mixtures = new MixtureWork(session, own)
    this.#searches = new SearchWork(session, {
      tell: own.tell,
      assertFree: () => this.#mixtures.assertFree()
    })
    this.#series = new SeriesWork(session, own)
    this.#questions = new TextQuestions(session, own.tell)
    this.#traces = new TraceReader(session.folder)
    this.#meters = new MachineMeters(session.folder, session.threads, () => session.devices())
  }

  /** @param version of Assay, as reports name it */
  static async over(
    session: ProjectSession,
    version = 'unknown',
    disk: DiskOptions = {}
  ): Promise<ProjectHost> {
    const host = new ProjectHost(session, version, disk)
    if (!session.isReadOnly) await host.#texts.sweep()
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
    const { importing } = this.#texts
    return (
      this.#runs.running !== null ||
      importing !== null ||
      this.#mixtures.isBusy ||
      this.#searches.isBusy ||
      this.#models.isBusy ||
      this.#copies.isBusy
    )
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
      isFromTables: this.#session.isFromTables,
      studies: [...studies],
      corpora: [...corpora],
      running: this.#runs.running,
      waiting: [...this.#runs.waiting],
      lowDisk: this.#runs.lowDisk,
      importing: this.#texts.importing,
      undo: this.#edits.undo,
      redo: this.#edits.redo
    })
  }

  readCatalogue: ProjectApi['readCatalogue'] = async ({ study }) => {
    const prepared = await this.#session.findPrepared(this.#session.study(study))
    if (!prepared) return null
    const { partitions, domains, overlaps } = prepared
    return { partitions, domains, overlaps }
  }

  readTexts: ProjectApi['readTexts'] = (input) => this.#questions.readTexts(input)
  readLengths: ProjectApi['readLengths'] = (input) => this.#questions.readLengths(input)
  listDocuments: ProjectApi['listDocuments'] = (input) => this.#questions.listDocuments(input)
  searchDocuments: ProjectApi['searchDocuments'] = (input) => this.#questions.searchDocuments(input)
  readDocument: ProjectApi['readDocument'] = (input) => this.#questions.readDocument(input)

  previewUnits: ProjectApi['previewUnits'] = async ({ study: name, sequences }) => {
    const study = this.#session.study(name)
    const texts = await this.#session.askText('texts', study, {})
    const plan = await this.#session.findPlan(study)
    return previewUnits(study, texts, sequences, plan, (run) => this.#isDone(run))
  }

  readQueue: ProjectApi['readQueue'] = async ({ study }): Promise<Queue> => {
    const plan = await this.#session.findPlan(this.#session.study(study))
    if (!plan) return { isPrepared: false, runs: [] }
    const { folder, runs } = this.#session
    return { isPrepared: true, runs: await queuedRuns(plan, folder, runs, this.#queue) }
  }

  readCurves: ProjectApi['readCurves'] = async ({ curves, points }) => {
    // Names of runs become paths: only those that the project knows.
    const known = new Set(this.#session.runs.map(({ fingerprint }) => fingerprint))
    const read = curves
      .filter(({ run }) => known.has(run))
      .map(async ({ run, after }) => {
        const found = await this.#traces.read(run, after)
        return curveOf(run, found.points, points, found.isWhole)
      })
    return (await Promise.all(read)).filter((curve) => curve.isWhole || curve.steps.length > 0)
  }

  readMatrix: ProjectApi['readMatrix'] = ({ study }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.matrix(one))

  readUnitChanges: ProjectApi['readUnitChanges'] = ({ study }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.unitChanges(one))

  readAdditions: ProjectApi['readAdditions'] = ({ study, added }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.additions(one, { added }))

  readCostCurves: ProjectApi['readCostCurves'] = ({ study }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.costCurves(one))

  readBelief: ProjectApi['readBelief'] = ({ study }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.belief(one))

  readDiagnosis: ProjectApi['readDiagnosis'] = ({ study }) =>
    this.#whenPrepared(study, (one) =>
      this.#session.reports.diagnosis(one, { signal: this.#closing.signal })
    )

  readTable: ProjectApi['readTable'] = ({ study, table }) =>
    this.#whenPrepared(study, (one) => this.#session.reports.table(one, table))

  readReport: ProjectApi['readReport'] = ({ study, form }) =>
    this.#whenPrepared(study, (one) =>
      readReportFile(this.#session, one, { version: this.#version, form })
    )

  scoreMixture: ProjectApi['scoreMixture'] = (input) => this.#mixtures.scoreMixture(input)
  evaluateMixture: ProjectApi['evaluateMixture'] = (input) => this.#mixtures.evaluateMixture(input)

  evaluateMixtures: ProjectApi['evaluateMixtures'] = (input) =>
    this.#mixtures.evaluateMixtures(input)

  measureLines: ProjectApi['measureLines'] = (input) => this.#mixtures.measureLines(input)
  addMixture: ProjectApi['addMixture'] = (input) => this.#mixtures.addMixture(input)

  exportMerge: ProjectApi['exportMerge'] = (input) => this.#mixtures.exportMerge(input)

  searchMixtures: ProjectApi['searchMixtures'] = (input) => this.#searches.searchMixtures(input)

  stopSearch: ProjectApi['stopSearch'] = async () => {
    await this.#searches.stop()
    return {}
  }

  stopMixtures: ProjectApi['stopMixtures'] = () => {
    this.#mixtures.stop()
    return Promise.resolve({})
  }

  trainSequentially: ProjectApi['trainSequentially'] = async ({ study, mixtures, list }) => {
    await this.#mixtures.addSequential(study, mixtures, list)
    return this.runStudy({ study })
  }

  runStudy: ProjectApi['runStudy'] = async ({ study }) => {
    await this.#runs.start([study])
    return {}
  }

  runStudies: ProjectApi['runStudies'] = async ({ studies }) => {
    await this.#runs.start(studies)
    return {}
  }

  stopStudy: ProjectApi['stopStudy'] = () => {
    this.#runs.stop()
    return Promise.resolve({})
  }

  moveRun: ProjectApi['moveRun'] = async ({ study, run, before }) => {
    this.#assertWritable()
    const { plan } = await this.#session.plan(this.#session.study(study))
    const runs = distinctRuns(runsOf(plan))
    if (this.#isDone(run)) throw alreadyTrained(runs.find((one) => one.fingerprint === run)?.name)
    this.#queue.move(runs, run, before)
    this.#tell({ kind: 'queue' })
    return {}
  }

  holdRun: ProjectApi['holdRun'] = async ({ run }) => {
    this.#assertWritable()
    if (!this.#isDone(run)) this.#queue.hold(run)
    this.#tell({ kind: 'queue' })
    return {}
  }

  releaseRun: ProjectApi['releaseRun'] = async ({ run }) => {
    this.#assertWritable()
    this.#queue.release(run)
    this.#tell({ kind: 'queue' })
    return {}
  }

  retryRun: ProjectApi['retryRun'] = async ({ study, run }) => {
    this.#assertWritable()
    const { running } = this.#runs
    if (running !== null && running !== study) throw runningError(running)
    this.#queue.retry(run)
    if (running === null) return this.runStudy({ study })
    this.#tell({ kind: 'queue' })
    return {}
  }

  readMachine: ProjectApi['readMachine'] = () => this.#meters.read()

  readCost: ProjectApi['readCost'] = async ({ study, estimate }) => {
    const one = this.#session.study(study)
    const plan = await this.#session.findPlan(one)
    if (!plan) return null
    if (estimate) this.#runs.assertIdle()
    const summary = estimate ? await this.#session.cost(one) : null
    return this.#costOf(one, plan, summary)
  }

  previewStudy = async (input: { study: unknown }, asker: Asker = FAR): Promise<StudyPreview> => {
    try {
      const study = this.#edits.studyFrom(input.study, asker)
      const { plan, isExact } = await this.#session.foresee(study)
      const cost = await this.#costOf(study, plan, null)
      return { problem: null, cost, isExact }
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      return { problem: error.message, cost: null, isExact: false }
    }
  }

  saveStudy = (input: { study: unknown }, asker: Asker = FAR): Promise<Study> =>
    this.#edits.saveStudy(input, asker)

  previewSeries: ProjectApi['previewSeries'] = (input) => this.#series.previewSeries(input)
  addSeries: ProjectApi['addSeries'] = (input) => this.#series.addSeries(input)
  readSeries: ProjectApi['readSeries'] = (input) => this.#series.readSeries(input)

  removeStudy: ProjectApi['removeStudy'] = (input) => this.#edits.removeStudy(input)

  readPresets: ProjectApi['readPresets'] = ({ vocabularySize }) =>
    Promise.resolve(describePresets(vocabularySize))

  undoEdit: ProjectApi['undoEdit'] = () => this.#edits.undoEdit()
  redoEdit: ProjectApi['redoEdit'] = () => this.#edits.redoEdit()

  readCluster: ProjectApi['readCluster'] = (input) => this.#cluster.readCluster(input)
  cancelElements: ProjectApi['cancelElements'] = (input) => this.#cluster.cancelElements(input)
  readElementLog: ProjectApi['readElementLog'] = (input) => this.#cluster.readElementLog(input)
  readElementScript: ProjectApi['readElementScript'] = (input) =>
    this.#cluster.readElementScript(input)
  previewScript = (input: { study: unknown }, asker: Asker = FAR) =>
    this.#cluster.previewScript(this.#edits.studyFrom(input.study, asker))
  checkCluster = async (input: { study: unknown }, asker: Asker = FAR) => {
    const study = this.#edits.studyFrom(input.study, asker)
    // What was typed a moment ago is known to who typed it.
    const { name, executor } = study
    if (this.#edits.isTypedHere(study, asker))
      await confirmCommands(this.folder, { name, executor })
    return this.#cluster.checkCluster(study)
  }

  readCommands: ProjectApi['readCommands'] = ({ study }) =>
    readCommands(this.folder, this.#session.study(study))

  confirmCommands = async (input: { study: string; keys: string[] }, asker: Asker = FAR) => {
    await this.#edits.confirmShown(input, asker)
    this.#cluster.forget()
    return {}
  }

  withdrawCommands: ProjectApi['withdrawCommands'] = async ({ study }) => {
    await withdrawCommands(this.folder, this.#session.study(study))
    this.#cluster.forget()
    return {}
  }

  stopClusterCheck: ProjectApi['stopClusterCheck'] = () => this.#cluster.stopCheck()

  readModels: ProjectApi['readModels'] = (input) => this.#models.readModels(input)
  inspectModels: ProjectApi['inspectModels'] = (input) => this.#models.inspectModels(input)
  findModels: ProjectApi['findModels'] = (input) => this.#models.findModels(input)
  importModels: ProjectApi['importModels'] = (input) => this.#models.importModels(input)
  exportRun: ProjectApi['exportRun'] = (input) => this.#models.exportRun(input)
  readMergeMethods: ProjectApi['readMergeMethods'] = (input) => this.#models.readMergeMethods(input)
  planMerge: ProjectApi['planMerge'] = (input) => this.#models.planMerge(input)
  mergeModels: ProjectApi['mergeModels'] = (input) => this.#models.mergeModels(input)
  stopModels: ProjectApi['stopModels'] = (input) => this.#models.stopModels(input)

  beginDrop: ProjectApi['beginDrop'] = (input) => this.#texts.beginDrop(input)
  addToDrop: ProjectApi['addToDrop'] = (input) => this.#texts.addToDrop(input)
  discardDrop: ProjectApi['discardDrop'] = (input) => this.#texts.discardDrop(input)
  previewDrop: ProjectApi['previewDrop'] = (input) => this.#texts.previewDrop(input)
  importDrop: ProjectApi['importDrop'] = (input) => this.#texts.importDrop(input)
  cancelImport: ProjectApi['cancelImport'] = (input) => this.#texts.cancelImport(input)

  /** A drop of files that lie on this machine: for shells, whose people choose paths. */
  adoptDrop(paths: string[]): string {
    return this.#texts.adoptDrop(paths)
  }

  /** Stops what goes on, cleanly, and gives the project free. */
  async close(): Promise<void> {
    this.#runs.leave()
    await this.#mixtures.close()
    await this.#searches.stop()
    this.#questions.close()
    this.#closing.abort(new Error('the project is closed'))
    await this.#runs.ended()
    await this.#models.close()
    await this.#texts.close()
    await this.#copies.close()
    await this.#checks.close()
    await this.#cluster.stopCheck()
    await this.#session.close()
  }

  copyTo: CopyWork['copyTo'] = (...of) => this.#copies.copyTo(...of)
  checkFiles: CheckWork['checkFiles'] = (...of) => this.#checks.checkFiles(...of)

  async #costOf(study: Study, plan: StudyPlan, summary: PlanSummary | null): Promise<Cost> {
    const disk = await diskOf(study, plan, this.#session.folder)
    return { ...studyCost(study, plan, (run) => this.#isDone(run), summary), disk }
  }

  #isDone(run: string): boolean {
    // It may come from a screen, and becomes a path.
    return FINGERPRINT.test(run) && isRunFinished(this.#session.folder, run)
  }

  #assertWritable(): void {
    this.#copies.assertNotWhole()
    this.#checks.assertNone()
    if (this.#session.isReadOnly) throw readOnlyError(this.#session.readOnlyBecause)
  }

  #tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  async #whenPrepared<T>(name: string, read: (study: Study) => Promise<T>): Promise<T | null> {
    const study = this.#session.study(name)
    const isReadable =
      this.#session.isFromTables || (await this.#session.findPrepared(study)) !== null
    return isReadable ? read(study) : null
  }
}
