/** A run stopped after any of its steps goes on to the same losses, weights and moments, bit for bit. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProjectSession } from '#engine'
import { Project } from '#engine/storage/project'
import { projectPaths } from '#engine/storage/paths'
import { parseStudy } from '#engine/studies/study'
import { tinyImports, tinyStudy } from '../support/builtEngine'
import { inThreadPool } from '../support/inThreadPool'

const STEPS = 10
/** In the short suite some steps; twice stopped as well. */
const STOPS = process.env['ASSAY_TORTURE'] === 'all' ? allStops() : [[1], [4, 7], [9]]

function allStops(): number[][] {
  const single = Array.from({ length: STEPS - 1 }, (_, i) => [i + 1])
  const twice = single.flatMap(([a]) => single.filter(([b]) => b! > a!).map(([b]) => [a!, b!]))
  return [...single, ...twice]
}

let place: string
let fresh: string
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'assay-test-'))
  fresh = join(place, 'fresh')
  const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'cosine' as const }
  const study = tinyStudy({
    unit: { sequences: 40, maximum: 1 },
    seed: { source: 'text', corpus: 'seed', tokenBudget: 16 * 4 * STEPS, recipe },
    sequential: { choose: { kind: 'none' } }
  })
  const project = await Project.create(fresh)
  const session = await ProjectSession.over(project, inThreadPool())
  await session.saveStudy(parseStudy(study, 'the test'))
  for (const one of await tinyImports(place)) await session.importCorpus(one)
  await session.prepare(session.study())
  await session.close()
})
afterAll(() => rm(place, { recursive: true, force: true }))

/** Trains the seed model, stopped after each of so many steps; what lies there in the end. */
async function trainSeed(stops: readonly number[]): Promise<Record<string, string>> {
  const folder = join(place, `stopped-${stops.join('-')}`)
  await cp(fresh, folder, { recursive: true })
  const session = await ProjectSession.over(await Project.open(folder), inThreadPool())
  const study = session.study()
  const { plan } = await session.plan(study)
  const { fingerprint } = plan.seed!
  for (const stop of [...stops, Infinity]) {
    const controller = new AbortController()
    await session.run(study, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind !== 'progress' || event.progress.activity !== 'train') return
        if (event.progress.done >= stop * 4 * study.model.contextLength) controller.abort()
      }
    })
  }
  await session.close()
  const hashed = (data: Buffer | string) => createHash('sha256').update(data).digest('hex')
  const checkpoint = projectPaths.checkpoint(folder, fingerprint)
  const curve = readFileSync(projectPaths.trace(folder, fingerprint), 'utf8')
  const result = {
    weights: hashed(readFileSync(join(checkpoint, 'model.safetensors'))),
    moments: hashed(readFileSync(join(checkpoint, 'optimizer.safetensors'))),
    losses: hashed(curve.replaceAll(/"tokensPerSecond":[\d.e+-]+|"sum":"[^"]*"/g, ''))
  }
  await rm(folder, { recursive: true, force: true })
  return result
}

test('it does', async () => {
  const undisturbed = await trainSeed([])
  for (const stops of STOPS) {
    expect(await trainSeed(stops), `stopped after ${stops.join(' and ')}`).toEqual(undisturbed)
  }
}, 3_600_000)
