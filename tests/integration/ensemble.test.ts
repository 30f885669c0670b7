import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { chooseBackend } from '#engine/backends/choose'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { readDomainTokens } from '#engine/data/domainDocuments'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import { projectPaths } from '#engine/storage/paths'
import type { Measurement } from '#shared/records'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

test('an ensemble is the average of what its branches say, however often it is made', async () => {
  const project = join(await temporaryFolder(), 'project')
  const session = await tinyProject(engine, project)
  const study = session.study()
  await session.run(study)
  const { plan, prepared } = await session.plan(study)
  const ensemble = plan.ensembles.find(({ mixture }) => mixture === 'code+law')!
  const natsOf = async (domain: string) =>
    (await session.results(study)).models
      .find(({ fingerprint }) => fingerprint === ensemble.fingerprint)!
      .nats.get(domain)!
  const first = await natsOf('fiction')

  // Token by token in plain loops, from the checkpoints.
  const { kernels } = await (await chooseBackend()).activate()
  const evaluator = createEvaluator(plan.config, kernels)
  const fiction = prepared.domains.find(({ name }) => name === 'fiction')!
  const { documents } = await readDomainTokens(project, fiction.fingerprint)
  const options = {
    window: study.model.contextLength,
    batchSize: study.evaluation.batchSize,
    endOfTextId: prepared.tokenizer.endOfTextId
  }
  const probabilities = documents.map(({ length }) => new Float64Array(length))
  for (const { fingerprint, weight } of ensemble.branches) {
    const folder = projectPaths.checkpoint(project, fingerprint)
    evaluator.load(await readParameters((await openCheckpoint(folder)).parameters))
    for (const [index, document] of documents.entries()) {
      const nats = await evaluator.measureTokens([document], options)
      nats.forEach((one, i) => (probabilities[index]![i]! += weight * Math.exp(-one)))
    }
  }
  evaluator.dispose()
  const expected = probabilities.map((of) => of.reduce((sum, p) => sum - Math.log(p), 0))
  expected.forEach((nats, i) => expect(first[i]! / nats).toBeCloseTo(1, 5))
  // It is no worse than the mean of its branches, and was measured once.
  expect((await session.run(study)).measured).toBe(0)

  // What is kept of branches may be deleted: it is measured again, to the same bits.
  await session.close()
  await rm(join(project, 'cache', 'token-losses'), { recursive: true })
  const path = projectPaths.measurements(project)
  const lines = (await readFile(path, 'utf8')).trim().split('\n')
  const others = lines.filter(
    (line) => (JSON.parse(line) as Measurement).model !== ensemble.fingerprint
  )
  expect(others.length).toBe(lines.length - prepared.domains.length)
  await writeFile(path, others.join('\n') + '\n')
  const again = await engine.openProject(project)
  expect((await again.run(again.study())).measured).toBe(1)
  const results = await again.results(again.study())
  const model = results.models.find(({ fingerprint }) => fingerprint === ensemble.fingerprint)!
  expect(model.nats.get('fiction')).toEqual(first)
  await again.close()
})
