/** How fast this machine trains and evaluates a study's model; measured once, kept in the cache. */
import { hostname } from 'node:os'
import type { DecoderConfig, Run, Study } from '#shared/records'
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
  /** Of the study's runs. */
  heads: readonly Run[]
}

/**
 * Measures on all workers at once, as a study runs: one alone would be faster than each of many.
 *
 * Of a trainer of the user's own only measuring is measured; how fast it trains its finished runs say.
 */
export async function measuredRate(input: RateOptions): Promise<MeasuredRate> {
  const { pool, project, config, study, device, choice } = input
  const { lane, workers, place } = workersOf(input)
  // A project may be taken to another machine, and --threads be given.
  const machine = { host: hostname(), device: choice?.names.join() ?? device.name, workers }
  const recipe = study.trainer ? null : study.branch
  const path = projectPaths.rate(project, fingerprintOf({ config, recipe, machine }))
  const kept = (await readCache(path)) as MeasuredRate | null
  if (kept) return ofTrainer(study, kept, input.heads)
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
    trainTokensPerSecond: study.trainer ? null : await measure('train'),
    evaluateTokensPerSecond: await measure('eval'),
    workers,
    source: 'measured on this machine, all workers at once'
  }
  await writeCache(path, rate)
  return ofTrainer(study, rate, input.heads)
}

/** The rate of a study that a command trains: that of its finished runs, if there are any. */
function ofTrainer({ trainer }: Study, rate: MeasuredRate, heads: readonly Run[]): MeasuredRate {
  if (!trainer) return rate
  const done = heads.filter(({ state, backend }) => state === 'done' && backend === 'command')
  const tokens = done.reduce((sum, head) => sum + head.tokens, 0)
  const elapsedMs = done.reduce((sum, head) => sum + head.elapsedMs, 0)
  const isKnown = tokens > 0 && elapsedMs > 0
  return {
    ...rate,
    trainTokensPerSecond: isKnown ? (tokens / elapsedMs) * 1000 : null,
    workers: trainer.atOnce,
    source: isKnown
      ? `training as the ${done.length} finished runs of its trainer, measuring as measured on this machine`
      : 'how fast its trainer is nobody knows before a run is finished'
  }
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
