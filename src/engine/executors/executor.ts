/** What does the planned jobs of a study, wherever that is. */
import type { DecoderConfig, Prepared, Progress, Recipe } from '#shared/records'
import type { TrainerSettings } from '#shared/trainer'
import type {
  MeasureJob,
  MeasureResult,
  PrepareJob,
  TrainJob,
  TrainResult
} from '#engine/workers/jobs'
import type { LaneName } from '#engine/workers/pool'

/** How many jobs are handed over at once, and in which lane of this machine's workers they run. */
export interface Placement {
  lane: LaneName
  atOnce: number
  /** Of these so many work at once, at most; all of them when left out. */
  workingAtOnce?: number
}

/** How models are measured at once, and how much each worker may keep of their branches. */
export interface MeasuringPlacement extends Placement {
  /** Bytes. */
  heldBytes: number
}

/** What is to be done with a model of a shape, as far as a place for it depends on that. */
export interface Work {
  config: DecoderConfig
  /** Windows per forward pass of measuring. */
  evaluationBatch: number
  /** Of the runs that are still to be trained, each once. */
  recipes: readonly Recipe[]
  /** The command that trains them, where ours does not: what it needs nobody knows. */
  trainer?: TrainerSettings
}

/** Of a job that was handed over. */
export interface JobOptions {
  lane: LaneName
  /** Aborting stops a run between two steps, its state kept. */
  signal: AbortSignal
  onProgress?: (progress: Progress) => void
  /** Told the device that does it, where there are several. */
  onPlaced?: (device: string) => void
}

/**
 * Takes planned jobs and gives back what they came to; what they made lies finished and verified in the
 * project by then. Nothing else passes, so that plan, fingerprints and files are the same wherever a
 * study is run, and it may go on elsewhere at any time.
 */
export interface Executor {
  /**
   * Tokenises the text of a study.
   *
   * @param text fingerprint of what it is prepared from, and how
   * @throws WorkbenchError as preparation does; the signal's reason when it was stopped
   */
  prepare(text: string, job: PrepareJob, options: JobOptions): Promise<Prepared>
  /**
   * Looks whether work can be done, before anything of it starts. Asked before any place.
   *
   * @throws WorkbenchError `model/out-of-memory`, `backend/unavailable`, `executor/*`
   */
  begin(work: Work): Promise<void>
  /** @param runs of the recipe that are still to be trained */
  placeTraining(recipe: Recipe, runs: number): Promise<Placement>
  /**
   * @param models that are still to be measured
   * @param ownLane of the run that was just trained: its worker measures it
   */
  placeMeasuring(models: number, ownLane?: LaneName): Promise<MeasuringPlacement>
  /** @throws WorkbenchError as training does; the signal's reason when it was stopped */
  train(job: TrainJob, options: JobOptions): Promise<TrainResult>
  /**
   * @param model its fingerprint
   * @throws WorkbenchError as measuring does; the signal's reason when it was stopped
   */
  measure(model: string, job: MeasureJob, options: JobOptions): Promise<MeasureResult>
  /** Lets go of what it holds; jobs that go on elsewhere do so. */
  end(): Promise<void>
}
