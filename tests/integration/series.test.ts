import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { scoreStudy } from '#engine/studies/evidence/scores'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { SeriesCost, SeriesResult } from '#shared/seriesView'
import { builtEngine, tinyProject, trainingImport } from '../support/builtEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

interface Ran {
  studies: { trained: number }[]
}

const parsed = async <Of>(args: string[]) => JSON.parse(await assayDone([...args, '--json'])) as Of

test('settings are varied from the command line, trained once, and read as their own reports say', async () => {
  const project = join(await temporaryFolder(), 'project')
  const session = await tinyProject(engine, project)
  // Three partitions, so that mixtures of one size can be compared.
  const more = await writeCorpus(join(await temporaryFolder(), 'more.jsonl'), { mail: 60 })
  await session.importCorpus(trainingImport('more', more))
  await session.close()
  const vary = (...args: string[]) => ['vary', project, ...args]

  // Before anything is run: what it would cost, and what is missing.
  const none = await assayError(vary('branch-rate', '--result'))
  expect([none.code, none.details['series']]).toEqual(['study/missing', 'branch-rate'])
  const plan = await parsed<SeriesCost>(vary('branch-rate', '--values', '3e-3,1e-3'))
  expect(plan.studies.map(({ setting }) => setting)).toEqual([0.001, 0.003])
  const early = await assayError(vary('branch-rate', '--result'))
  expect([early.code, early.message]).toEqual([
    'run/missing',
    expect.stringMatching(/small \/ branch-rate 0\.001, small \/ branch-rate 0\.003/)
  ])

  // Each run is trained once: both studies share seed and sequential models.
  const ran = await parsed<Ran>(vary('branch-rate', '--run'))
  const trained = ran.studies.map((one) => one.trained)
  expect(trained.reduce((sum, one) => sum + one, 0)).toBe(plan.runsLeft)
  expect(trained[1]).toBe(plan.studies[1]!.runsLeft)
  const files = await temporaryFolder()
  const [csv, svg, html] = ['rates.csv', 'rates.svg', 'rates.html'].map((one) => join(files, one))
  const rates = await parsed<SeriesResult>(
    vary('branch-rate', '--result', '--csv', csv!, '--svg', svg!, '--html', html!)
  )
  expect(
    rates.rows.map(({ setting, runsLeft, isAltered }) => [setting, runsLeft, isAltered])
  ).toEqual([
    [0.001, 0, false],
    [0.003, 0, false]
  ])
  const read = await engine.openProject(project, { readOnly: true })
  for (const row of rates.rows) {
    const own = await read.evidence(read.study(row.study))
    const compared = own.comparison.find(
      (one) => one.domain === HEADLINE_DOMAIN && one.proxy === row.proxy
    )!
    expect([row.n, row.spearman, row.accuracy]).toEqual([
      compared.n,
      compared.spearman,
      compared.accuracy
    ])
  }
  await read.close()
  // The truth is one; branches that learn faster gain more.
  const [slow, fast] = rates.rows
  expect(slow!.sequentialLoss).toBe(fast!.sequentialLoss)
  expect(fast!.branchGain).toBeGreaterThan(slow!.branchGain!)
  const table = (await readFile(csv!, 'utf8')).split('\r\n')
  expect(table[0]).toMatch(/^study,setting,proxy,n,spearman,/)
  expect(table[1]).toContain(`,${slow!.sequentialLoss!},`)
  expect(await readFile(svg!, 'utf8')).toMatch(/^<svg [^>]*aria-label="[^"]*merge-micro at 0\.001/)
  expect(await readFile(html!, 'utf8')).toContain('small: branch-rate')

  // Smaller units: the same tokens, more branches, the same truth, and nothing else is trained.
  const smaller = await parsed<Ran>(vary('unit-size', '--values', '1,2', '--run'))
  const units = await parsed<SeriesResult>(vary('unit-size', '--result'))
  const [whole, halves] = units.rows
  expect(halves!.branchTokens).toBe(whole!.branchTokens)
  expect(halves!.sequentialLoss).toBe(whole!.sequentialLoss)
  expect(halves!.branchGain).toBeLessThan(whole!.branchGain!)
  const branches = whole!.branchTokens / (200 * 16)
  expect(smaller.studies.map((one) => one.trained)).toEqual([0, 2 * branches])

  // Every partition left out: the changes are those of the study's own losses.
  await assayDone(vary('leave-one-out', '--run'))
  const out = await parsed<SeriesResult>(vary('leave-one-out', '--result'))
  const again = await engine.openProject(project, { readOnly: true })
  const results = await again.results(again.study('small / leave-one-out'))
  await again.close()
  const scores = scoreStudy(results, 'all')
  const place = (name: string) => scores.mixtures.findIndex((one) => one.name === name)
  for (const effect of out.effects) {
    const domain = scores.domains.findIndex(({ name }) => name === effect.domain)
    const nats = (values: Float64Array, name: string) =>
      effect.domainKind === 'mean' ? values[place(name)]! : Math.log(values[place(name)]!)
    const left = ['code', 'law', 'mail'].filter((one) => one !== effect.partition).join('+')
    for (const [change, values] of [
      [effect.proxy, scores.proxy('merge-micro', domain, 'sum')!],
      [effect.truth, scores.everySequential('sum', domain)]
    ] as const) {
      expect(change).toBeCloseTo(nats(values, left) - nats(values, 'code+law+mail'), 12)
    }
  }
  expect(out.effects.length).toBe(3 * (results.domains.length + 1))
  // What a partition is about is known worst without it, by the proxy as by training.
  for (const domain of ['code', 'law', 'mail']) {
    const own = out.effects.filter((one) => one.domain === domain)
    const most = [...own].sort((a, b) => b.truth! - a.truth!)[0]!
    expect(most.partition).toBe(domain)
    expect(most.proxy).toBeGreaterThan(0)
  }

  // Random partitions of the same text: the same sizes and domains, all but the seed trained anew.
  const partitioned = await parsed<Ran>(vary('random-partitions', '--run'))
  const random = await parsed<SeriesResult>(vary('random-partitions', '--result'))
  const [natural, shuffled] = random.rows
  expect([natural!.setting, shuffled!.setting]).toEqual(['natural', 'random'])
  expect(partitioned.studies[0]!.trained).toBe(0)
  expect(partitioned.studies[1]!.trained).toBeGreaterThan(branches)
  expect([shuffled!.branchTokens, shuffled!.isAltered, shuffled!.branchGain]).toEqual([
    natural!.branchTokens,
    false,
    null
  ])
  const both = await engine.openProject(project, { readOnly: true })
  const of = (name: string) => both.results(both.study(`small / random-partitions ${name}`))
  const [before, after] = [await of('natural'), await of('random')]
  await both.close()
  const domains = (one: typeof before) =>
    one.domains.map(({ name, documents }) => [name, documents])
  expect(domains(after)).toEqual(domains(before))
  // Mixtures of one size differ much less from one another where partitions are alike.
  const spread = (results: typeof before) => {
    const own = scoreStudy(results, 'all')
    const headline = own.domains.findIndex(({ name }) => name === HEADLINE_DOMAIN)
    const losses = own.mixtures.flatMap(({ members }, i) =>
      members.length === 1 ? [own.proxy('merge-micro', headline, 'sum')![i]!] : []
    )
    return Math.max(...losses) - Math.min(...losses)
  }
  expect(spread(after)).toBeLessThan(spread(before) / 2)

  const unknown = await assayError(vary('colour'))
  expect([unknown.status, unknown.code]).toEqual([2, 'usage/invalid'])
  const twoWays = await assay(vary('replay', '--plan', '--run'))
  expect([twoWays.status, twoWays.stderr]).toEqual([2, expect.stringContaining('not both')])
}, 240_000)
