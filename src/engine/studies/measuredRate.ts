/** How fast this machine trains and evaluates a study's model; measured once, kept in the cache. */
import { hostname } from 'node:os'
import type { DecoderConfig, Study } from '#shared/records'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { projectPaths } from '#engine/storage/paths'
import { readCache, writeCache } from '#engine/storage/sealedFiles'
import type { ComputeDevice } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { MeasuredRate } from './cost'

/** At most so much of each, so that a plan is not kept waiting. */
const REPETITIONS = 20
const SECONDS = 3

/** Measures on all workers at once, as a study runs: one alone would be faster than each of many. */
export async function measuredRate(input: {
  pool: WorkerPool
  project: string
  config: DecoderConfig
  study: Study
  device: ComputeDevice
  /** How many trainings of the study memory holds at once. */
  fitting: number
}): Promise<MeasuredRate> {
  const { pool, project, config, study, device } = input
  const atOnce = Math.min(pool.width('narrow'), input.fitting)
  // As the study will run: several with one thread each, or one with all.
  const lane = device.isGpu || atOnce < 2 ? 'wide' : 'narrow'
  const workers = lane === 'wide' ? 1 : atOnce
  // A project may be taken to another machine, and --threads be given.
  const machine = { host: hostname(), device: device.name, workers }
  const path = projectPaths.rate(project, fingerprintOf({ config, recipe: study.branch, machine }))
  const kept = (await readCache(path)) as MeasuredRate | null
  if (kept) return kept
  const { batchSize: whole, microBatchSize, matmulPrecision } = study.branch
  const batchSize = microBatchSize ?? whole
  const job = { config, batchSize, repetitions: REPETITIONS, seconds: SECONDS }
  const measure = async (what: 'train' | 'eval') => {
    const each = await Promise.all(
      Array.from({ length: workers }, () =>
        pool.run(
          'bench',
          { ...job, what },
          { lane, ...(what === 'train' ? { matmulPrecision } : {}) }
        )
      )
    )
    return each.reduce((sum, one) => sum + (one.tokensPerSecond ?? 0), 0) / workers
  }
  const rate = {
    trainTokensPerSecond: await measure('train'),
    evaluateTokensPerSecond: await measure('eval'),
    workers,
    source: 'measured on this machine, all workers at once'
  }
  await writeCache(path, rate)
  return rate
}
