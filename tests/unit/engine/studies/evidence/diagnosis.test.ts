import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diagnoseStudy } from '#engine/studies/evidence/diagnosis'
import type { DiagnosisSources } from '#engine/studies/evidence/diagnosis'
import { barrierOf } from '#engine/studies/evidence/lineLosses'
import { STATEMENTS, THRESHOLDS } from '#engine/studies/evidence/diagnosis/thresholds'
import { CLAIMS } from '#shared/diagnosis'
import type { BranchGeometry, Claim, Finding } from '#shared/diagnosis'
import type { Mixture } from '#shared/records'
import { noiseOf, syntheticResults } from '../../../../support/syntheticResults'
import type { SyntheticOptions } from '../../../../support/syntheticResults'

const SEEDS = [1, 2, 3]
const FIVE = { a: 1, b: 1, c: 1, d: 1, e: 1 }
const NOTHING: DiagnosisSources = { traces: [], geometry: null }
const holds = (mixture: Mixture, ...names: string[]) =>
  names.every((name) => mixture.units.some(({ partition }) => partition === name))

/** What a partition helps a domain, in nats per token. */
const gain = (seed: number, partition: string, domain: string) =>
  0.5 * noiseOf(`${seed}: ${partition} helps ${domain}`)

/** Gains weighted by units, and some noise. */
function additive(seed: number) {
  return ({ name, units }: Mixture, domain: string): number =>
    4 -
    units.reduce((sum, one) => sum + one.microWeight * gain(seed, one.partition, domain), 0) +
    0.01 * noiseOf(`${seed}: ${name} on ${domain}`)
}

/** Adds something to losses. */
const plus =
  (loss: ReturnType<typeof additive>, more: (mixture: Mixture, domain: string) => number) =>
  (mixture: Mixture, domain: string) =>
    loss(mixture, domain) + more(mixture, domain)

/** Only chance, of the size given. */
const chance = (seed: number, label: string, size: number) => (mixture: Mixture, domain: string) =>
  size * noiseOf(`${label} ${seed} ${mixture.name} ${domain}`)

function diagnosed(
  claim: Claim,
  seed: number,
  options: Partial<SyntheticOptions>,
  sources: Partial<DiagnosisSources> = {}
): Finding {
  const results = syntheticResults({
    partitions: FIVE,
    outDomains: ['fiction'],
    truth: additive(seed),
    proxy: plus(additive(seed), chance(seed, 'proxy', 0.01)),
    randomSeed: seed,
    ...options
  })
  const { findings } = diagnoseStudy(results, { ...NOTHING, ...sources })
  const own = findings.filter((one) => one.claim === claim)
  expect(own).toHaveLength(1)
  return own[0]!
}

const numberOf = ({ numbers }: Finding, name: string) =>
  numbers.find((one) => one.name.startsWith(name))?.value

describe.each(SEEDS)('planted failures with random seed %i', (seed) => {
  test('interaction: two partitions that are better together are named; sums and noise are not', () => {
    const together = ['b', 'd'] as const
    const planted = plus(additive(seed), (one) => (holds(one, ...together) ? -0.3 : 0))
    const found = diagnosed('interaction', seed, { truth: planted })
    expect(found.verdict).toBe('yes')
    expect(found.why).toContain('mixtures with b with d are better')
    // 0.3 nats were planted; other terms take or give a little.
    expect(Math.abs(numberOf(found, 'effect of b with d')! / -0.3 - 1)).toBeLessThan(0.15)

    expect(diagnosed('interaction', seed, {}).verdict).toBe('no')
    // Presence adds up as well as shares do.
    const present: SyntheticOptions['truth'] = ({ units }, domain) =>
      4 - units.reduce((sum, { partition }) => sum + gain(seed, partition, domain), 0)
    expect(diagnosed('interaction', seed, { truth: present }).verdict).toBe('no')
    const noise = diagnosed('interaction', seed, { truth: plus(() => 4, chance(seed, 'all', 0.3)) })
    expect(noise.verdict).toBe('cannot tell')
    expect(noise.why).toMatch(/it may be noise\.$/)
  })

  test('interaction: what is left is held beside the noise between random seeds, where that is known', () => {
    const study = (label: string, size: number) =>
      syntheticResults({
        partitions: FIVE,
        outDomains: ['fiction'],
        truth: plus(
          () => 4,
          (mixture, domain) => {
            // What stays the same under every random seed, and what does not.
            const own = chance(seed, 'all', 0.3 - size)(mixture, domain)
            return own + chance(seed, label, size)(mixture, domain)
          }
        ),
        proxy: () => 4,
        randomSeed: seed
      })
    const told = (size: number) => {
      const repeats = [2, 3, 4].map((randomSeed) => ({
        randomSeed,
        models: study(`again ${randomSeed}`, size).models
      }))
      const results = { ...study('all', size), repeats }
      return diagnoseStudy(results, NOTHING).findings.find((one) => one.claim === 'interaction')!
    }
    const [noisy, exact] = [told(0.3), told(0.01)]
    expect([noisy.verdict, exact.verdict]).toEqual(['cannot tell', 'cannot tell'])
    expect(noisy.why).toMatch(
      /it (is no more than|may be) noise \(0\.\d{4} nats per token are left/
    )
    expect(exact.why).toMatch(/it is more than noise/)
    const left = numberOf(exact, 'standard deviation that is left')!
    expect(numberOf(exact, 'noise between random seeds')!).toBeLessThan(left / 10)
  })

  test('offset: merges that are worse the more branches there are, and merges that are all worse', () => {
    const byNumber = plus(additive(seed), ({ units }) => 0.2 * units.length)
    const found = diagnosed('offset', seed, { proxy: byNumber })
    expect(found.verdict).toBe('yes')
    expect(found.measure.value).toBeGreaterThan(0.9)
    const two = numberOf(found, 'truth less merge-micro of 2 branches (n = 10)')!
    const four = numberOf(found, 'truth less merge-micro of 4 branches (n = 5)')!
    expect(two - four).toBeCloseTo(0.4, 1)

    const noisy = plus(additive(seed), chance(seed, 'merge', 0.1))
    expect(diagnosed('offset', seed, { proxy: plus(noisy, () => 0.4) }).verdict).toBe('no')
    // Off by the same everywhere, to the last digit.
    expect(diagnosed('offset', seed, { proxy: plus(additive(seed), () => 0.4) }).verdict).toBe('no')
  })

  test('convergence: curves that still fall, that have levelled out, and that are all noise', () => {
    const curves = (lossAt: (share: number) => number, noise: number) =>
      ['a#1', 'b#1'].map((name) => ({
        name,
        points: Array.from({ length: 300 }, (_, i) => ({
          step: i + 1,
          loss: lossAt((i + 1) / 300) + noise * noiseOf(`${seed} ${name} ${i}`)
        }))
      }))
    const verdict = (lossAt: (share: number) => number, noise: number) =>
      diagnosed('not-converged', seed, {}, { traces: curves(lossAt, noise) })
    const falling = verdict((share) => 4 - 0.6 * share, 0.05)
    expect(falling.verdict).toBe('yes')
    expect(falling.measure.value).toBeCloseTo(0.06, 1)
    expect(verdict((share) => 3 + Math.exp(-8 * share), 0.05).verdict).toBe('no')
    expect(verdict(() => 4, 3).verdict).toBe('cannot tell')
    expect(diagnosed('not-converged', seed, {}).verdict).toBe('cannot tell')
  })

  test('power: few mixtures, many that agree poorly, and many that agree well', () => {
    const sequential = { choose: { kind: 'random' as const, count: 8 } }
    const few = diagnosed('few-mixtures', seed, { sequential })
    expect(few.verdict).toBe('yes')
    const poorly = diagnosed('few-mixtures', seed, {
      proxy: plus(() => 4, chance(seed, 'unrelated', 0.3))
    })
    expect(poorly.verdict).toBe('yes')
    expect(poorly.measure.value).toBeGreaterThan(0.3)
    expect(numberOf(poorly, 'more mixtures')).toBeGreaterThan(30)

    const enough = diagnosed('few-mixtures', seed, {})
    expect(enough.verdict).toBe('no')
    expect(numberOf(enough, 'more mixtures')).toBe(0)
  })

  test('sizes: uneven partitions whose weighting matters, those where it does not, even ones', () => {
    // The largest help least: by units they drown what the small ones are worth.
    const partitions = { a: 8, b: 4, c: 1, d: 1, e: 1 }
    const worth: Record<string, number> = { a: -0.1, b: 0.3, c: 1, d: 0.6, e: 0.1 }
    const weighted: SyntheticOptions['proxy'] = ({ name, units }, domain, merge) =>
      4 +
      0.02 * noiseOf(`${seed} ${merge} ${name} ${domain}`) -
      units.reduce((sum, one) => {
        const weight = merge === 'micro' ? one.microWeight : one.macroWeight
        return sum + weight * worth[one.partition]!
      }, 0)
    expect(diagnosed('unequal-sizes', seed, { partitions, proxy: weighted }).verdict).toBe('yes')
    const alike = diagnosed('unequal-sizes', seed, { partitions })
    expect([alike.verdict, alike.measure.value]).toEqual(['no', 0])
    const even = { a: 2, b: 2, c: 2, d: 2, e: 2 }
    const found = diagnosed('unequal-sizes', seed, { partitions: even, proxy: weighted })
    expect(found.verdict).toBe('no')
    const onlyMicro = diagnosed('unequal-sizes', seed, { partitions, merges: ['micro'] })
    expect(onlyMicro.verdict).toBe('cannot tell')
  })

  test('gain: a partition that its own branches do not learn', () => {
    const branch = (unlearnt: string) => (unit: string, domain: string) =>
      unit === `${domain}#1` && domain !== unlearnt ? 4 + 0.1 * noiseOf(`${seed} ${unit}`) : 4.995
    const found = diagnosed('small-partitions', seed, { branch: branch('c') })
    expect([found.verdict, found.measure.value]).toEqual(['yes', expect.closeTo(0.005)])
    expect(found.why).toContain('Branches of c')
    expect(diagnosed('small-partitions', seed, { branch: branch('') }).verdict).toBe('no')
    const outOnly = diagnosed('small-partitions', seed, { inDomains: [] })
    expect(outOnly.verdict).toBe('cannot tell')
  })

  test('barrier: middles above and below the mean of both branches', () => {
    const branch = (unit: string, domain: string) => 4 + 0.2 * noiseOf(`${seed} ${unit} ${domain}`)
    const middle = (above: number) => (mixture: Mixture, domain: string) =>
      above +
      mixture.units.reduce((sum, one) => sum + one.microWeight * branch(one.unit, domain), 0)
    const high = diagnosed('barrier', seed, { branch, proxy: middle(0.05) })
    expect([high.verdict, high.measure.value]).toEqual(['yes', expect.closeTo(0.05)])
    expect(numberOf(high, 'pairs of branches')).toBe(10)
    expect(diagnosed('barrier', seed, { branch, proxy: middle(-0.05) }).verdict).toBe('no')
    const three = { choose: { kind: 'all' as const, minimumSize: 3 } }
    expect(diagnosed('barrier', seed, { mixtures: three }).verdict).toBe('cannot tell')
  })
})

describe.each(SEEDS)('whole lines with random seed %i', (seed) => {
  const pairs = [
    ['a#1', 'b#1'],
    ['a#1', 'c#1'],
    ['b#1', 'c#1']
  ] as const
  /** Ends of unlike loss, and a hump or a dip between them that is highest at t = 0.75. */
  const lines = (height: number): SyntheticOptions['lines'] =>
    pairs.map(([from, to]) => ({
      kind: 'branch-branch',
      from,
      to,
      loss: (t, domain) => {
        const end = (name: string) => 4 + 0.3 * noiseOf(`${seed} ${name} ${domain}`)
        const hump = height * (1 + 0.1 * noiseOf(`${seed} ${from} ${to}`))
        const shape = { 0: 0, 0.25: 0.1, 0.5: 0.3, 0.75: 1, 1: 0 }[String(t)]!
        return (1 - t) * end(from) + t * end(to) + hump * shape
      }
    }))

  test('a hump away from the middle is found, where the middle alone says nothing', () => {
    const branch = () => 4
    const flat = { branch, proxy: () => 4 }
    const middles = diagnosed('barrier', seed, flat)
    expect([middles.verdict, middles.why]).toEqual(['no', expect.stringContaining('Only middles')])
    const found = diagnosed('barrier', seed, { ...flat, lines: lines(0.05) })
    expect([found.verdict, found.why]).toEqual(['yes', expect.stringContaining('By whole lines')])
    expect(found.measure.value).toBeCloseTo(0.05, 1)
    expect(numberOf(found, 'lines between branches')).toBe(3)
    expect(numberOf(found, 'barrier from a#1 to b#1')).toBeGreaterThan(0.04)
  })

  test('earlier checkpoints: merges that came to agree, and merges that always did', () => {
    const traces = ['a#1', 'b#1'].map((name) => ({
      name,
      points: Array.from({ length: 300 }, (_, i) => ({
        step: i + 1,
        loss: 3 + Math.exp((-8 * i) / 300) + 0.05 * noiseOf(`${seed} ${name} ${i}`)
      }))
    }))
    const proxy = plus(additive(seed), chance(seed, 'proxy', 0.01))
    const rhos = (earlier: SyntheticOptions['earlier']) => {
      const found = diagnosed(
        'not-converged',
        seed,
        { proxy, ...(earlier ? { earlier } : {}) },
        { traces }
      )
      expect(found.verdict).toBe('no')
      const own = found.numbers.filter(({ name }) => name.startsWith('ρ of merge-micro'))
      return { found, values: own.map(({ value }) => value!) }
    }
    const unrelated = plus(() => 4, chance(seed, 'early', 0.3))
    const grown = rhos({ 0.25: unrelated, 0.5: proxy }).values
    expect(grown).toHaveLength(3)
    expect(grown[0]).toBeLessThan(0.6)
    expect(grown[1]).toBeGreaterThan(0.8)
    expect(grown[1]).toBe(grown[2])
    const always = rhos({ 0.25: proxy, 0.5: proxy })
    expect(new Set(always.values).size).toBe(1)
    expect(always.found.why).toMatch(/ρ [01][.]\d\d at 25 % of the branches’ steps/)
    const none = rhos(undefined)
    expect([none.values, none.found.why]).toEqual([[], expect.not.stringContaining('Agreement')])
  })

  test('a valley is no barrier, whatever the middles of mixtures say', () => {
    const high = { branch: () => 4, proxy: () => 4.1 }
    expect(diagnosed('barrier', seed, high).verdict).toBe('yes')
    const found = diagnosed('barrier', seed, { ...high, lines: lines(-0.05) })
    expect([found.verdict, found.measure.value]).toEqual(['no', 0])
    expect(numberOf(found, 'loss of the middle less the mean of both')).toBeCloseTo(0.1)
  })

  test('few mixtures, one partition in none of them: it is proposed first; enough, and none is', () => {
    const results = (options: Partial<SyntheticOptions>) =>
      syntheticResults({
        partitions: FIVE,
        truth: additive(seed),
        proxy: plus(additive(seed), chance(seed, 'proxy', 0.01)),
        randomSeed: seed,
        ...options
      })
    const without = ['a+b', 'a+c', 'a+d', 'b+c', 'b+d', 'c+d', 'a+b+c', 'a+b+d']
    const sequential = { choose: { kind: 'list' as const, mixtures: without } }
    const { proposed, whyNoneProposed } = diagnoseStudy(results({ sequential }), NOTHING)
    expect(whyNoneProposed).toBeNull()
    expect(proposed[0]!.reason).toBe('No mixture before it holds e.')
    expect(proposed[0]!.mixture).toContain('e')
    const names = proposed.map(({ mixture }) => mixture)
    expect(names.filter((name) => without.includes(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
    const three = diagnoseStudy(results({ sequential }), { ...NOTHING, propose: 3 }).proposed
    expect(three).toEqual(proposed.slice(0, 3))

    const all = diagnoseStudy(results({}), NOTHING)
    expect([all.proposed, all.whyNoneProposed]).toEqual([[], null])
    const unrelated = plus(() => 4, chance(seed, 'unrelated', 0.3))
    const noneLeft = diagnoseStudy(results({ proxy: unrelated }), NOTHING)
    expect([noneLeft.proposed, noneLeft.whyNoneProposed]).toEqual([
      [],
      expect.stringContaining('Every mixture')
    ])
  })

  test('what is proposed tells more of the partitions than the next ones drawn at random', () => {
    const sequential = (count: number) => ({
      mixtures: { choose: { kind: 'all' as const, minimumSize: 2 } },
      sequential: { choose: { kind: 'random' as const, count } }
    })
    const results = (more: Partial<SyntheticOptions>) =>
      syntheticResults({
        partitions: { ...FIVE, f: 1, g: 1 },
        truth: additive(seed),
        proxy: additive(seed),
        randomSeed: seed,
        ...more
      })
    const before = results(sequential(8))
    const { proposed } = diagnoseStudy(before, { ...NOTHING, propose: 6 })
    const drawn = results(sequential(14)).sequentialMixtures
    const errorWith = (names: readonly string[]) => {
      const chosen = before.mixtures.filter(({ name }) => names.includes(name))
      const parts = ['a', 'b', 'c', 'd', 'e', 'f']
      const rows = chosen.map((mixture) => [
        ...[2, 3, 4, 5, 6, 7].map((size) => Number(mixture.members.length === size)),
        ...parts.map((name) => (holds(mixture, name) ? 1 / mixture.members.length : 0))
      ])
      return ridgeVariance(rows, parts.length)
    }
    const names = [...before.sequentialMixtures, ...proposed.map(({ mixture }) => mixture)]
    expect(errorWith(names)).toBeLessThan(errorWith(drawn))
  })
})

/** Sum of the variances of the last terms of a barely held linear model. */
function ridgeVariance(rows: number[][], terms: number): number {
  const size = rows[0]!.length
  const matrix = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) =>
      rows.reduce((sum, row) => sum + row[i]! * row[j]!, i === j ? 1e-3 : 0)
    ),
    ...Array.from({ length: size }, (_, j) => Number(i === j))
  ])
  for (let i = 0; i < size; i++) {
    const pivot = matrix[i]![i]!
    matrix[i] = matrix[i]!.map((value) => value / pivot)
    for (let other = 0; other < size; other++) {
      if (other === i) continue
      const factor = matrix[other]![i]!
      matrix[other] = matrix[other]!.map((value, k) => value - factor * matrix[i]![k]!)
    }
  }
  return matrix.slice(-terms).reduce((sum, row, i) => sum + row[2 * size - terms + i]!, 0)
}

test('barriers are NumPy’s', () => {
  const { places, lines } = JSON.parse(
    readFileSync('tests/golden/statistics/design.json', 'utf8')
  ) as { places: number[]; lines: { losses: number[]; above: number[]; barrier: number }[] }
  for (const { losses, above, barrier } of lines) {
    const found = barrierOf(places, losses)
    found.above.forEach((value, i) => expect(value).toBeCloseTo(above[i]!, 12))
    expect(found.barrier).toBeCloseTo(barrier, 12)
  }
})

test('distance: branches at right angles far from the seed, and near ones', () => {
  const geometry = (relativeDistance: number, cosine: number | null): BranchGeometry => ({
    seedNorm: 10,
    branches: ['a#1', 'b#1'].map((name) => ({ name, relativeDistance })),
    cosines: [
      [1, cosine],
      [cosine, 1]
    ]
  })
  const found = (one: BranchGeometry | null) => diagnosed('far-apart', 1, {}, { geometry: one })
  const far = found(geometry(0.6, 0))
  expect([far.verdict, far.measure.value]).toEqual(['yes', expect.closeTo(0.6 * Math.SQRT2)])
  // Far from the seed, but together.
  expect(found(geometry(0.6, 0.9)).verdict).toBe('no')
  expect(found(geometry(0.1, 0)).verdict).toBe('no')
  expect(found(null).verdict).toBe('cannot tell')
})

test('every claim is answered once per budget or once, in order; no number is missing as NaN', () => {
  const results = syntheticResults({
    partitions: { a: 1, b: 1 },
    sequential: { choose: { kind: 'none' }, budgets: ['sum', 'fixed'] },
    truth: () => 4,
    proxy: () => 4
  })
  const { findings } = diagnoseStudy(results, NOTHING)
  expect([...new Set(findings.map(({ claim }) => claim))]).toEqual(CLAIMS)
  expect(findings.filter(({ claim }) => claim === 'offset').map((one) => one.budget)).toEqual([
    'sum',
    'fixed'
  ])
  expect(JSON.parse(JSON.stringify(findings))).toEqual(findings)
  // Nothing was trained: that alone is sure.
  const sure = findings.filter(({ verdict }) => verdict === 'yes').map(({ claim }) => claim)
  expect(sure).toEqual(['few-mixtures', 'few-mixtures'])
})

test('docs/diagnosis.md has every claim with its threshold', () => {
  const page = readFileSync('docs/diagnosis.md', 'utf8')
  const rows = CLAIMS.filter(
    (claim) =>
      !page.includes(`| \`${claim}\` | ${STATEMENTS[claim]} | `) ||
      !new RegExp(
        `^\\| \`${claim}\` .*[^.\\d]${String(THRESHOLDS[claim]).replace('.', '\\.')}[^.\\d].*\\|$`,
        'm'
      ).test(page)
  )
  expect(rows).toEqual([])
})
