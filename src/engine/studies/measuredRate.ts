/** How fast this machine trains and evaluates a study's model; measured once, kept in the cache. */
import { hostname } from 'node:os'
import type { DecoderConfig, Study } from '#shared/records'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { projectPaths } from '#engine/storage/paths'
import { readCache, writeCache } from '#engine/storage/sealedFiles'
import type { DeviceChoice } from '#engine/executors/devicePlaces'
import type { ComputeDevice } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { MeasuredRate } from './cost'

/** At most so much of each, so that a plan is not kept waiting. */
const REPETITIONS = 20
const SECONDS = 3

interface RateOptions {
  pool: WorkerPool
  project: string
  config: DecoderConfig
  study: Study
  device: ComputeDevice
  /** How many trainings of the study memory holds at once. */
  fitting: number
  /** Devices that runs are placed on; null where there is nothing to choose. */
  choice: DeviceChoice | null
}

/** Measures on all workers at once, as a study runs: one alone would be faster than each of many. */
export async function measuredRate(input: RateOptions): Promise<MeasuredRate> {
  const { pool, project, config, study, device, choice } = input
  const { lane, workers, place } = workersOf(input)
  // A project may be taken to another machine, and --threads be given.
  const machine = { host: hostname(), device: choice?.names.join() ?? device.name, workers }
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
          { lane, ...place, ...(what === 'train' ? { matmulPrecision } : {}) }
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

/** As the study will run: on devices, several with one thread each, or one with all. */
function workersOf({ pool, device, fitting, choice }: RateOptions) {
  if (choice) {
    const workers = Math.min(choice.devices.length * choice.perDevice, fitting)
    return { lane: 'devices' as const, workers, place: { place: choice } }
  }
  const atOnce = Math.min(pool.width('narrow'), fitting)
  return device.isGpu || atOnce < 2
    ? { lane: 'wide' as const, workers: 1, place: {} }
    : { lane: 'narrow' as const, workers: atOnce, place: {} }
}
