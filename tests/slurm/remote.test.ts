/** A cluster that is reached by ssh only, with storage of its own. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkCluster, confirmCommands } from '#engine'
import type { Engine } from '#engine'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { isSshMissing, startSsh } from '../support/loopbackSsh'
import { useOwnConfig } from '../support/ownConfig'
import { isSlurmMissing, startSlurm } from '../support/slurmCluster'
import type { SlurmCluster } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'
import { untimedTables } from '../support/untimedTables'

describe.skipIf(isSlurmMissing || isSshMissing)('by ssh', () => {
  let engine: Engine
  let cluster: SlurmCluster
  let ssh: Awaited<ReturnType<typeof startSsh>>
  beforeAll(async () => {
    process.env['ASSAY_CLUSTER_POLL_SECONDS'] = '0.5'
    cluster = await startSlurm()
    ssh = await startSsh({ SLURM_CONF: cluster.conf })
    // Only who logs in there knows of the cluster.
    delete process.env['SLURM_CONF']
    engine = builtEngine()
  })
  // What is confirmed is kept for the user, not in the project.
  useOwnConfig()
  afterAll(async () => {
    await engine?.close()
    await ssh?.stop()
    await cluster?.stop()
    delete process.env['ASSAY_CLUSTER_POLL_SECONDS']
  })

  const change = { sequential: { choose: { kind: 'none' as const } } }

  test('a study goes there and comes back, and gives the tables that it gives here', async () => {
    const local = await tinyProject(engine, join(await temporaryFolder(), 'a'), change)
    await local.run(local.study())
    const there = join(await temporaryFolder(), "the user's", 'project')
    const session = await tinyProject(engine, join(await temporaryFolder(), 'b'), {
      ...change,
      executor: {
        kind: 'slurm' as const,
        host: 'login',
        folder: there,
        prepareText: 'cluster' as const,
        modelsPerElement: 100
      }
    })
    await confirmCommands(session.folder, session.study())
    const summary = await session.run(session.study())
    expect(summary).toMatchObject({ failed: [], wasStopped: false })
    expect(await untimedTables(session)).toEqual(await untimedTables(local))
    expect(await readdir(join(session.folder, 'outcomes'))).toEqual([])
    expect(await readdir(join(there, 'outcomes'))).toEqual([])
    const check = await checkCluster(session, session.study())
    expect(check.findings.filter(({ state }) => state !== 'good')).toEqual([])
  }, 300_000)

  test('a host that does not answer is told before anything is begun', async () => {
    const session = await tinyProject(engine, join(await temporaryFolder(), 'a'), {
      ...change,
      executor: { kind: 'slurm' as const, host: 'nobody.invalid', folder: '/somewhere' }
    })
    const unasked = { code: 'study/unconfirmed' }
    await expect(session.run(session.study())).rejects.toMatchObject(unasked)
    await expect(checkCluster(session, session.study())).rejects.toMatchObject(unasked)
    await confirmCommands(session.folder, session.study())
    await expect(session.run(session.study())).rejects.toMatchObject({
      code: 'executor/unavailable',
      message: expect.stringContaining('by ssh on nobody.invalid') as string
    })
  })
})
