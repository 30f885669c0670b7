/** A worker thread: takes one job at a time, tells how far it is, and stops when asked to. */
import { parentPort } from 'node:worker_threads'
import { describeSources } from '#engine/data/describeSources'
import { toPlain } from '#shared/errors'
import { describeCheckpoint } from './checkpointJob'
import { exportModel } from './exportJob'
import { evaluateModels } from './evaluateJob'
import { measureGeometry } from './geometryJob'
import { inspectModels } from './inspectJob'
import { importText } from './importJob'
import { benchDevice, findDevice, probeBackends, verifyBackend } from './deviceJobs'
import type { FromWorker, JobHooks, JobKind, Jobs, ToWorker } from './jobs'
import { measureModel } from './measureJob'
import { namedWantOfMemory } from './memoryError'
import { mergeModels, planMerge } from './mergeJob'
import { searchMixturesJob } from './mixtureSearchJob'
import { prepare } from './prepareJob'
import {
  predictTraining,
  readAdditions,
  readBelief,
  readDiagnosis,
  readMatrix,
  readTable,
  writeReportFile
} from './reportJob'
import { readTables } from './tablesJob'
import { takeModels } from './takeModelsJob'
import {
  describeStoredTexts,
  listStoredDocuments,
  measureTexts,
  readStoredDocument,
  searchStoredDocuments
} from './textJobs'
import { trainRun } from './trainJob'

type Handlers = {
  [Kind in JobKind]: (input: Jobs[Kind]['input'], hooks: JobHooks) => Promise<Jobs[Kind]['result']>
}

const handlers: Handlers = {
  probe: probeBackends,
  verify: verifyBackend,
  device: findDevice,
  checkpoint: describeCheckpoint,
  takeModels,
  planMerge,
  mergeModels,
  bench: benchDevice,
  preview: describeSources,
  import: importText,
  texts: describeStoredTexts,
  lengths: measureTexts,
  documents: listStoredDocuments,
  search: searchStoredDocuments,
  document: readStoredDocument,
  importTables: readTables,
  prepare,
  train: trainRun,
  measure: measureModel,
  evaluate: evaluateModels,
  predict: predictTraining,
  belief: readBelief,
  matrix: readMatrix,
  additions: readAdditions,
  geometry: measureGeometry,
  diagnosis: readDiagnosis,
  table: readTable,
  reportFile: writeReportFile,
  mixtureSearch: searchMixturesJob,
  exportModel,
  inspect: inspectModels
}

/** Progress goes out at most so often; the last word always does. */
const PROGRESS_EVERY_MS = 250

const port = parentPort
if (!port) throw new Error('the worker is started as a worker thread')
const running = new Map<number, AbortController>()

function tell(message: FromWorker): void {
  port!.postMessage(message)
}

async function work(id: number, kind: JobKind, input: unknown): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  let toldAt = -Infinity
  const hooks: JobHooks = {
    signal: controller.signal,
    onProgress: (progress) => {
      const now = performance.now()
      const isLast = progress.total !== null && progress.done >= progress.total
      if (now - toldAt < PROGRESS_EVERY_MS && !isLast) return
      toldAt = now
      tell({ id, progress })
    }
  }
  try {
    const handler = handlers[kind] as (input: unknown, hooks: JobHooks) => Promise<unknown>
    tell({ id, result: await handler(input, hooks) })
  } catch (error) {
    const plain = toPlain(namedWantOfMemory(error))
    // Asked to stop, a job may still fail: a full disk is told, whatever was asked.
    const isStopped = controller.signal.aborted && plain.code === 'bug'
    tell(isStopped ? { id, stopped: true } : { id, error: plain })
  } finally {
    running.delete(id)
  }
}

port.on('message', (message: ToWorker) => {
  if ('stop' in message) running.get(message.stop)?.abort(new Error('asked to stop'))
  else void work(message.id, message.kind, message.input)
})
