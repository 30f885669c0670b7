/** A cluster that is reached by ssh only, with storage of its own. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { checkCluster, confirmCommands } from '#engine'
import type { Engine } from '#engine'
import { writeOutcome } from '#engine/storage/outcomes'
import { projectPaths } from '#engine/storage/paths'
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
    // As an rsync before 3.2.4 calls the other one.
    vi.stubEnv('RSYNC_OLD_ARGS', '1')
    onTestFinished(() => void vi.unstubAllEnvs())
    const session = await tinyProject(engine, join(await temporaryFolder(), 'b'), {
      ...change,
      executor: {
        kind: 'slurm' as const,
        host: 'login',
        folder: `${there}/`,
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

    // What was trained there by another day's head is brought, whatever an earlier try left, and submitted to nobody.
    const later = await tinyProject(engine, join(await temporaryFolder(), 'c'), {
      ...change,
      executor: { kind: 'slurm' as const, host: 'login', folder: there, command: 'false' }
    })
    await later.prepare(later.study())
    await confirmCommands(later.folder, later.study())
    const runs = session.runs.map(({ fingerprint }) => fingerprint)
    const error = { code: 'bug' as const, message: 'of another day', details: {} }
    await writeOutcome(there, { key: runs[1]!, study: 'small', assay: '1', host: 'n', error })
    const command = projectPaths.command(there, runs[0]!)
    await mkdir(command, { recursive: true })
    for (const name of ['ended.json', 'log.txt']) await writeFile(join(command, name), 'x')
    const submit = () =>
      Number(cluster.call('sbatch', '--parsable', '-o', '/dev/null', '--wrap', 'true'))
    const before = submit()
    const enough = new AbortController()
    await later.run(later.study(), {
      signal: enough.signal,
      onEvent: (event) => {
        if (event.kind !== 'run') return
        const isAll = later.runs.filter(({ state }) => state === 'done').length === runs.length
        if (isAll) enough.abort(new Error('enough'))
      }
    })
    const states = later.runs.map(({ fingerprint, state }) => `${fingerprint} ${state}`)
    expect(states.sort()).toEqual(runs.map((run) => `${run} done`).sort())
    expect(submit()).toBe(before + 1)
    // A command's inputs and marks are its own machine's.
    expect(await readdir(projectPaths.command(later.folder, runs[0]!))).toEqual(['log.txt'])
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
