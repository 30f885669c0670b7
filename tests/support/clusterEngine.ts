/** A cluster on loopback and an engine beside it, for all tests of a block. */
import { afterAll, beforeAll } from 'vitest'
import type { Engine } from '#engine'
import { builtEngine } from './builtEngine'
import { startSlurm } from './slurmCluster'
import type { SlurmCluster, SlurmConfig } from './slurmCluster'

/** Starts both before the tests and ends them after; the queue is asked twice a second. */
export function useCluster(config: SlurmConfig = {}): {
  readonly engine: Engine
  readonly cluster: SlurmCluster
} {
  const started: { engine?: Engine; cluster?: SlurmCluster } = {}
  beforeAll(async () => {
    process.env['ASSAY_CLUSTER_POLL_SECONDS'] = '0.5'
    started.cluster = await startSlurm(config)
    started.engine = builtEngine()
  })
  afterAll(async () => {
    await started.engine?.close()
    await started.cluster?.stop()
    delete process.env['ASSAY_CLUSTER_POLL_SECONDS']
  })
  return {
    get engine() {
      return started.engine!
    },
    get cluster() {
      return started.cluster!
    }
  }
}
