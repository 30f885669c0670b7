/** A whole study over a real Slurm on loopback. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tinyProject } from '../support/builtEngine'
import { outcomeKeys } from '#engine/storage/outcomes'
import { textFingerprint } from '#engine/studies/prepare'
import { useCluster } from '../support/clusterEngine'
import { isSlurmMissing } from '../support/slurmCluster'
import { temporaryFolder } from '../support/temporaryFolder'
import { untimedTables } from '../support/untimedTables'

describe.skipIf(isSlurmMissing)('on a cluster of two nodes', () => {
  const on = useCluster()

  const change = { sequential: { choose: { kind: 'list' as const, mixtures: ['code+law'] } } }

  test('a study gives the tables that it gives on this machine', async () => {
    const local = await tinyProject(on.engine, join(await temporaryFolder(), 'a'), change)
    await local.run(local.study())
    const session = await tinyProject(on.engine, join(await temporaryFolder(), 'b'), {
      ...change,
      executor: { kind: 'slurm' as const, prepareText: 'cluster' as const, modelsPerElement: 4 }
    })
    const told = new Set<string>()
    const summary = await session.run(session.study(), {
      onProgress: ({ activity, label }) => told.add(`${activity} ${label}`)
    })
    expect([...told]).toContain('prepare text of small')
    expect(summary).toMatchObject({ failed: [], wasStopped: false })
    expect(await untimedTables(session)).toEqual(await untimedTables(local))
    expect(readdirSync(join(session.folder, 'outcomes'))).toEqual([])
    expect(
      existsSync(join(session.folder, 'cluster')) && readdirSync(join(session.folder, 'cluster'))
    ).toEqual([])
  })

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
