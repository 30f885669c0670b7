/** What is trained again under other random seeds, and what was said before, with the engine as it ships. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { studyTable } from '#engine/studies/tables'
import type { Row } from '#engine/studies/tables'
import { builtEngine, tinyProject, trainingImport } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

test('repeats give the noise that their own measurements have, and change no earlier number', async () => {
  const folder = join(await temporaryFolder(), 'project')
  const session = await tinyProject(engine, folder, {
    mixtures: { choose: { kind: 'sizes', sizes: [2] } },
    sequential: { choose: { kind: 'all' } },
    merges: ['micro'],
    unit: { sequences: 8, maximum: 1 }
  })
  const more = join(await temporaryFolder(), 'more.jsonl')
  await session.importCorpus(
    trainingImport('more', await writeCorpus(more, { mail: 60, music: 60 }))
  )
  const plain = session.study()
  await session.run(plain)
  const before = await session.results(plain)
  expect(studyTable(before, 'noise')!.rows).toEqual([])

  const study = { ...plain, repeats: { randomSeeds: [5, 6], branches: true, sequential: 3 } }
  const summary = await session.run(study)
  // Four branches and three sequential models under each of two random seeds; nothing else is new.
  expect([summary.trained, summary.failed]).toEqual([14, []])
  expect(await session.run(study)).toMatchObject({ trained: 0, measured: 0 })
  const results = await session.results(study)
  expect(results.models).toEqual(before.models)

  const measured = studyTable(results, 'measurements')!.rows
  const lossOf = (role: string, mixture: string, seed: number | null) => {
    const row = measured.find(
      (one) =>
        one['domain'] === 'fiction' &&
        one['role'] === role &&
        one['mixture'] === mixture &&
        one['random_seed'] === seed
    )
    return row ? Math.log(Number(row['perplexity'])) : null
  }
  const variance = (values: number[]) => {
    const mean = values.reduce((sum, one) => sum + one, 0) / values.length
    return values.reduce((sum, one) => sum + (one - mean) ** 2, 0)
  }
  const repeated = results.mixtures
    .map(({ name }) => [null, 5, 6].map((seed) => lossOf('sequential', name, seed)))
    .filter((row): row is number[] => row.every((one) => one !== null))
  expect(repeated).toHaveLength(3)
  const expected = Math.sqrt(repeated.reduce((sum, row) => sum + variance(row), 0) / 6)
  const [row] = studyTable(results, 'noise')!.rows.filter(
    (one) => one['domain'] === 'fiction' && one['proxy'] === 'merge-micro'
  ) as [Row]
  expect(Number(row['sequential_noise']) / expected).toBeCloseTo(1, 8)
  expect(expected).toBeGreaterThan(0)
  expect([row['sequential_noise_degrees'], row['repeated'], row['n']]).toEqual([6, 3, 6])
  // Merges of every mixture were measured under each random seed: 6 mixtures, 3 seeds.
  // No more degrees of freedom than branches have: four of them, less one, in two more seeds.
  expect(row['proxy_noise_degrees']).toBe(3 * 2)
  expect(String(row['spearman_other_seeds']).split(' ')).toHaveLength(2)
  const runs = studyTable(results, 'runs')!.rows
  expect(new Set(runs.map((one) => one['random_seed']))).toEqual(new Set([1, 5, 6]))

  // Before the first sequential model nothing could be fitted; merges said what they say still.
  const said = studyTable(results, 'predictions')!.rows
  expect(said.every((one) => one['trained_then'] === 0)).toBe(true)
  expect(new Set(said.map((one) => one['mixture'])).size).toBe(6)
  expect(said.map((one) => one['proxy'])).not.toContain('linear')
  for (const one of said.filter(
    ({ proxy, domain }) => proxy === 'merge-micro' && domain === 'fiction'
  )) {
    expect(one['predicted']).toBeCloseTo(lossOf('merge', String(one['mixture']), null)!, 10)
    expect(one['sequential']).toBeCloseTo(lossOf('sequential', String(one['mixture']), null)!, 10)
  }

  // A mixture added later is foretold by what was trained until then.
  const triple = 'code+law+mail'
  const wider = {
    ...study,
    mixtures: { ...study.mixtures, added: [{ code: 1, law: 1, mail: 1 }] },
    sequential: {
      ...study.sequential,
      choose: {
        kind: 'list' as const,
        mixtures: [...new Set(said.map((one) => String(one['mixture']))), triple]
      }
    }
  }
  await session.run(wider)
  const late = studyTable(await session.results(wider), 'predictions')!.rows.filter(
    (one) => one['mixture'] === triple && one['domain'] === 'fiction'
  )
  expect(late.map((one) => one['proxy'])).toContain('linear')
  for (const one of late) {
    expect(one['trained_then']).toBe(6)
    expect(one['error']).toBeCloseTo(Number(one['predicted']) - Number(one['sequential']), 12)
  }
})
