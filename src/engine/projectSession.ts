/** An open project: one short method per command. No tensors here; they live in the workers. */
import { WorkbenchError } from '#shared/errors'
import type { Corpus, Prepared, Run, Study } from '#shared/records'
import { assertCommandsConfirmed } from './confirmedCommands'
import { checkImport } from './data/checkImport'
import { checkCorpusName, checkPartitionNames } from './data/importedNames'
import { checkRestored, lostCorpus } from './data/importedNames'
import { removeTree } from './storage/files'
import { projectPaths } from './storage/paths'
import { MachineDevices } from './machineDevices'
import { copyWithProgress } from './projectCopies'
import { ProjectModels } from './projectModels'
import type { CopyOptions } from './storage/copyProject'
import { Measurements } from './storage/measurements'
import type { Project } from './storage/project'
import { isRunFinished } from './storage/runs'
import type { PlanSummary } from './studies/cost'
import { drawIdentity, memberNames } from './studies/mixtures'
import { plannedCost } from './studies/plannedCost'
import { KeptPlans } from './studies/keptPlans'
import { planStudy } from './studies/plan'
import { needsBranchesError, notPreparedError, readOnlyError } from './studies/refusals'
import { rescoreMixtures } from './studies/search/rescoreMixtures'
import { believedOf, searchStudy } from './studies/search/searchStudy'
import type { PlanHistory, StudyPlan } from './studies/plan'
import { assertTextThere, findEarlierPrepared, findPrepared } from './studies/prepare'
import { foreseenText } from './studies/foreseenText'
import { gatherEvidence } from './studies/evidence/gatherEvidence'
import type { EvidenceOptions, GatheredEvidence } from './studies/evidence/gatherEvidence'
import type { DocumentChoice, StudyResults } from './studies/results'
import { isStop } from './studies/runContext'
import { StudyReports } from './studies/studyReports'
import type { RunContext } from './studies/runContext'
import { runStudy, stoppedSummary } from './studies/run'
import { runOne } from './studies/runOne'
import type { RunSummary } from './studies/run'
import { assertTokensFit } from './studies/importedRuns'
import { assertStartsFrom } from './studies/seedCheckpoint'
import { SeedCheckpoints } from './studies/seedCheckpoints'
import { importModels } from './studies/importModels'
import type { ImportedStudy, ModelImport } from './studies/importModels'
import { askText } from './studies/storedText'
import { parseStudy } from './studies/study'
import { statusOf, statusOfTables } from './studies/studyStatus'
import type { StudyStatus } from './studies/studyStatus'
import { writeTables } from './studies/export/writeTables'
import { studyTables } from './studies/tables'
import { trustOf } from './verifiedDevices'
import type { DeviceTrust } from './verifiedDevices'
import { LOCAL, localSettingsOf } from '#shared/executors'
import type { MachineDevice } from '#shared/machine'
import type { SearchRequest, SearchedMixtures } from '#shared/mixtureSearch'
import type { SourceDescription } from '#shared/sourceDescription'
import type { ImportJob, PreviewJob, TextJobs } from './workers/jobs'
import type { WorkerPool } from './workers/pool'
import type { Program } from './executors/slurm/script'
import { RunContexts } from './runContexts'
import type { RunOptions } from './runContexts'

export type ImportOptions = Omit<ImportJob, 'project'>

/** Of work that tells how far it is and can be stopped. */
type TellingRun = Pick<RunOptions, 'onProgress' | 'signal'>
/** Of work that may wait for space on the disk too. */
type WaitingRun = Omit<RunOptions, 'queue'>

export interface ExportOptions {
  folder: string
  parquet?: boolean
  /** Which documents pairs and agreement are measured on; default `all`. */
  documents?: DocumentChoice
}

/** The proxies of a study held against its sequential models. */
export interface Evidence extends GatheredEvidence {
  /** What trained the runs, and whether it was verified. */
  devices: DeviceTrust[]
}

/** An open project. */
export class ProjectSession {
  readonly #project: Project
  readonly #pool: WorkerPool
  readonly #measurements: Measurements
  /** What is told of studies' measurements. */
  readonly reports: StudyReports
  /** What is done with models as such: listed, inspected, merged. */
  readonly models: ProjectModels
  /** How this program is called on other machines; null where it cannot be. */
  readonly program: Program | null
  readonly #contexts: RunContexts
  readonly #seeds: SeedCheckpoints
  readonly #plans = new KeptPlans()
  readonly #devices: MachineDevices

  private constructor(
    project: Project,
    pool: WorkerPool,
    measurements: Measurements,
    program: Program | null
  ) {
    this.#project = project
    this.#pool = pool
    this.#devices = new MachineDevices(pool)
    this.#measurements = measurements
    this.program = program
    this.#contexts = new RunContexts(project, pool, measurements, program)
    this.#seeds = new SeedCheckpoints(project, pool)
    this.models = new ProjectModels(project, pool, (study) => this.findPlan(study))
    this.reports = new StudyReports({
      project,
      pool,
      measurements,
      plan: (study) => this.plan(study)
    })
  }

  /** Opens what belongs to a project. */
  static async over(
    project: Project,
    pool: WorkerPool,
    options: { readOnly?: boolean; program?: Program | null } = {}
  ): Promise<ProjectSession> {
    const opening = Measurements.open(project.folder, options)
    // A project that cannot be opened is nobody's.
    const measurements = await opening.catch((error: unknown) =>
      project.close().then(() => Promise.reject(error as Error))
    )
    return new ProjectSession(project, pool, measurements, options.program ?? null)
  }

  get folder(): string {
    return this.#project.folder
  }

  /** True when it was opened without the lock: nothing can be imported or run. */
  get isReadOnly(): boolean {
    return this.#project.isReadOnly
  }

  /** Why it can only be read, in words; null when it was merely opened so, or can be written. */
  get readOnlyBecause(): string | null {
    return this.#project.readOnlyBecause
  }

  /**
   * Copies the project into a folder that is not there yet.
   *
   * @throws WorkbenchError as `copyProject` does
   */
  copyTo(
    folder: string,
    kind: CopyOptions['kind'],
    run: TellingRun = {}
  ): Promise<{ files: number; bytes: number }> {
    return copyWithProgress(this.#project, folder, kind, run)
  }

  /** True where the study was made from tables: there is no text, no recipe and no run. */
  get isFromTables(): boolean {
    return this.#project.tables !== null
  }

  /** Threads that training may use: that many runs at once, or one run with all. */
  get threads(): number {
    return this.#pool.width('narrow')
  }

  /** GPUs and pretended devices, how busy they are, and what this process does on them. */
  devices(): Promise<MachineDevice[]> {
    return this.#devices.read()
  }

  /** Heads of all runs that were ever begun. */
  get runs(): readonly Run[] {
    return this.#project.runs
  }

  get corpora(): readonly Corpus[] {
    return this.#project.corpora
  }

  get studies(): readonly Study[] {
    return this.#project.studies
  }

  /**
   * The study of a name, or the only (first) one.
   *
   * @throws WorkbenchError `study/missing` naming those there
   */
  study(name?: string): Study {
    const studies = this.#project.studies
    const study = name === undefined ? studies[0] : studies.find((one) => one.name === name)
    if (!study) {
      throw new WorkbenchError(
        'study/missing',
        `The project has no study ${name ?? ''}. Studies there: ${studies.map((one) => one.name).join(', ') || 'none'}.`,
        { found: studies.map((one) => one.name) }
      )
    }
    return study
  }

  /** Adds a study or replaces the one of its name. Runs of the old one stay. */
  async saveStudy(draft: unknown, source = 'the study'): Promise<Study> {
    const study = parseStudy(draft, source)
    await this.#project.saveStudy(study)
    return study
  }

  /** Takes a study off the project; its runs and measurements stay. */
  removeStudy(name: string): Promise<void> {
    return this.#project.removeStudy(this.study(name).name)
  }

  /** Looks at the first documents of files: their fields, and what a partition rule would give. */
  previewSources(job: PreviewJob): Promise<SourceDescription> {
    return this.#pool.run('preview', job, { lane: 'aside' })
  }

  /**
   * Imports text as a corpus, or again where the text of a corpus is gone.
   *
   * @throws WorkbenchError `corpus/*`, `partition/*`; nothing is left behind then
   */
  async importCorpus(options: ImportOptions, run: TellingRun = {}): Promise<Corpus> {
    checkImport(options)
    const lost = lostCorpus(this.corpora, projectPaths.corpora(this.folder), options.name)
    if (!lost) checkCorpusName(this.corpora, options.name)
    const corpus = await this.#pool.run(
      'import',
      { project: this.folder, ...options },
      { ...run, lane: 'wide' }
    )
    try {
      if (lost) return checkRestored(lost, corpus)
      checkCorpusName(this.corpora, options.name)
      checkPartitionNames(this.corpora, corpus)
      await this.#project.addCorpus(corpus)
    } catch (error) {
      const isShared = this.corpora.some((one) => one.fingerprint === corpus.fingerprint)
      if (!isShared) await removeTree(projectPaths.corpus(this.folder, corpus.fingerprint))
      throw error
    }
    return corpus
  }

  /** Takes models that were trained elsewhere into the project, and saves the study of them. */
  importModels(request: ModelImport, run: TellingRun = {}): Promise<ImportedStudy> {
    return importModels({ project: this.#project, pool: this.#pool }, request, run)
  }

  /** Tokenises, holds out and cuts, as `RunContexts.prepared` says. Waits for disk space where somebody hears `onEvent`. */
  prepare(study: Study, run: WaitingRun = {}): Promise<Prepared> {
    return this.#contexts.prepared(study, run)
  }

  /** Asks a worker about the stored text of a study. */
  askText<Kind extends keyof TextJobs>(
    kind: Kind,
    study: Study,
    request: TextJobs[Kind]['request'],
    run: TellingRun = {}
  ): Promise<TextJobs[Kind]['result']> {
    return askText({ project: this.#project, pool: this.#pool, study, ...run }, kind, request)
  }

  /** The plan of a study that is prepared already. */
  async findPlan(study: Study): Promise<StudyPlan | null> {
    const prepared = await this.findPrepared(study)
    return prepared && this.#planned(study, prepared)
  }

  /**
   * What a study would consist of, whether its text is prepared or not.
   *
   * @returns `isExact` false where its text is not tokenised: then every partition is taken for
   *   one base unit
   * @throws WorkbenchError as planning does
   */
  async foresee(study: Study): Promise<{ plan: StudyPlan; isExact: boolean }> {
    assertTextThere(this.#project, study)
    const plan = await this.findPlan(study)
    if (plan) return { plan, isExact: true }
    const earlier = await findEarlierPrepared(this.#project, study)
    const { text, isExact } = foreseenText(study, await this.askText('texts', study, {}), earlier)
    const checkpoint = await this.#seeds.of(study)
    return { plan: planStudy(study, text, checkpoint, this.#history(study)), isExact }
  }

  /** A study's text if it is prepared already. */
  findPrepared(study: Study): Promise<Prepared | null> {
    return findPrepared(this.#project, study)
  }

  /** A study's prepared text, and the runs and merges it consists of. */
  async plan(study: Study, run: WaitingRun = {}): Promise<{ prepared: Prepared; plan: StudyPlan }> {
    const prepared = await this.prepare(study, run)
    return { prepared, plan: await this.#planned(study, prepared) }
  }

  /** What running the study would cost from here, estimated from a measured rate. */
  async cost(study: Study, run: WaitingRun = {}): Promise<PlanSummary> {
    return plannedCost(this.#contexts.of(study, await this.plan(study, run), {}))
  }

  /**
   * Does what the study lacks. Aborting the signal stops cleanly; running again goes on.
   *
   * @throws WorkbenchError as `runStudy` does, `study/unconfirmed`
   */
  async run(study: Study, options: RunOptions = {}): Promise<RunSummary> {
    const executor = options.executor ?? study.executor ?? LOCAL
    await assertCommandsConfirmed(this.folder, { ...study, executor })
    const signal = options.signal ?? new AbortController().signal
    const hearing = { onEvent: () => undefined, ...options }
    const planned = await this.plan(study, hearing).catch((error: unknown) => {
      if (isStop(error, signal)) return null
      throw error
    })
    if (!planned) return stoppedSummary()
    const { prepared } = planned
    if (study.mixtures.choose.kind === 'random') {
      const units = prepared.partitions.flatMap((partition) => partition.baseUnits)
      const members = memberNames(study.mixtures.over, units)
      await this.#project.saveDraw(drawIdentity(study), members)
    }
    return runStudy(this.#contexts.of(study, planned, options))
  }

  /**
   * What work on a study is given that is less than running it: its plan, the pool, what is stored.
   * Somebody waits for it: it is done on this machine, wherever the study runs.
   *
   * @throws WorkbenchError `study/not-prepared`
   */
  async workOn(study: Study, options: RunOptions = {}): Promise<RunContext> {
    const prepared = await findPrepared(this.#project, study)
    if (!prepared) throw notPreparedError(study.name)
    return this.#contexts.of(
      study,
      { prepared, plan: await this.#planned(study, prepared) },
      { executor: localSettingsOf(study.executor), ...options }
    )
  }

  /**
   * Does one job of a study here, and leaves what came of it for whoever runs the study.
   *
   * Writes no record, so that it may be done in a project opened read-only, beside its host.
   *
   * @param key fingerprint of the text, of a run or of a model; of a run that is finished its model is measured
   * @throws WorkbenchError `run/unknown`, `study/not-prepared`, `study/unconfirmed`
   */
  async runOne(asked: Study, key: string, assay: string, run: TellingRun = {}) {
    // Which GPUs the head's machine has is nothing to a node.
    const study = asked.executor?.kind === 'slurm' ? { ...asked, executor: LOCAL } : asked
    await assertCommandsConfirmed(this.folder, { ...study, executor: LOCAL })
    const text = this.#contexts.ofText(study, run)
    const planned = () => this.workOn(study, run)
    return runOne(key, assay, { text, planned }, run.onProgress ?? (() => undefined))
  }

  /** What is there and what is missing; of a study not prepared yet, its text only. */
  async status(study: Study): Promise<StudyStatus> {
    if (this.isFromTables) return statusOfTables(study, await this.results(study))
    const prepared = await findPrepared(this.#project, study)
    const planned = prepared && { prepared, plan: await this.#planned(study, prepared) }
    return statusOf(study, this.#project, this.#measurements, planned)
  }

  /** Everything measured so far, in the form that tables and agreement read. */
  async results(study: Study): Promise<StudyResults> {
    return this.reports.results(study)
  }

  /**
   * Which mixtures should be trained on, by the ensemble of their branches.
   *
   * Writes nothing but what branches make of tokens, where that was not kept, and may be asked beside
   * a run; but for merges that are asked about, whose measurements stay.
   *
   * @throws WorkbenchError as `searchStudy` does; `study/from-tables`, `study/not-prepared`,
   *   `storage/locked` for a copy without checkpoints
   */
  async search(
    study: Study,
    request: SearchRequest,
    options: WaitingRun & { beforeWork?: () => void } = {}
  ): Promise<SearchedMixtures> {
    if (this.isFromTables) throw needsBranchesError()
    if (this.readOnlyBecause !== null) throw readOnlyError(this.readOnlyBecause)
    const context = await this.workOn(study, options)
    const found = await searchStudy(request, context, options.onProgress ?? (() => undefined))
    const { beforeWork = () => undefined } = options
    const workOn = (one: Study) => this.workOn(one, options)
    const rescored = await rescoreMixtures(study, found, request.rescore, workOn, beforeWork)
    const { comparison } = await this.reports.belief(study)
    return { ...found, rescored, ...believedOf(comparison) }
  }

  /**
   * How far each proxy may be trusted, and what it ranks first.
   *
   * @throws WorkbenchError `study/missing-partition` for a near partition that is not there,
   *   `study/from-tables`
   */
  async evidence(study: Study, options: EvidenceOptions = {}): Promise<Evidence> {
    const results = await this.results(study)
    return { ...gatherEvidence(results, options), devices: await trustOf(results.runs) }
  }

  /**
   * Writes the study's tables as CSV, and as Parquet where asked.
   *
   * @returns the files written
   */
  async exportTables(study: Study, options: ExportOptions): Promise<string[]> {
    const { folder, parquet = false, documents = 'all' } = options
    return writeTables(studyTables(await this.results(study), { documents }), folder, parquet)
  }

  /** Gives the project free. */
  async close(): Promise<void> {
    await this.#measurements.close()
    await this.#project.close()
  }

  async #planned(study: Study, prepared: Prepared): Promise<StudyPlan> {
    const checkpoint = await this.#seeds.of(study)
    if (checkpoint) assertStartsFrom(checkpoint, study, prepared)
    assertTokensFit(study, prepared)
    return this.#plans.plan(study, prepared, checkpoint, this.#history(study))
  }

  /** What was drawn at random and used before: it stays, whatever is added. */
  #history(study: Study): PlanHistory {
    const trained = this.#project.runs.filter(
      ({ role, fingerprint }) => role === 'sequential' && isRunFinished(this.folder, fingerprint)
    )
    const drawn = trained.filter(({ chosenBy }) => chosenBy === 'random')
    return {
      members: this.#project.drawnFrom(drawIdentity(study)),
      trained: new Set(drawn.map((run) => run.fingerprint)),
      sequentials: new Set(trained.map((run) => run.fingerprint))
    }
  }
}
