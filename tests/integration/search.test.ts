import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine, SearchedMixtures } from '#engine'
import { chosenDocuments, indexModels } from '#engine/studies/results'
import { projectPaths } from '#engine/storage/paths'
import type { SearchRequest } from '#shared/mixtureSearch'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'

const plain: SearchRequest = {
  over: 'subsets',
  target: {},
  atMost: {},
  atLeast: {},
  noMore: {},
  sizes: null,
  second: null,
  rescore: 0,
  tokens: null,
  repeat: null,
  limit: 10
}

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

test('a search says what the ensembles of the study say, confirmed on the other half', async () => {
  const project = join(await temporaryFolder(), 'project')
  const session = await tinyProject(engine, project)
  const study = session.study()
  const early = await assayError(['search', project])
  expect(early.code).toBe('study/not-prepared')
  await session.run(study)
  const results = await session.results(study)

  // Asked to stop while it measures what was not kept, it stops.
  await rm(join(project, 'cache', 'token-losses'), { recursive: true })
  const controller = new AbortController()
  const reason = new Error('enough')
  const stopped = session.search(study, plain, {
    signal: controller.signal,
    onProgress: () => controller.abort(reason)
  })
  await expect(stopped).rejects.toBe(reason)
  await session.close()
  const search = async (...more: string[]) =>
    JSON.parse(await assayDone(['search', project, '--json', ...more])) as SearchedMixtures

  const found = await search()
  expect([found.subsets, found.allowed, found.tokensRead]).toEqual([3, 3, found.tokens])
  // The same losses as the measurements of the study's own ensembles, half by half.
  const index = indexModels(results)
  for (const one of found.best) {
    const mixture = results.mixtures.find(({ name }) => name === one.mixture)!
    const nats = index.ensemble(mixture)!.nats
    for (const domain of results.domains) {
      for (const half of ['choose', 'confirm'] as const) {
        const own = chosenDocuments(domain, half)
        const sum = (values: number[]) => own.reduce((all, i) => all + values[i]!, 0)
        const loss = sum(nats.get(domain.name)!) / sum(domain.perDocument.tokens)
        expect(one.domains[domain.name]![half]).toBeCloseTo(loss, 5)
      }
    }
  }
  const targets = found.best.map(({ target }) => target.choose!)
  expect(targets).toEqual([...targets].sort((a, b) => a - b))
  expect(found.proportional.shares['law']).toBeCloseTo(2 / 3, 12)
  expect(found.uniform.shares['law']).toBe(0.5)
  expect(found.verify.map(({ mixture }) => mixture).sort()).toEqual(
    results.mixtures.map(({ name }) => name).sort()
  )

  const before = await readFile(projectPaths.measurements(project))
  // Free weights are better still, and nothing is written among the measurements.
  const weights = await search('--over', 'weights', '--at-least', 'law=0.25')
  expect(weights.best[0]!.shares['law']).toBeGreaterThanOrEqual(0.25)
  expect(weights.best[0]!.target.choose).toBeLessThanOrEqual(found.best[0]!.target.choose! + 1e-4)
  expect(await readFile(projectPaths.measurements(project))).toEqual(before)

  const text = await assayDone(['search', project, '--target', 'fiction=1', '--limit', '2'])
  for (const words of [
    'Target: 1.00 × fiction',
    'proportional',
    'uniform',
    'TRAIN THESE',
    'is not known',
    'no ensemble knows',
    'flatters most'
  ]) {
    expect(text).toContain(words)
  }

  const unknown = await assayError(['search', project, '--target', 'prose=1'])
  expect(unknown.message).toMatch(/"prose".*fiction/)
  const infeasible = await assay(['search', project, '--at-most', 'fiction=0.1'])
  expect([infeasible.status, infeasible.stderr]).toEqual([
    1,
    expect.stringMatching(/fiction is to cost at most 0.1 .*\n\(loosen --at-most\)/)
  ])
  const usage = await assayError(['search', project, '--target', 'fiction'])
  expect([usage.status, usage.code]).toEqual([2, 'usage/invalid'])
})
