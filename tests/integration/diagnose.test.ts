import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { projectPaths } from '#engine/storage/paths'
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
  const geometry = JSON.parse(await readFile(path, 'utf8')) as BranchGeometry
  geometry.branches.forEach((one) => (one.relativeDistance /= 100))
  await writeFile(path, JSON.stringify(geometry))
  expect(finding(await diagnosed(project), 'far-apart').verdict).toBe('no')

  // Without checkpoints and without what they said, that claim alone is not answered.
  const bundle = await diagnosed(`${project}-before`)
  expect(finding(bundle, 'far-apart').verdict).toBe('cannot tell')
  const others = ({ findings }: Diagnosis) => findings.filter(({ claim }) => claim !== 'far-apart')
  expect(others(bundle)).toEqual(others(first))

  const text = await assayDone(['diagnose', project])
  for (const { statement } of first.findings) expect(text).toContain(statement)
})

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
