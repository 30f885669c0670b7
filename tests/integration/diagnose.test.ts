import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { measureLines } from '#engine'
import { openSealed, sealedText } from '#engine/storage/seals'
import type { Engine } from '#engine'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { projectPaths } from '#engine/storage/paths'
import { LINE_POINTS } from '#shared/diagnosis'
import type { BranchGeometry, Diagnosis } from '#shared/diagnosis'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

const diagnosed = async (project: string) =>
  JSON.parse(await assayDone(['diagnose', project, '--json'])) as Diagnosis

const finding = ({ findings }: Diagnosis, claim: string) =>
  findings.find((one) => one.claim === claim)!

/** Weights of a run as one long vector. */
async function weightsOf(project: string, fingerprint: string): Promise<number[]> {
  const folder = projectPaths.checkpoint(project, fingerprint)
  const set = await readParameters((await openCheckpoint(folder)).parameters)
  return [...set.values()].flatMap(({ data }) => [...data])
}

test('a trained study is diagnosed, from its checkpoints too; what was read off them is kept', async () => {
  const project = join(await temporaryFolder(), 'project')
  const session = await tinyProject(engine, project)
  const study = session.study()
  await session.run(study)
  const { plan } = await session.plan(study)
  await session.copyTo(`${project}-before`, 'bundle')

  // Beside a session that holds the lock it is only read, and nothing is kept.
  const beside = await diagnosed(project)
  const kept = async (folder: string) =>
    (await readdir(join(folder, 'cache'))).filter((name) => name.startsWith('geometry-'))
  expect(await kept(project)).toEqual([])
  await session.close()
  const first = await diagnosed(project)
  expect(first).toEqual(beside)
  const [file] = await kept(project)

  const seed = await weightsOf(project, plan.seed!.fingerprint)
  const length = (values: number[]) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
  const { numbers, verdict, measure } = finding(first, 'far-apart')
  expect(plan.branches.length).toBe(3)
  const deltas: number[][] = []
  for (const { name, fingerprint } of plan.branches) {
    const delta = (await weightsOf(project, fingerprint)).map((x, i) => x - seed[i]!)
    const told = numbers.find((one) => one.name === `distance of ${name}`)!
    expect(told.value).toBeCloseTo(length(delta) / length(seed), 6)
    deltas.push(delta)
  }
  const between = (a: number[], b: number[]) => length(a.map((x, i) => x - b[i]!)) / length(seed)
  const [a, b, c] = deltas as [number[], number[], number[]]
  expect(measure.value).toBeCloseTo((between(a, b) + between(a, c) + between(b, c)) / 3, 6)
  // So small a model at so high a rate goes far from where it started.
  expect(verdict).toBe('yes')
  expect(finding(first, 'few-mixtures').verdict).toBe('yes')
  expect(finding(first, 'small-partitions').measure.value).toBeGreaterThan(0)
  expect(finding(first, 'not-converged').numbers.length).toBe(3 + 2 * 3)
  expect(finding(first, 'barrier').measure.value).not.toBeNull()

  // What is kept is what is told, in a bundle too.
  const again = await engine.openProject(project)
  await again.copyTo(`${project}-after`, 'bundle')
  await again.close()
  expect(await diagnosed(`${project}-after`)).toEqual(first)
  const path = join(project, 'cache', file!)
  const { value } = openSealed(await readFile(path, 'utf8'))
  const geometry = value as BranchGeometry
  geometry.branches.forEach((one) => (one.relativeDistance /= 100))
  await writeFile(path, sealedText(geometry))
  expect(finding(await diagnosed(project), 'far-apart').verdict).toBe('no')

  // Without checkpoints and without what they said, that claim alone is not answered.
  const bundle = await diagnosed(`${project}-before`)
  expect(finding(bundle, 'far-apart').verdict).toBe('cannot tell')
  const others = ({ findings }: Diagnosis) => findings.filter(({ claim }) => claim !== 'far-apart')
  expect(others(bundle)).toEqual(others(first))

  const text = await assayDone(['diagnose', project])
  for (const { statement } of first.findings) expect(text).toContain(statement)
})

test('lines are measured when asked for, kept, exported, and shared with mixtures; a stop goes on', async () => {
  const project = join(await temporaryFolder(), 'project')
  const session = await tinyProject(engine, project, {
    mixtures: { over: 'units', choose: { kind: 'all' } },
    sequential: { choose: { kind: 'random', count: 1 } }
  })
  const study = session.study()
  await expect(measureLines(session, study)).rejects.toMatchObject({ code: 'study/not-prepared' })
  await session.run(study)
  const before = await session.reports.diagnosis(study)
  expect(before.lines).toEqual([])
  expect(before.lineModelsLeft).toBeGreaterThan(20)

  const stop = new AbortController()
  const stopped = measureLines(session, study, {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind === 'measured' && event.done === 3) stop.abort(new Error('stopped'))
    }
  })
  await stopped
  const part = await session.reports.diagnosis(study)
  expect(part.lineModelsLeft).toBeLessThan(before.lineModelsLeft)
  expect(part.lineModelsLeft).toBeGreaterThan(0)

  // What a mixture asks for afterwards is measured already: it is the same model.
  const { plan } = await session.plan(study)
  await session.close()
  const whole = JSON.parse(await assayDone(['diagnose', project, '--lines', '--json'])) as Diagnosis
  expect(whole.lineModelsLeft).toBe(0)
  expect(whole.lines.length).toBe(9)
  const means = ['mean-in-log', 'mean-out-log', 'mean-all-log']
  const domains = ['code', 'fiction', 'law', 'seed', ...means]
  for (const { domains: told } of whole.lines) {
    expect(told.map(({ domain }) => domain).sort()).toEqual([...domains].sort())
  }
  const barrier = finding(whole, 'barrier')
  expect(barrier.why).toContain('By whole lines')
  const heights = whole.lines
    .filter(({ kind }) => kind === 'branch-branch')
    .map(({ domains: told }) => told.find(({ domain }) => domain === 'mean-all-log')!.barrier)
  expect(barrier.measure.value).toBeCloseTo(heights.reduce((a, b) => a + b, 0) / 3, 12)

  const again = await engine.openProject(project)
  const [a, b] = [plan.branches[0]!, plan.branches[1]!]
  const quarter = {
    ...study,
    mixtures: {
      over: 'units' as const,
      choose: { kind: 'list' as const, list: [{ [a.name]: 3, [b.name]: 1 }] },
      added: []
    },
    sequential: { ...study.sequential, choose: { kind: 'none' as const } }
  }
  const results = await again.results(quarter)
  const merge = results.models.find(({ role }) => role === 'merge')!
  const line = whole.lines.find(({ from, to }) => from === a.name && to === b.name)!
  for (const { name, tokens } of results.domains) {
    const loss = merge.nats.get(name)!.reduce((sum, one) => sum + one, 0) / tokens
    expect(line.domains.find(({ domain }) => domain === name)!.losses[1]).toBeCloseTo(loss, 12)
  }
  await again.close()

  const tables = join(project, '..', 'tables')
  await assayDone(['export', project, '--out', tables])
  const csv = await readFile(join(tables, 'lines.csv'), 'utf8')
  expect(csv.trim().split('\r\n').length).toBe(1 + 9 * domains.length * LINE_POINTS.length)
  expect(await assayDone(['diagnose', project])).toContain('LOSS ALONG STRAIGHT LINES')
  const report = join(project, '..', 'report.html')
  const latex = join(project, '..', 'tables.tex')
  await assayDone(['report', project, '--html', report, '--latex', latex])
  expect(await readFile(latex, 'utf8')).toContain('\\label{tab:assay-agreement-sum}')
  const html = await readFile(report, 'utf8')
  expect(html).toContain('Loss along straight lines')
  expect(html).toContain('By whole lines')

  // What is proposed is trained by design, and nothing else is trained anew.
  const proposed = JSON.parse(
    await assayDone(['diagnose', project, '--propose', '1', '--add', '--json'])
  ) as Diagnosis
  const ran = JSON.parse(await assayDone(['run', project, '--json'])) as { trained: number }
  expect([proposed.proposed.length, ran.trained]).toEqual([1, 1])
  const last = await engine.openProject(project)
  const run = last.runs.find(({ mixture }) => mixture === proposed.proposed[0]!.mixture)!
  expect(run.chosenBy).toBe('design')
  await last.close()
}, 120_000)

test('branches keep earlier weights without being trained otherwise; those trained before say so', async () => {
  const folder = await temporaryFolder()
  const sequential = { choose: { kind: 'all' as const } }
  const mixtures = { over: 'units' as const, choose: { kind: 'all' as const } }
  const evaluation = { branchCheckpoints: [0.25, 0.5] }
  const keeping = await tinyProject(engine, join(folder, 'keeping'), {
    sequential,
    mixtures,
    evaluation
  })
  const study = keeping.study()
  await keeping.run(study)
  const { plan } = await keeping.plan(study)
  const [branch] = plan.branches
  const earlier = (step: number) =>
    projectPaths.earlierCheckpoint(keeping.folder, branch!.fingerprint, step)
  const steps = (await readdir(join(earlier(1), '..'))).map(Number).sort((a, b) => a - b)
  expect(steps).toEqual([Math.round(branch!.steps / 4), Math.round(branch!.steps / 2)])
  const length = (a: number[], b: number[]) =>
    Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0))
  const read = async (path: string) => {
    const set = await readParameters((await openCheckpoint(path)).parameters)
    return [...set.values()].flatMap(({ data }) => [...data])
  }
  const seed = await weightsOf(keeping.folder, plan.seed!.fingerprint)
  const [quarter, half] = [await read(earlier(steps[0]!)), await read(earlier(steps[1]!))]
  expect(length(seed, quarter)).toBeGreaterThan(0)
  expect(length(seed, half)).toBeGreaterThan(length(seed, quarter))

  const converged = finding(await keeping.reports.diagnosis(study), 'not-converged')
  const rhos = converged.numbers.filter(({ name }) => name.startsWith('ρ of merge-micro'))
  expect(rhos.map(({ name }) => name)).toEqual([
    expect.stringContaining('at 26 %'),
    expect.stringContaining('at 50 %'),
    expect.stringContaining('at their end')
  ])
  expect(converged.why).not.toContain('lack')
  const { models } = await keeping.results(study)
  const { earlier: told } = await keeping.results(study)
  const pair = plan.sequentialMixtures.find((name) => name.includes('+'))!
  const merge = models.find(({ role, mixture }) => role === 'merge' && mixture === pair)!
  expect(told[0]!.merges.get(pair)!.nats).not.toEqual(merge.nats)
  expect((await keeping.run(study)).measured).toBe(0)

  // The same text without keeping any: the same runs, to the last bit.
  const plain = await tinyProject(engine, join(folder, 'plain'), { sequential, mixtures })
  await plain.run(plain.study())
  expect((await plain.plan(plain.study())).plan.branches).toEqual(plan.branches)
  expect(await weightsOf(plain.folder, branch!.fingerprint)).toEqual(
    await weightsOf(keeping.folder, branch!.fingerprint)
  )
  const later = await plain.saveStudy({ ...plain.study(), evaluation })
  expect(await plain.run(later)).toMatchObject({ trained: 0, measured: 0, failed: [] })
  const lacking = finding(await plain.reports.diagnosis(later), 'not-converged')
  expect(lacking.why).toContain('Some branches lack earlier checkpoints')
  expect(lacking.numbers.filter(({ name }) => name.startsWith('ρ of'))).toEqual([])
}, 240_000)

test('a study made from tables is diagnosed as far as tables go', async () => {
  const project = join(await temporaryFolder(), 'sweep')
  await assayDone(['import-table', project, 'tests/golden/tables/long.csv'])
  const diagnosis = await diagnosed(project)
  const verdicts = Object.fromEntries(diagnosis.findings.map((one) => [one.claim, one.verdict]))
  const unknown = ['offset', 'not-converged', 'small-partitions', 'unequal-sizes', 'far-apart']
  for (const claim of [...unknown, 'barrier']) expect(verdicts[claim]).toBe('cannot tell')
  expect(finding(diagnosis, 'interaction').measure.value).not.toBeNull()
  expect(finding(diagnosis, 'few-mixtures').measure.value).not.toBeNull()
})
