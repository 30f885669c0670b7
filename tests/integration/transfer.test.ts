import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine, TransferEvidence } from '#engine'
import { fromCsv } from '#engine/studies/tables'
import { TRANSFER_COLUMNS } from '#engine/studies/export/columns'
import type { StudyDraft } from '#shared/records'
import { builtEngine, tinyProject, tinyStudy } from '../support/builtEngine'
import { assay, assayDone } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

test('merges of a smaller model and of half its weight stand for the training of a larger one', async () => {
  const project = join(await temporaryFolder(), 'project')
  const change: Partial<StudyDraft> = {
    mixtures: { over: 'units', choose: { kind: 'all' } },
    sequential: { choose: { kind: 'all' } },
    merges: ['micro', 'tau-0.5']
  }
  const session = await tinyProject(engine, project, change)
  const small = session.study()
  const { model } = tinyStudy()
  const large = await session.saveStudy({
    ...tinyStudy(change),
    name: 'large',
    model: { ...model, hiddenSize: 32, intermediateSize: 64 }
  })
  const cutAnew = await session.saveStudy({
    ...tinyStudy(change),
    name: 'other',
    unit: { sequences: 120, maximum: 2 }
  })
  await session.run(small, {})
  await session.run(large, {})
  await session.plan(cutAnew)
  const results = await session.results(large)
  await session.close()

  const args = ['transfer', project, '--from', 'small', '--to', 'large']
  const told = JSON.parse(await assayDone([...args, '--json'])) as TransferEvidence
  expect(told).toMatchObject({ small: 'small', large: 'large', mixtures: 7, trained: 7 })
  const row = told.rows.find(
    ({ domain, proxy }) => domain === 'mean-all-log' && proxy === 'merge-tau-0.5'
  )!
  // Single units too: the smaller model's branch is not the larger one's.
  expect(row.n).toBe(6)
  for (const { value } of [row.pearson, row.spearman, row.kendall, row.accuracy]) {
    expect(Math.abs(value!)).toBeLessThanOrEqual(1)
  }
  expect(told.rankings.map(({ size, trained }) => [size, trained])).toEqual([
    [1, 3],
    [2, 3],
    [3, 1]
  ])
  // The truth is the larger model's own.
  const branch = results.models.find(({ role, name }) => role === 'branch' && name === 'law#1')!
  const losses = results.domains.map(({ name, tokens }) => {
    const nats = branch.nats.get(name)!
    return nats.reduce((sum, one) => sum + one, 0) / tokens
  })
  const law = told.rankings[0]!.mixtures.find(({ mixture }) => mixture === 'law#1')!
  const mean = losses.reduce((sum, one) => sum + one, 0) / losses.length
  expect(law.sequentialValue).toBeCloseTo(mean, 9)
  expect(law.proxyValue).not.toBeCloseTo(mean, 4)

  const csv = fromCsv(TRANSFER_COLUMNS, `${await assayDone([...args, '--csv'])}`)
  expect(csv).toHaveLength(told.rows.length)
  expect(csv[0]).toMatchObject({ small: 'small', large: 'large' })
  expect(await assayDone(args)).toMatch(/RANKS BESIDE RANKS/)

  const file = join(project, '..', 'transfer.html')
  await assayDone([...args, '--html', file])
  const page = await readFile(file, 'utf8')
  expect(page.match(/<figure>/g)).toHaveLength(2)
  expect(page).toContain('law#1: rank')

  const other = await assay(['transfer', project, '--from', 'small', '--to', 'other'])
  expect([other.status, other.stderr]).toEqual([
    1,
    expect.stringMatching(/do not hold the same text in/)
  ])
  const itself = await assay(['transfer', project, '--from', 'small', '--to', 'small'])
  expect([itself.status, itself.stderr]).toEqual([1, expect.stringMatching(/foretell itself/)])
})
