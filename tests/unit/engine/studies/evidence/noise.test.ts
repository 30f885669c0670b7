/** Noise that was put into a study is found again, and a study without it is not said to have any. */
import { expect, test } from 'vitest'
import { measureNoise } from '#engine/studies/evidence/noise'
import type { StudyResults } from '#engine/studies/results'
import { seededRandom } from '#engine/statistics/random'
import type { Mixture } from '#shared/records'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import { normal } from '../../../../support/normalNoise'
import { noiseOf, syntheticResults } from '../../../../support/syntheticResults'

const PARTITIONS = { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }
const DOMAINS = ['x', 'y']

/** What a mixture is worth without noise: each partition helps by its own amount. */
const worth = (mixture: Mixture, domain: string) =>
  3 - 0.1 * mixture.members.reduce((sum, { name }) => sum + noiseOf(name + domain), 0)

interface Planted {
  truth: number
  proxy: number
  seeds: number
  from?: number
}

/** A study whose sequential models and merges carry normal noise, alike on all domains. */
function noisyStudy({ truth, proxy, seeds, from = 1 }: Planted): StudyResults {
  const random = seededRandom(100 * from + seeds)
  const under = () => {
    const drawn = new Map<string, number>()
    const noise = (key: string, deviation: number) => {
      drawn.set(key, drawn.get(key) ?? deviation * normal(random))
      return drawn.get(key)!
    }
    return syntheticResults({
      partitions: PARTITIONS,
      inDomains: [],
      outDomains: DOMAINS,
      truth: (mixture, domain) => worth(mixture, domain) + noise(`t ${mixture.name}`, truth),
      // What moves every merge of a seed alike changes no comparison.
      proxy: (mixture, domain) =>
        worth(mixture, domain) + 0.2 + noise('all', 1) + noise(`p ${mixture.name}`, proxy)
    })
  }
  const own = under()
  const repeats = Array.from({ length: seeds }, (_, i) => ({
    randomSeed: i + 2,
    models: under().models.filter(({ role }) => role !== 'seed')
  }))
  return { ...own, repeats }
}

const headline = (results: StudyResults) =>
  measureNoise(results).find(
    (row) => row.domain === HEADLINE_DOMAIN && row.proxy === 'merge-micro'
  )!

test('without repeats nothing is said', () => {
  expect(measureNoise({ ...noisyStudy({ truth: 0.01, proxy: 0, seeds: 1 }), repeats: [] })).toEqual(
    []
  )
})

test.each([1, 2, 3])('planted noise is found again (random seed %i)', (from) => {
  const found = headline(noisyStudy({ truth: 0.02, proxy: 0.01, seeds: 3, from }))
  expect(found.truth.interval!.low).toBeLessThan(0.02)
  expect(found.truth.interval!.high).toBeGreaterThan(0.02)
  expect(found.ofProxy!.interval!.low).toBeLessThan(0.01)
  expect(found.ofProxy!.interval!.high).toBeGreaterThan(0.01)
  expect(found.truth.degrees).toBe(3 * found.truth.repeated)
})

test('what a proxy that is right about every mixture reaches lies at the ceiling', () => {
  const studies = Array.from({ length: 12 }, (_, i) =>
    headline(noisyStudy({ truth: 0.06, proxy: 0.03, seeds: 3, from: i + 1 }))
  )
  const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length
  const reached = mean(studies.flatMap((one) => one.otherSeeds.map(({ spearman }) => spearman!)))
  const alike = mean(studies.flatMap((one) => one.otherSeeds.map(({ accuracy }) => accuracy!)))
  const perfect = mean(studies.map((one) => one.ceiling.perfect.spearman))
  expect(perfect).toBeLessThan(0.9)
  const asNoisy = mean(studies.map((one) => one.ceiling.sameNoise!.spearman))
  expect(asNoisy).toBeLessThan(perfect)
  expect(Math.abs(asNoisy - reached)).toBeLessThan(0.06)
  expect(
    Math.abs(alike - mean(studies.map((one) => one.ceiling.sameNoise!.accuracy)))
  ).toBeLessThan(0.04)
})

test('without noise the ceiling is 1 and nothing ties', () => {
  const found = headline(noisyStudy({ truth: 0, proxy: 0, seeds: 2 }))
  expect(found.truth.deviation).toBeCloseTo(0, 9)
  expect(found.ceiling.perfect.spearman).toBeCloseTo(1, 6)
  expect(found.beyondNoise).toEqual({
    ties: 0,
    pairs: found.beyondNoise.pairs,
    alike: found.beyondNoise.pairs,
    accuracy: 1
  })
})

test('where all is noise nothing can be right, and nearly all pairs tie', () => {
  const results = noisyStudy({ truth: 5, proxy: 0.01, seeds: 4 })
  const found = headline(results)
  expect(found.ceiling.perfect.spearman).toBeLessThan(0.4)
  expect(found.beyondNoise.ties / found.beyondNoise.pairs).toBeGreaterThan(0.9)
})

test('a mixture that other random seeds lack takes nothing from what is known of the others', () => {
  const results = noisyStudy({ truth: 0.02, proxy: 0.01, seeds: 2 })
  const late = results.mixtures.find(({ members }) => members.length === 3)!.name
  const repeats = results.repeats!.map((one) => ({
    ...one,
    models: one.models.filter(({ mixture }) => mixture !== late)
  }))
  const [all, without] = [headline(results), headline({ ...results, repeats })]
  expect(without.n).toBe(all.n)
  expect(without.ofProxy!.deviation).not.toBe(all.ofProxy!.deviation)
  expect(without.otherSeeds.map(({ spearman }) => spearman! > 0.5)).toEqual([true, true])
})

test('a proxy whose branches were trained once has no noise of its own', () => {
  const results = noisyStudy({ truth: 0.02, proxy: 0.01, seeds: 2 })
  const repeats = results.repeats!.map((one) => ({
    ...one,
    models: one.models.filter(({ role }) => role === 'sequential')
  }))
  const found = headline({ ...results, repeats })
  expect([found.ofProxy, found.ceiling.sameNoise, found.otherSeeds]).toEqual([null, null, []])
})

test('what a stopped repeat has measured is read, and the rest left out', () => {
  const results = noisyStudy({ truth: 0.02, proxy: 0.01, seeds: 2 })
  const [first, second] = results.repeats!
  const merges = second!.models.filter(({ role }) => role === 'merge')
  const lost = new Set(merges.slice(0, 6).map(({ mixture }) => mixture))
  const stopped = {
    ...second!,
    models: second!.models.filter(({ role, mixture }) => role !== 'merge' || !lost.has(mixture))
  }
  const whole = headline(results)
  const found = headline({ ...results, repeats: [first!, stopped] })
  expect(found.ofProxy!.deviation / whole.ofProxy!.deviation).toBeGreaterThan(0.6)
  expect(found.ofProxy!.deviation / whole.ofProxy!.deviation).toBeLessThan(1.6)
  expect(found.otherSeeds[0]).toEqual(whole.otherSeeds[0])
  expect(found.otherSeeds[1]!.spearman).not.toBeNull()
})

test('merges share branches: the interval of their noise is as wide as so few branches make it', () => {
  const random = seededRandom(7)
  const study = () => {
    const drawn = Object.fromEntries(Object.keys(PARTITIONS).map((one) => [one, normal(random)]))
    const noise = ({ members }: Mixture) =>
      members.reduce((sum, { name }) => sum + 0.05 * drawn[name]!, 0) / members.length
    return syntheticResults({
      partitions: PARTITIONS,
      inDomains: [],
      outDomains: ['x'],
      merges: ['micro'],
      mixtures: { choose: { kind: 'sizes', sizes: [2, 3] } },
      truth: (mixture) => worth(mixture, 'x') + 0.001 * normal(random),
      proxy: (mixture) => worth(mixture, 'x') + noise(mixture)
    })
  }
  const found = Array.from({ length: 60 }, () => {
    const models = study().models.filter(({ role }) => role !== 'seed')
    return headline({ ...study(), repeats: [{ randomSeed: 2, models }] }).ofProxy!
  })
  const mean = found.reduce((sum, { deviation }) => sum + deviation ** 2, 0) / found.length
  const deviation = Math.sqrt(mean)
  const held = found.filter(({ interval }) => {
    return interval!.low <= deviation && deviation <= interval!.high
  })
  expect(found[0]!.degrees).toBe(5)
  expect(held.length / found.length).toBeGreaterThan(0.85)
})
