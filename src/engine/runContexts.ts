/** What work on studies of an open project is given: where it is done, and all it needs there. */
import { LOCAL, localSettingsOf } from '#shared/executors'
import type { ExecutorSettings } from '#shared/executors'
import type { Prepared, Progress, Study } from '#shared/records'
import { listDevices } from './backends/devices'
import { assertCommandsConfirmed } from './confirmedCommands'
import { chooseExecutor } from './executors/chooseExecutor'
import type { Executor } from './executors/executor'
import type { Program } from './executors/slurm/script'
import type { Measurements } from './storage/measurements'
import type { Project } from './storage/project'
import { DiskRoom } from './studies/diskRoom'
import type { DiskOptions } from './studies/diskRoom'
import type { StudyPlan } from './studies/plan'
import { prepareStudy } from './studies/prepare'
import type { RunContext } from './studies/runContext'
import type { StudyEvent } from './studies/run'
import { RunQueue } from './studies/runQueue'
import type { ComputeDevice } from './workers/jobs'
import type { WorkerPool } from './workers/pool'

/** How a study is run. */
export interface RunOptions {
  onEvent?: (event: StudyEvent) => void
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
  /** Steers which run is begun next; without it they come in the plan's order. */
  queue?: RunQueue
  /** How low the disk may run, and who says how much is free. */
  disk?: DiskOptions
  /** Where it is done, in place of where the study says. */
  executor?: ExecutorSettings
}

/** Makes the contexts of one project. */
export class RunContexts {
  readonly #project: Project
  readonly #pool: WorkerPool
  readonly #measurements: Measurements
  readonly #program: Program | null
  readonly #device: () => Promise<ComputeDevice>
  /** The driver takes a second to say: asked once, not for each mixture that somebody looks at. */
  readonly #devices = answeredOnce(listDevices)

  /** @param program how this program is called on other machines */
  constructor(
    project: Project,
    pool: WorkerPool,
    measurements: Measurements,
    program: Program | null
  ) {
    this.#project = project
    this.#pool = pool
    this.#measurements = measurements
    this.#program = program
    this.#device = answeredOnce(() => pool.run('device', {}))
  }

  /** Where the work of a study is done: where its record says, unless somebody else is asked. */
  executor(
    study: Study,
    { executor, onEvent }: Pick<RunOptions, 'executor' | 'onEvent'>
  ): Executor {
    return chooseExecutor(executor ?? study.executor ?? LOCAL, {
      pool: this.#pool,
      device: this.#device,
      list: this.#devices,
      project: this.#project.folder,
      study: study.name,
      program: this.#program,
      graceSeconds: study.trainer?.graceSeconds,
      onSetAside: (device, reason) => onEvent?.({ kind: 'device', device, reason })
    })
  }

  /** What work on a planned study is given. */
  of(
    study: Study,
    planned: { prepared: Prepared; plan: StudyPlan },
    options: RunOptions
  ): RunContext {
    const { onEvent = () => undefined } = options
    const { signal = new AbortController().signal, queue = new RunQueue() } = options
    return {
      project: this.#project,
      measurements: this.#measurements,
      pool: this.#pool,
      executor: this.executor(study, options),
      study,
      ...planned,
      device: this.#device,
      onEvent,
      queue,
      room: this.room(options),
      signal
    }
  }

  /**
   * The text of a study, prepared where its record says.
   *
   * @throws WorkbenchError as `prepareStudy` does, `study/unconfirmed`
   */
  prepared(study: Study, run: Omit<RunOptions, 'queue'>): Promise<Prepared> {
    const where = run.executor ?? study.executor ?? LOCAL
    const { folder } = this.#project
    const asked = { name: study.name, executor: where }
    const isThere = where.kind === 'slurm' && where.prepareText === 'cluster'
    return prepareStudy({
      ...run,
      project: this.#project,
      executor: this.executor(study, run),
      study,
      room: run.onEvent ? this.room(run) : null,
      // How a cluster is called the study says.
      ...(isThere ? { beforeWork: () => assertCommandsConfirmed(folder, asked) } : {})
    })
  }

  /** What preparing the text of a study on this machine is given, wherever the study runs. */
  ofText(study: Study, options: Pick<RunOptions, 'signal'>) {
    const { signal = new AbortController().signal } = options
    const executor = this.executor(study, { executor: localSettingsOf(study.executor) })
    return { project: this.#project, study, executor, signal }
  }

  /** Whether there is space on the disk to go on with. */
  room({ onEvent, disk = {} }: Pick<RunOptions, 'onEvent' | 'disk'>): DiskRoom {
    return new DiskRoom(this.#project.folder, disk, (waiting) =>
      onEvent?.({ kind: 'disk', waiting })
    )
  }
}

/** Asks when first wanted, and keeps the answer; what failed is asked again the next time. */
function answeredOnce<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | null = null
  return () =>
    (answer ??= ask().catch((error: unknown) => {
      answer = null
      throw error
    }))
}
