/** A whole study over a real Slurm on loopback. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Progress } from '#shared/records'
import { outcomeKeys } from '#engine/storage/outcomes'
import { textFingerprint } from '#engine/studies/prepare'
import { tinyProject } from '../support/builtEngine'
import { useCluster } from '../support/clusterEngine'
import { isSlurmMissing, until } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'
import { untimedTables } from '../support/untimedTables'

describe.skipIf(isSlurmMissing)('on a cluster of two nodes', () => {
  // Arrays of more than two elements are refused; a node that is lost is soon known to be.
  const on = useCluster({ MaxArraySize: 2, SlurmdTimeout: 10 })

  const change = { sequential: { choose: { kind: 'list' as const, mixtures: ['code+law'] } } }

  /** How often an array was submitted, as the controller wrote down. */
  const submitted = () =>
    readFileSync(join(on.cluster.folder, 'log', 'slurmctld.log'), 'utf8').match(
      /_slurm_rpc_submit_batch_job: JobId=/g
    )?.length ?? 0

  /** Ends the second node once something runs there, and everything on it. */
  async function loseNode(): Promise<void> {
    const isOnIt = ({ node, state }: { node: string; state: string }) =>
      node === 'lab2' && state === 'RUNNING'
    await until('an element on the second node', () => on.cluster.queue().some(isOnIt))
    await on.cluster.loseNode('lab2')
  }

  test('a study gives the tables that it gives on this machine, split into small arrays and with one node lost', async () => {
    const local = await tinyProject(on.engine, join(await temporaryFolder(), 'a'), change)
    await local.run(local.study())
    const session = await tinyProject(on.engine, join(await temporaryFolder(), 'b'), {
      ...change,
      executor: { kind: 'slurm' as const, prepareText: 'cluster' as const, modelsPerElement: 4 }
    })
    const told = new Set<string>()
    const onProgress = ({ activity, label }: Progress) => told.add(`${activity} ${label}`)
    const [summary] = await Promise.all([session.run(session.study(), { onProgress }), loseNode()])
    expect([...told]).toContain('prepare text of small')
    expect(summary).toMatchObject({ failed: [], wasStopped: false })
    expect(await untimedTables(session)).toEqual(await untimedTables(local))
    expect(on.cluster.call('sinfo', '-h', '-p', 'main', '-n', 'lab2', '-o', '%T')).toContain('down')
    // The seed, three branches, models of two kinds and what is trained in sequence, two elements an array.
    expect(submitted()).toBeGreaterThanOrEqual(7)
    expect(readdirSync(join(session.folder, 'outcomes'))).toEqual([])
    expect(
      existsSync(join(session.folder, 'cluster')) && readdirSync(join(session.folder, 'cluster'))
    ).toEqual([])
  }, 300_000)

  test('text that an element left while nobody waited is taken in, and not prepared again', async () => {
    const session = await tinyProject(on.engine, join(await temporaryFolder(), 'a'), {
      ...change,
      executor: { kind: 'slurm' as const, prepareText: 'cluster' as const }
    })
    const study = session.study()
    const text = textFingerprint(study, session.corpora)
    expect(await session.runOne(study, text, 'test')).toMatchObject({ state: 'done', error: null })
    await session.prepare(study)
    // No array was ever submitted.
    expect(existsSync(join(session.folder, 'cluster'))).toBe(false)
    expect(await outcomeKeys(session.folder)).toEqual([])
  })
})
