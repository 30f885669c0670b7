/** The engine's only door. */
import { availableParallelism } from 'node:os'
import { threadEnvironment } from './backends/environment'
import { Engine } from './engine'
import type { Program } from './executors/slurm/script'
import { WorkerPool } from './workers/pool'

export { examineMachine } from './doctor'
export type { GpuReport } from './backends/nvidiaSmi'
export type { MachineQuestions, MachineReport } from './doctor'
export { findVerification, keepVerification } from './verifiedDevices'
export type { Verification } from './verifiedDevices'
export { Engine } from './engine'
export { FolderShelf, RecentShelf, SingleShelf } from './desk/shelves'
export type { Desk } from './desk/desk'
export { Workbench } from './desk/workbench'
export { saveReportFile } from './reportFiles'
export { measureLines } from './weightLines'
export { confirmCommands, readCommands, withdrawCommands } from './confirmedCommands'
export { exportModel } from './modelExports'
export { verifyProject } from './projectChecks'
export type { ProjectCheck } from './storage/checkProject'
export {
  cancelElements,
  checkCluster,
  clusterScript,
  hasElements,
  readCluster,
  readElementLog
} from './cluster'
export { MOST_IN_VAIN, putBack } from './executors/slurm/requeue'
export { CLAIMED, TRY_AGAIN } from './executors/slurm/script'
export { REMOVABLE_KINDS, clean, planCleaning } from './cleaning'
export type { Cleaning } from './cleaning'
export { addSeries, planSeries, priceSeries, readSeries, saveSeries } from './series'
export { studiesOf } from './studies/series/generate'
export { simulateCampaign } from './studies/simulation/campaign'
export type { Campaign } from './studies/simulation/campaign'
export { inventedCampaign } from './studies/simulation/inventory'
export type { PretendedCluster } from './studies/simulation/pretendedCluster'
export type { StudyPlan } from './studies/plan'
export { readMergekit } from './merging/mergekitFile'
export { ProjectSession } from './projectSession'
export type { SearchedMixtures } from '#shared/mixtureSearch'
export type { Evidence, ExportOptions, ImportOptions } from './projectSession'
export type { RunOptions } from './runContexts'
export type { StudyStatus } from './studies/studyStatus'
export { saveTextFile } from './textFiles'
export { readTransfer, saveTransfer, transferCsv } from './transfers'
export type { TransferEvidence } from './transfers'
export { DOCUMENT_CHOICES } from './studies/results'
export type { PlanSummary } from './studies/cost'
export type { RunSummary, StudyEvent } from './studies/run'
export type { TablesSummary } from './studies/tableStudy'
export type { BackendReport, BenchJob, BenchResult, DeviceCheck, TablesJob } from './workers/jobs'

export interface EngineOptions {
  /** Built entries of the worker process and of the thread inside it. */
  processEntry: string
  workerEntry: string
  /** Threads to use; all of the machine by default. */
  threads?: number
  /** Built entry of the command line, and the version it is: executors call it on other machines. */
  program?: Program
}

/**
 * Starts an engine. Its workers start when first needed; `close` ends them.
 *
 * One run alone gets all threads; several at once get one thread each, which serves small models
 * best on a CPU (docs/decisions/0004).
 */
export function openEngine(options: EngineOptions): Engine {
  const threads = options.threads ?? availableParallelism()
  const pool = new WorkerPool({
    processEntry: options.processEntry,
    workerEntry: options.workerEntry,
    lanes: {
      wide: { workers: 1, environment: (precision) => threadEnvironment(threads, precision) },
      narrow: { workers: threads, environment: (precision) => threadEnvironment(1, precision) },
      // Two: a list of documents does not wait until all tokens are counted.
      aside: { workers: 2, environment: (precision) => threadEnvironment(1, precision) }
    }
  })
  return new Engine(pool, options.program)
}
