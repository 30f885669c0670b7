import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine, ProjectSession, StudyEvent } from '#engine'
import { isRunFinished } from '#engine/storage/runs'
import { scoreStudy } from '#engine/studies/evidence/scores'
import type { StudyPlan } from '#engine/studies/plan'
import { studyCost } from '#engine/studies/studyCost'
import { AdditionPairsSchema } from '#shared/additionEffect'
import { builtEngine, tinyProject, tinyStudy, trainingImport } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'
import { untimedTables } from '../support/untimedTables'

let engine: Engine

beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

async function checkpointHashes(session: ProjectSession): Promise<string[]> {
  const runs = join(session.folder, 'runs')
  const names = await readdir(runs)
  return Promise.all(
    names.sort().map(async (name) => {
      const manifest = await readFile(join(runs, name, 'manifest.json'), 'utf8')
      const { files } = JSON.parse(manifest) as { files: { name: string; sha256: string }[] }
      return `${name} ${files.find((file) => file.name.endsWith('model.safetensors'))!.sha256}`
    })
  )
}

test('a study runs from text to tables; running again does nothing; a new partition trains only its units', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'random', count: 2 } }
  })
  const study = session.study()
  const first = await session.run(study)
  // Seed, three branches, and the sequential models of law (two units) and of both.
  expect([first.trained, first.failed, first.wasStopped]).toEqual([6, [], false])
  const tables = await untimedTables(session)
  expect(tables['partitions.csv']!.map((row) => (row as { partition: string }).partition)).toEqual([
    'code',
    'law'
  ])
  expect(await session.run(study)).toMatchObject({ trained: 0, measured: 0 })
  expect(await untimedTables(session)).toEqual(tables)

  const mail = await writeCorpus(join(await temporaryFolder(), 'mail.jsonl'), { mail: 25 })
  await session.importCorpus(trainingImport('mail', mail))
  const before = await checkpointHashes(session)
  // What it would change is known before: one branch, and no mixture trained again.
  const costOf = (plan: StudyPlan) =>
    studyCost(study, plan, (one) => isRunFinished(session.folder, one), null)
  const foreseen = await session.foresee(study)
  expect([foreseen.isExact, costOf(foreseen.plan).left.runs]).toEqual([false, 1])
  const cost = costOf((await session.plan(study)).plan)
  expect([cost.left.runs, cost.mixtures]).toEqual([1, 7])
  const measured = await readFile(join(session.folder, 'measurements.jsonl'))
  expect(await session.run(study)).toMatchObject({ trained: 1, failed: [] })
  expect(await checkpointHashes(session)).toEqual(expect.arrayContaining(before))
  // Every earlier number stands there as it was written, byte for byte; new ones come behind.
  const now = await readFile(join(session.folder, 'measurements.jsonl'))
  expect(now.subarray(0, measured.length).equals(measured)).toBe(true)
  expect(now.length).toBeGreaterThan(measured.length)
  const pairsOf = (list: Record<string, unknown[]>) =>
    list['pairs.csv']!.filter((row) => !(row as { domain: string }).domain.startsWith('mean'))
  const after = await untimedTables(session)
  expect(pairsOf(tables).length).toBeGreaterThan(0)
  expect(pairsOf(after)).toEqual(expect.arrayContaining(pairsOf(tables)))
  expect((await session.evidence(study)).untried).toEqual(['mail'])
  const old = tables['measurements.csv']!
  const later = after['measurements.csv']!
  const key = (row: unknown) => {
    const { model, domain } = row as { model: string; domain: string }
    return domain.startsWith('mean') ? null : `${model} ${domain}`
  }
  const byKey = new Map(later.map((row) => [key(row), row]))
  for (const row of old) if (key(row) !== null) expect(byKey.get(key(row))).toEqual(row)

  // What it is worth: to which mixtures, on which domain, what it helps most first.
  const { pairs, svg } = await session.reports.additions(study, { added: null })
  expect(svg).toMatch(/^<svg[^]*mail[^]*<\/svg>\s*$/)
  const additions = AdditionPairsSchema.parse(pairs)
  expect([additions.added, additions.members]).toEqual(['mail', ['code', 'law', 'mail']])
  expect(additions.pairs.map((one) => one.without).sort()).toEqual(['code', 'code+law', 'law'])
  const means = additions.pairs.map(({ changes }) => changes[0]!)
  expect(means).toEqual([...means].sort((a, b) => a - b))
  const scores = scoreStudy(await session.results(study), 'all')
  const place = (name: string) => scores.mixtures.findIndex((one) => one.name === name)
  const ofMail = scores.domains.findIndex(({ name }) => name === 'mail')
  const losses = scores.proxy('merge-micro', ofMail, 'sum')!.map(Math.log)
  const column = additions.domains.findIndex(({ name }) => name === 'mail')
  for (const pair of additions.pairs) {
    expect(pair.changes[column]).toBe(losses[place(pair.with)]! - losses[place(pair.without)]!)
    // On its own text it helps whatever it is added to; none was trained with it.
    expect(pair.changes[column]).toBeLessThan(0)
    expect(pair.trained.every((one) => one === null)).toBe(true)
  }
  await expect(session.reports.additions(study, { added: 'prose' })).rejects.toMatchObject({
    code: 'study/missing-partition',
    details: { found: ['code', 'law', 'mail'] }
  })
})

test('the same study gives the same tables and weights, wherever it runs', async () => {
  const sessions = [
    await tinyProject(engine, join(await temporaryFolder(), 'one')),
    await tinyProject(engine, join(await temporaryFolder(), 'another'))
  ]
  for (const session of sessions) await session.run(session.study())
  const [one, another] = sessions as [ProjectSession, ProjectSession]
  expect(await checkpointHashes(another)).toEqual(await checkpointHashes(one))
  expect(await untimedTables(another)).toEqual(await untimedTables(one))
})

test('one thread gives the weights and tables of two, bit for bit', async () => {
  const single = builtEngine(1)
  try {
    const one = await tinyProject(single, join(await temporaryFolder(), 'one'))
    const two = await tinyProject(engine, join(await temporaryFolder(), 'two'))
    await one.run(one.study())
    await two.run(two.study())
    expect(await checkpointHashes(one)).toEqual(await checkpointHashes(two))
    expect(await untimedTables(one)).toEqual(await untimedTables(two))
  } finally {
    await single.close()
  }
})

test('a disk that is full while models are measured is waited for, unless it says that it has room', async () => {
  const disk = join(await temporaryFolder(), 'disk')
  await mkdir(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk])
  const session = await tinyProject(engine, join(disk, 'project'), {
    sequential: { choose: { kind: 'none' } }
  })
  try {
    const study = session.study()
    const whole = await session.run(study)
    const tables = await untimedTables(session)
    await session.close()
    await rm(join(session.folder, 'measurements.jsonl'))
    const again = await engine.openProject(session.folder)
    const filler = join(disk, 'filler')
    const { bavail, bsize } = await statfs(disk)
    await writeFile(filler, Buffer.alloc(bavail * bsize))
    // As beyond a quota: there is nothing to wait for.
    const roomy = { free: () => Promise.resolve(1e12), everyMs: 10 }
    await expect(again.run(study, { disk: roomy })).rejects.toMatchObject({
      code: 'storage/disk-full'
    })
    const onEvent = (event: StudyEvent) => {
      if (event.kind === 'disk' && event.waiting) rmSync(filler)
    }
    expect(await again.run(study, { disk: { everyMs: 10 }, onEvent })).toMatchObject({
      trained: 0,
      measured: whole.measured
    })
    expect(await untimedTables(again)).toEqual(tables)
    await again.close()
  } finally {
    execFileSync('umount', ['--lazy', disk])
  }
})

test('a study stopped amid a run and continued gives the weights of one left alone', async () => {
  const left = await tinyProject(engine, join(await temporaryFolder(), 'left'))
  const stopped = await tinyProject(engine, join(await temporaryFolder(), 'stopped'))
  await left.run(left.study())
  const MOST_STOPS = 12
  let stops = 0
  for (let round = 0; round <= MOST_STOPS; round++) {
    const controller = new AbortController()
    const summary = await stopped.run(stopped.study(), {
      signal: controller.signal,
      onEvent: (event) => {
        // A step at least is done between two stops, however slow the machine.
        if (event.kind !== 'progress' || event.progress.activity !== 'train') return
        if (stops < MOST_STOPS) controller.abort(new Error('stopped by the test'))
      }
    })
    if (!summary.wasStopped) break
    stops++
  }
  expect(stops).toBeGreaterThan(1)
  expect((await stopped.run(stopped.study())).trained).toBe(0)
  expect(await checkpointHashes(stopped)).toEqual(await checkpointHashes(left))
  expect(await untimedTables(stopped)).toEqual(await untimedTables(left))
})

test('another recipe makes new runs beside the old ones', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'none' } }
  })
  const study = session.study()
  await session.run(study)
  const before = await checkpointHashes(session)
  const other = await session.saveStudy({
    ...tinyStudy({ sequential: { choose: { kind: 'none' } } }),
    name: 'decayed',
    branch: { ...study.branch, weightDecay: 0 }
  })
  expect((await session.run(other)).trained).toBe(3)
  expect(await checkpointHashes(session)).toEqual(expect.arrayContaining(before))
  expect((await session.status(study)).runs.done).toBe(4)
})

test('a study starts from the seed model of another one, with its moments, and measures it', async () => {
  const first = await tinyProject(engine, join(await temporaryFolder(), 'first'), {
    sequential: { choose: { kind: 'none' } }
  })
  await first.run(first.study())
  const { fingerprint } = (await first.plan(first.study())).plan.seed!
  const path = join(first.folder, 'runs', fingerprint, 'checkpoint')
  const change = {
    tokenizer: { kind: 'file' as const, path: join(path, 'tokenizer.json') },
    seed: { source: 'checkpoint' as const, path },
    sequential: { choose: { kind: 'none' as const } }
  }
  const { branch } = first.study()
  const second = await tinyProject(engine, join(await temporaryFolder(), 'second'), {
    ...change,
    // A processor of another precision is another process; the weights are the same on a CPU.
    branch: { ...branch, matmulPrecision: 'tf32' }
  })
  expect(await second.run(second.study())).toMatchObject({ trained: 3, failed: [] })
  const tables = [await untimedTables(first), await untimedTables(second)]
  const seeds = tables.map((one) =>
    one['measurements.csv']!.filter((row) => {
      const { role, domain } = row as { role: string; domain: string }
      return role === 'seed' && domain === 'law'
    }).map((row) => (row as { nats: number }).nats)
  )
  expect(seeds[0]).toHaveLength(1)
  expect(seeds[1]).toEqual(seeds[0])
  const losses = tables.map((one) =>
    one['runs.csv']!.filter((row) => (row as { role: string }).role === 'branch').map(
      (row) => (row as { final_loss: number }).final_loss
    )
  )
  expect(losses[1]).toEqual(losses[0])

  const wider = await second.saveStudy({
    ...second.study(),
    name: 'wider',
    model: { ...second.study().model, intermediateSize: 64 }
  })
  await expect(second.run(wider)).rejects.toMatchObject({
    code: 'checkpoint/mismatch',
    message: expect.stringMatching(/intermediateSize is 64 in the study and \d+ in the checkpoint/)
  })
})

test('what is not prepared yet is neither exported nor prepared by a reader', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'))
  const reader = await engine.openProject(session.folder, { readOnly: true })
  const folder = await temporaryFolder()
  await expect(reader.exportTables(reader.study(), { folder })).rejects.toMatchObject({
    code: 'study/not-prepared'
  })
  expect(await readdir(session.folder)).not.toContain('tokens')
  await reader.close()
})

test('every checkpoint lies there as a Hugging Face folder', async () => {
  const session = await tinyProject(engine, join(await temporaryFolder(), 'project'), {
    sequential: { choose: { kind: 'none' } }
  })
  await session.run(session.study())
  const [run] = await readdir(join(session.folder, 'runs'))
  const files = await readdir(join(session.folder, 'runs', run!, 'checkpoint'))
  expect(files).toEqual(
    expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json'])
  )
})
