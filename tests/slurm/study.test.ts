/** A whole study over a real Slurm on loopback. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { isSlurmMissing, startSlurm } from '../support/slurmCluster'
import type { SlurmCluster } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'
import { untimedTables } from '../support/untimedTables'

describe.skipIf(isSlurmMissing)('on a cluster of two nodes', () => {
  let engine: Engine
  let cluster: SlurmCluster
  beforeAll(async () => {
    process.env['ASSAY_CLUSTER_POLL_SECONDS'] = '0.5'
    cluster = await startSlurm()
    engine = builtEngine()
  })
  afterAll(async () => {
    await engine?.close()
    await cluster?.stop()
    delete process.env['ASSAY_CLUSTER_POLL_SECONDS']
  })

  const change = { sequential: { choose: { kind: 'list' as const, mixtures: ['code+law'] } } }

  test('a study gives the tables that it gives on this machine', async () => {
    const local = await tinyProject(engine, join(await temporaryFolder(), 'a'), change)
    await local.run(local.study())
    const session = await tinyProject(engine, join(await temporaryFolder(), 'b'), {
      ...change,
      executor: { kind: 'slurm' as const, modelsPerElement: 4 }
    })
    const summary = await session.run(session.study())
    expect(summary).toMatchObject({ failed: [], wasStopped: false })
    expect(await untimedTables(session)).toEqual(await untimedTables(local))
    expect(readdirSync(join(session.folder, 'outcomes'))).toEqual([])
    expect(
      existsSync(join(session.folder, 'cluster')) && readdirSync(join(session.folder, 'cluster'))
    ).toEqual([])
  })
})
