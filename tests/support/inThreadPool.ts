/** The worker pool's work done in this thread, so that a test can fail its files: the real jobs. */
import type { JobHooks, JobKind, Jobs, TrainJob, TrainResult } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import { describeCheckpoint } from '#engine/workers/checkpointJob'
import { findDevice } from '#engine/workers/deviceJobs'
import { exportModel } from '#engine/workers/exportJob'
import { importText } from '#engine/workers/importJob'
import { measureModel } from '#engine/workers/measureJob'
import { prepare } from '#engine/workers/prepareJob'
import { predictTraining } from '#engine/workers/reportJob'
import { trainRun } from '#engine/workers/trainJob'

type Handlers = {
  [Kind in JobKind]?: (input: Jobs[Kind]['input'], hooks: JobHooks) => Promise<Jobs[Kind]['result']>
}

const handlers: Handlers = {
  checkpoint: describeCheckpoint,
  device: findDevice,
  exportModel,
  import: importText,
  measure: measureModel,
  predict: predictTraining,
  prepare,
  train: trainRun
}

/**
 * A pool of one worker that is this thread.
 *
 * @param tell told of a run's manifest, relative to the project, once its training has said that it is finished
 */
export function inThreadPool(tell: (path: string) => void = () => undefined): WorkerPool {
  let last: Promise<unknown> = Promise.resolve()
  const pool = {
    width: () => 1,
    rest: () => Promise.resolve(),
    close: () => Promise.resolve(),
    run: (kind: JobKind, input: unknown, options: Partial<JobHooks> = {}) => {
      const handler = handlers[kind] as
        ((input: unknown, hooks: JobHooks) => Promise<unknown>) | undefined
      if (!handler) throw new Error(`no job ${kind} in this thread`)
      const hooks: JobHooks = {
        signal: options.signal ?? new AbortController().signal,
        onProgress: options.onProgress ?? (() => undefined)
      }
      // One after another, as a worker takes them.
      const done = last.then(async () => {
        const result = await handler(input, hooks)
        if (kind === 'train' && (result as TrainResult).outcome === 'finished') {
          tell(`runs/${(input as TrainJob).fingerprint}/manifest.json`)
        }
        return result
      })
      last = done.catch(() => undefined)
      return done
    }
  }
  return pool as unknown as WorkerPool
}
