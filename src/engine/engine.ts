/** The engine with its workers: what needs no project, and the way to one. */
import { basename } from 'node:path'
import type { Inspection } from '#shared/modelInspection'
import { fitName } from '#shared/names'
import type { MachineDevice } from '#shared/machine'
import type { MergePlan, MergeResult } from '#shared/merging'
import type { Progress } from '#shared/records'
import type { EvaluationRequest, ModelEvaluation } from '#shared/textEvaluation'
import type { SourceDescription } from '#shared/sourceDescription'
import type { Program } from './executors/slurm/script'
import { MachineDevices } from './machineDevices'
import { ProjectSession } from './projectSession'
import { Project, projectFolder } from './storage/project'
import { assertFree, createTableProject } from './storage/tableProject'
import { startingFrom } from './studies/seedCheckpoint'
import { defaultStudy, parseStudy } from './studies/study'
import { studyOfTables, summarizeTables } from './studies/tableStudy'
import type { TablesSummary } from './studies/tableStudy'
import type {
  BackendReport,
  BenchJob,
  BenchResult,
  DeviceCheck,
  InspectJob,
  MergeJob,
  PreviewJob,
  TablesJob
} from './workers/jobs'
import type { WorkerPool } from './workers/pool'

/** The engine with its workers, before any project is open. */
export class Engine {
  readonly #pool: WorkerPool
  readonly #devices: MachineDevices
  /** How this program is called on other machines; null where it cannot be. */
  readonly #program: Program | null

  constructor(pool: WorkerPool, program: Program | null = null) {
    this.#pool = pool
    this.#devices = new MachineDevices(pool)
    this.#program = program
  }

  /** Which backends run here, with a measured rate. */
  probeBackends(): Promise<BackendReport[]> {
    return this.#pool.run('probe', {})
  }

  /** GPUs and pretended devices, how busy they are, and what this process does on them. */
  devices(): Promise<MachineDevice[]> {
    return this.#devices.read()
  }

  /** Uses devices again that were set aside since this engine was opened. */
  takeBackDevices(): void {
    this.#pool.takeBackDevices()
  }

  /** Runs the conformance suite on the device. */
  verifyDevice(): Promise<DeviceCheck[]> {
    return this.#pool.run('verify', {})
  }

  /** Measures a rate on one worker with all threads, or with one thread. */
  bench(job: BenchJob, lane: 'wide' | 'narrow' = 'wide'): Promise<BenchResult> {
    return this.#pool.run('bench', job, { lane })
  }

  /** Looks at the first documents of files: their fields, and what a partition rule would give. */
  previewSources(job: PreviewJob): Promise<SourceDescription> {
    return this.#pool.run('preview', job, { lane: 'aside' })
  }

  /**
   * Looks into models of folders: parts, values, and whether they may be merged.
   *
   * @throws WorkbenchError `checkpoint/invalid`; the signal's reason when it was asked to stop
   */
  inspectModels(
    job: InspectJob,
    options: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {}
  ): Promise<Inspection> {
    return this.#pool.run('inspect', job, { lane: 'aside', ...options })
  }

  /**
   * Measures Hugging Face folders on texts and tasks, outside any project.
   *
   * @throws WorkbenchError `checkpoint/invalid`, `tokenizer/invalid`, `usage/invalid`, `corpus/*`,
   *   `domain/empty`
   * @throws the signal's reason when aborted
   */
  evaluate(
    request: EvaluationRequest,
    hooks: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {}
  ): Promise<ModelEvaluation[]> {
    return this.#pool.run('evaluate', request, hooks)
  }

  /** How many narrow jobs run at once. */
  get workersAtOnce(): number {
    return this.#pool.width('narrow')
  }

  /**
   * Makes a project with one study.
   *
   * @param draft the study as plain data; a default one when left out
   * @throws WorkbenchError `storage/exists`, `study/invalid`
   */
  async createProject(
    path: string,
    draft?: unknown,
    source = 'the study'
  ): Promise<ProjectSession> {
    const study =
      draft === undefined
        ? defaultStudy(fitName(basename(path)) ?? 'study')
        : parseStudy(draft, source)
    const project = await Project.create(path)
    await project.saveStudy(study)
    return ProjectSession.over(project, this.#pool, { program: this.#program })
  }

  /**
   * Makes a project whose study starts from a checkpoint from outside, everything else by default.
   *
   * @throws WorkbenchError `storage/exists`, `checkpoint/invalid`
   */
  async createProjectFrom(path: string, folder: string): Promise<ProjectSession> {
    assertFree(projectFolder(path))
    const checkpoint = await this.#pool.run('checkpoint', { folder }, { lane: 'aside' })
    const study = defaultStudy(fitName(basename(path)) ?? 'study')
    return this.createProject(path, startingFrom(checkpoint, study), folder)
  }

  /**
   * Makes a project of tables of weights and losses, to be read only.
   *
   * @param path a folder that is not there yet
   * @throws WorkbenchError `table/invalid`, `corpus/*` for files that cannot be read,
   *   `storage/exists`; nothing is left behind then
   */
  async importTables(path: string, job: TablesJob): Promise<TablesSummary> {
    const folder = projectFolder(path)
    assertFree(folder)
    const tables = await this.#pool.run('importTables', job, { lane: 'aside' })
    const name = fitName(basename(folder)) ?? 'tables'
    await createTableProject(folder, tables, studyOfTables(name, tables))
    return summarizeTables(tables)
  }

  /**
   * What a merge of models from folders will do and need; reads no values.
   *
   * @throws WorkbenchError `merge/invalid`, `merge/mismatch`, `checkpoint/invalid`, `storage/exists`,
   *   `storage/disk-full`
   */
  planMerge(job: MergeJob): Promise<MergePlan> {
    return this.#pool.run('planMerge', job, { lane: 'aside' })
  }

  /**
   * Merges models from folders into a folder, which is there complete or not at all.
   *
   * In a process of its own, and without those that wait beside it: what a plan read of tokenizers is
   * no part of a merge's memory.
   *
   * @throws WorkbenchError as {@link planMerge}; the signal's reason when it was stopped
   */
  async mergeModels(
    job: MergeJob,
    hooks: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {}
  ): Promise<MergeResult> {
    await this.#pool.rest('aside')
    return this.#pool.run('mergeModels', job, { lane: 'narrow', ...hooks })
  }

  /** Opens a project; `readOnly` needs no lock and may be done beside a running study. */
  async openProject(path: string, options: { readOnly?: boolean } = {}): Promise<ProjectSession> {
    const project = await Project.open(path, options)
    return ProjectSession.over(project, this.#pool, { ...options, program: this.#program })
  }

  /** Ends the workers. */
  close(): Promise<void> {
    return this.#pool.close()
  }
}
