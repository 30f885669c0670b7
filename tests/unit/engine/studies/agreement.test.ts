import { describe, expect, test } from 'vitest'
import { holm } from '#engine/statistics/holm'
import { REGRESSIONS } from '#engine/proxies/regression/regression'
import { denseLevels, pairWorkspace } from '#engine/statistics/pairs'
import { relabelledP } from '#engine/statistics/relabelling'
import {
  headlineAgreement,
  headlineAmong,
  studyAgreement,
  studyPairs
} from '#engine/studies/agreement'
import type { AgreementRow } from '#engine/studies/agreement'
import { relabelMixtures } from '#engine/studies/evidence/relabel'
import { withinSize } from '#engine/studies/evidence/strata'
import { rankWithinSizes } from '#engine/studies/rankings'
import type { StudyResults } from '#engine/studies/results'
import type { Mixture } from '#shared/records'
import { noiseOf, syntheticResults } from '../../../support/syntheticResults'
import type { SyntheticOptions } from '../../../support/syntheticResults'

const FIVE = { a: 1, b: 1, c: 1, d: 1, e: 1 }

/** Each partition helps each domain by its own amount. */
function additive(mixture: Mixture, domain: string): number {
  const gains = mixture.members.map(({ name }) => noiseOf(`${name} helps ${domain}`))
  return 4 - gains.reduce((sum, gain) => sum + gain, 0) / gains.length
}

/** Nothing but chance. */
function unrelated(mixture: Mixture, domain: string): number {
  return 4 + 0.1 * noiseOf(`${mixture.name} on ${domain}`)
}

/** More units, lower loss; else chance. */
function bySize(label: string) {
  return (mixture: Mixture, domain: string): number =>
    4 - 0.3 * mixture.members.length + 0.01 * noiseOf(`${label} ${mixture.name} ${domain}`)
}

function study(options: Partial<SyntheticOptions>): StudyResults {
  return syntheticResults({
    partitions: FIVE,
    inDomains: ['a'],
    outDomains: ['fiction'],
    merges: ['micro'],
    truth: additive,
    proxy: additive,
    ...options
  })
}

function find(
  rows: AgreementRow[],
  domain: string,
  stratum: string,
  proxy: string,
  budget = 'sum'
): AgreementRow {
  const row = rows.find(
    (one) =>
      one.domain === domain &&
      one.stratum === stratum &&
      one.proxy === proxy &&
      one.budget === budget
  )
  if (!row) throw new Error(`no row ${domain} ${stratum} ${proxy}`)
  return row
}

const exact = studyAgreement(study({}))

/** Regressions that see merges alone. */
const ON_MERGES = REGRESSIONS.map((kind) => `${kind}-merged`)
const OF_BRANCHES = ['branch-mean', 'branch-mean-log', 'best-branch']

describe('a proxy that equals the truth', () => {
  test('has all correlations 1 wherever there is a number', () => {
    const said = exact.filter((row) => row.proxy === 'merge-micro' && row.pearson.value !== null)
    // Domain a: 8 strata of at least four mixtures; fiction and six means: 5 each.
    expect(said.length).toBe(8 + 7 * 5)
    for (const row of said) {
      const where = `${row.domain} ${row.stratum}`
      expect(row.pearson.value, where).toBeCloseTo(1, 9)
      expect(row.spearman.value, where).toBeCloseTo(1, 12)
      expect(row.kendall.value, where).toBeCloseTo(1, 12)
    }
  })

  test('has the smallest p its relabellings can give', () => {
    const { p } = find(exact, 'fiction', 'within-size', 'merge-micro').spearman
    const row = find(exact, 'fiction', 'within-size', 'merge-micro')
    expect([p, row.smallestP, row.relabellings]).toEqual([1 / 120, 1 / 120, 120])
  })

  test('is tested with the domain’s own partition held still where presence makes the stratum', () => {
    const row = find(exact, 'a', 'with', 'merge-micro')
    expect([row.relabellings, row.smallestP, row.pearson.p]).toEqual([24, 1 / 24, 1 / 24])
  })

  test('keeps 1 whichever partition is left out', () => {
    const { drop } = find(exact, 'mean-all-log', 'within-size', 'merge-micro').spearman
    expect(drop!.low).toBeCloseTo(1, 12)
  })
})

describe('strata', () => {
  test('of an in-domain, an external domain and a mean', () => {
    const strataOf = (domain: string) =>
      exact
        .filter((row) => row.domain === domain && row.proxy === 'merge-micro')
        .map((row) => [row.stratum, row.n])
    expect(strataOf('a')).toEqual([
      ['all', 26],
      ['with', 15],
      ['without', 11],
      ['size=2', 10],
      ['size=3', 10],
      ['size=4', 5],
      ['size=5', 1],
      ['within-size', 25],
      ['within', 24]
    ])
    expect(strataOf('mean-in')).toEqual(strataOf('fiction'))
    expect(strataOf('fiction').map(([stratum]) => stratum)).toEqual([
      'all',
      'size=2',
      'size=3',
      'size=4',
      'size=5',
      'within-size'
    ])
  })

  test('with fewer than four mixtures say n and no number', () => {
    const row = find(exact, 'a', 'size=5', 'merge-micro')
    const none = { value: null, interval: null, drop: null, p: null, holm: null }
    expect([row.n, row.pearson, row.spearman, row.kendall]).toEqual([1, none, none, none])
  })

  test('three mixtures are too few, four are enough', () => {
    const four = study({
      sequential: { choose: { kind: 'list', mixtures: ['a+b', 'a+c', 'a+d', 'a+e'] } }
    })
    const three = study({
      sequential: { choose: { kind: 'list', mixtures: ['a+b', 'a+c', 'a+d'] } }
    })
    const valueOf = (results: StudyResults) =>
      find(studyAgreement(results), 'fiction', 'all', 'merge-micro').spearman.value
    expect([valueOf(three), valueOf(four)]).toEqual([null, expect.closeTo(1, 12)])
  })
})

describe('what only the number of units explains', () => {
  const rows = studyAgreement(study({ truth: bySize('truth'), proxy: bySize('proxy') }))

  test('agrees almost perfectly over all mixtures, as does counting', () => {
    expect(find(rows, 'mean-all', 'all', 'merge-micro').pearson.value).toBeGreaterThan(0.98)
    expect(find(rows, 'mean-all', 'all', 'count').pearson.value).toBeLessThan(-0.95)
  })

  test('is gone within sizes, and cannot be told from chance', () => {
    const { spearman } = find(rows, 'mean-all', 'within-size', 'merge-micro')
    expect(Math.abs(spearman.value!)).toBeLessThan(0.4)
    expect(spearman.p).toBeGreaterThan(0.05)
    expect(spearman.interval!.low).toBeLessThan(0)
    expect(spearman.interval!.high).toBeGreaterThan(0)
  })

  test('counting says nothing within sizes: it is constant, so no number', () => {
    expect(find(rows, 'mean-all', 'within-size', 'count').pearson.value).toBeNull()
  })
})

test('what only presence explains is large over all, and no number where presence is equal', () => {
  const presence = (mixture: Mixture, domain: string) =>
    mixture.members.some(({ name }) => name === domain) ? 3 : 4
  const rows = studyAgreement(study({ inDomains: ['b'], truth: presence, proxy: presence }))
  expect(find(rows, 'b', 'all', 'merge-micro').pearson.value).toBeCloseTo(1, 12)
  expect(find(rows, 'b', 'all', 'share').spearman.value).toBeLessThan(-0.8)
  for (const stratum of ['with', 'without', 'within']) {
    expect(find(rows, 'b', stratum, 'merge-micro').pearson.value).toBeNull()
  }
})

test('relabelling finds chance agreement in about one unrelated study in twenty', () => {
  let below = 0
  const rounds = 300
  const { mixtures } = study({})
  const table = relabelMixtures(mixtures, mixtures, [], 1)
  const { items, groups } = withinSize(mixtures)
  for (let round = 0; round < rounds; round++) {
    const drawn = (label: string) =>
      Float64Array.from(mixtures, ({ name }) => noiseOf(`${label} ${String(round)} ${name}`))
    const [proxy, truth] = [drawn('proxy'), drawn('truth')]
    const pick = (values: Float64Array) => Float64Array.from(items, (i) => values[i]!)
    const workspace = pairWorkspace({ x: pick(proxy), y: pick(truth), groups })
    const estimates = new Float64Array(3)
    workspace.measure(null, 0, estimates)
    const { p } = relabelledP(workspace, estimates, table, items, proxy, denseLevels(proxy))
    if (p[1]! <= 0.05) below++
  }
  expect(below / rounds).toBeGreaterThan(0.02)
  expect(below / rounds).toBeLessThan(0.08)
})

test('macro and micro merges are held against the truth apart', () => {
  const uneven = syntheticResults({
    partitions: { a: 3, b: 1, c: 1, d: 1 },
    inDomains: ['b'],
    truth: additive,
    proxy: (mixture, domain, merge) =>
      merge === 'macro' ? additive(mixture, domain) : 8 - additive(mixture, domain)
  })
  const rows = studyAgreement(uneven)
  const valueOf = (proxy: string) => find(rows, 'b', 'all', proxy).spearman.value
  expect([valueOf('merge-macro'), valueOf('merge-micro')]).toEqual([
    expect.closeTo(1, 12),
    expect.closeTo(-1, 12)
  ])
})

test('sum and fixed budgets are separate truths', () => {
  const both = study({
    sequential: { choose: { kind: 'all' }, budgets: ['sum', 'fixed'] },
    truth: (mixture, domain, budget) =>
      budget === 'sum' ? additive(mixture, domain) : 8 - additive(mixture, domain)
  })
  const rows = studyAgreement(both)
  expect(find(rows, 'fiction', 'all', 'merge-micro', 'sum').spearman.value).toBeCloseTo(1, 12)
  expect(find(rows, 'fiction', 'all', 'merge-micro', 'fixed').spearman.value).toBeCloseTo(-1, 12)
})

test('the mean of branches ranks by the branches’ own perplexities', () => {
  const branch = (unit: string, domain: string) =>
    4 - noiseOf(`${unit.slice(0, 1)} helps ${domain}`)
  const results = study({ inDomains: ['c'], branch, proxy: unrelated })
  const pair = studyPairs(results).find(
    (one) => one.proxy === 'branch-mean' && one.mixture === 'a+b' && one.domain === 'c'
  )!
  const mean = (Math.exp(branch('a#1', 'c')) + Math.exp(branch('b#1', 'c'))) / 2
  expect(pair.proxyPerplexity).toBeCloseTo(mean, 9)
})

describe('what is missing', () => {
  test('models not yet measured have no pair, and the rest goes on', () => {
    const whole = study({})
    const gone = new Set(['a+b', 'a+c'])
    const results = {
      ...whole,
      models: whole.models.filter(
        (model) => !(model.role === 'sequential' && gone.has(model.mixture!))
      )
    }
    expect(find(studyAgreement(results), 'fiction', 'all', 'merge-micro').n).toBe(24)
  })

  test('nothing trained sequentially: rows with n 0 and no headline number', () => {
    const results = study({ sequential: { choose: { kind: 'none' } } })
    expect(studyPairs(results)).toEqual([])
    expect(new Set(studyAgreement(results).map((row) => row.n))).toEqual(new Set([0]))
    expect(headlineAgreement(results).map((row) => row.spearman)).toEqual(
      new Array<null>(5 + ON_MERGES.length).fill(null)
    )
  })

  test('what somebody or a search picked is no part of the headline, and is counted', () => {
    const results = study({})
    const picked = ['a+b', 'c+d']
    const without = {
      ...results,
      models: results.models.filter(
        ({ role, mixture }) => role !== 'sequential' || !picked.includes(mixture!)
      )
    }
    const left = headlineAgreement({ ...results, pickedMixtures: picked })
    // Regressions are fitted on whatever was trained.
    const isFitted = (proxy: string) => (REGRESSIONS as readonly string[]).includes(proxy)
    const plain = (rows: typeof left) => rows.filter(({ proxy }) => !isFitted(proxy))
    expect(plain(left).map((row) => ({ ...row, picked: 0 }))).toEqual(
      plain(headlineAgreement(without))
    )
    expect(left.map((row) => row.picked)).toEqual(left.map(() => 2))
    expect(left[0]!.n).toBe(headlineAgreement(results)[0]!.n - 2)
  })

  test('a domain one model lacks leaves that mixture out of the means only', () => {
    const results = study({})
    const model = results.models.find((one) => one.role === 'sequential' && one.mixture === 'a+b')!
    model.nats.delete('fiction')
    const rows = studyAgreement(results)
    const counts = ['fiction', 'mean-all', 'mean-in', 'a'].map(
      (domain) => find(rows, domain, 'all', 'merge-micro').n
    )
    expect(counts).toEqual([25, 25, 26, 26])
  })

  test('a p-value where relabelled mixtures have no proxy is none at all', () => {
    const results = study({
      mixtures: {
        choose: { kind: 'list', list: ['ab', 'bc', 'cd', 'abc', 'abcd'].map(equalWeights) }
      }
    })
    const row = find(studyAgreement(results), 'fiction', 'all', 'merge-micro')
    expect([row.n, row.spearman.p, row.smallestP]).toEqual([5, null, null])
  })
})

function equalWeights(letters: string): Record<string, number> {
  return Object.fromEntries([...letters].map((letter) => [letter, 1]))
}

/** All mixtures, those of one unit trained as their branches: by no sequential run of their own. */
function withSingles(options: Partial<SyntheticOptions>): StudyResults {
  const results = study({ mixtures: { choose: { kind: 'all' } }, ...options })
  const single = new Set(results.mixtures.filter((one) => one.units.length < 2).map((m) => m.name))
  const models = results.models.filter(
    (model) => !(model.role === 'sequential' && single.has(model.mixture!))
  )
  return { ...results, models }
}

test('a mixture of one unit agrees with itself: in the pairs, marked, and in no agreement', () => {
  const results = withSingles({
    proxy: unrelated,
    branch: (unit, domain) => 4 + noiseOf(`${unit} ${domain}`)
  })
  const counts = (pairs: { isEvidence: boolean; size: number }[]) =>
    pairs.filter((pair) => pair.isEvidence === pair.size > 1).length
  const pairs = studyPairs(results)
  expect(counts(pairs)).toBe(pairs.length)
  expect(pairs.filter((pair) => pair.size === 1).length).toBeGreaterThan(0)
  const without = study({ proxy: unrelated })
  const rows = studyAgreement(results)
  for (const stratum of ['all', 'with', 'without', 'within-size', 'within']) {
    const n = (list: AgreementRow[]) => find(list, 'a', stratum, 'merge-micro').n
    expect([stratum, n(rows)]).toEqual([stratum, n(studyAgreement(without))])
  }
  expect(rows.filter((row) => row.stratum === 'size=1')).toEqual([])
  const headline = (of: StudyResults) => {
    const { n, spearman, decisions } = headlineAgreement(of)[0]!
    return { n, spearman, decisions }
  }
  expect(headline(results)).toEqual(headline(without))
  expect(rankWithinSizes(results)[0]).toMatchObject({ size: 1, trained: 0 })
})

test('a mixture of one unit is its branch, as proxy and as truth of the sum budget', () => {
  const pairs = studyPairs(withSingles({ inDomains: ['b'], branch: () => 3.5 })).filter(
    (pair) => pair.mixture === 'a' && pair.domain === 'b'
  )
  expect(pairs.map((pair) => [pair.proxy, pair.sequentialPerplexity])).toEqual(
    ['merge-micro', ...OF_BRANCHES, ...REGRESSIONS, ...ON_MERGES, 'count', 'share'].map((proxy) => [
      proxy,
      expect.closeTo(Math.exp(3.5), 9)
    ])
  )
})

test('clean documents leave the overlapping ones out', () => {
  const results = study({})
  const isOverlapping = results.domains[0]!.perDocument.isOverlapping
  for (const model of results.models) {
    const nats = model.nats.get('a')!
    isOverlapping.forEach((overlaps, i) => (nats[i]! *= overlaps ? 0 : 1))
  }
  const of = (documents: 'all' | 'clean') =>
    studyPairs(results, { documents }).find((pair) => pair.domain === 'a')!.sequentialPerplexity
  const truth = Math.exp(additive(results.mixtures[0]!, 'a'))
  expect(of('clean')).toBeCloseTo(truth, 9)
  expect(of('all')).toBeLessThan(truth)
})

test('the halves together are all documents', () => {
  const results = study({ documentNoise: 1 })
  for (const { perDocument } of results.domains) {
    perDocument.half = perDocument.half.map((_, i) => (i % 3 === 0 ? 'confirm' : 'choose'))
  }
  const [domain] = results.domains
  const loss = (documents: 'all' | 'choose' | 'confirm') =>
    Math.log(studyPairs(results, { documents })[0]!.sequentialPerplexity)
  const tokens = (half: string) =>
    domain!.perDocument.tokens
      .filter((_, i) => half === 'all' || domain!.perDocument.half[i] === half)
      .reduce((sum, count) => sum + count, 0)
  expect(loss('choose')).not.toBeCloseTo(loss('confirm'), 3)
  const whole = loss('choose') * tokens('choose') + loss('confirm') * tokens('confirm')
  expect(whole / tokens('all')).toBeCloseTo(loss('all'), 9)
})

test('the mean is of perplexities, the log mean of their logarithms', () => {
  const results = study({ inDomains: Object.keys(FIVE) })
  const mixture = results.mixtures[3]!
  const values = (domain: string) =>
    studyPairs(results).find(
      (pair) =>
        pair.mixture === mixture.name && pair.domain === domain && pair.proxy === 'merge-micro'
    )!.proxyPerplexity
  const losses = ['a', 'b', 'c', 'd', 'e'].map((domain) => additive(mixture, domain))
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
  expect(values('mean-in')).toBeCloseTo(mean(losses.map(Math.exp)), 9)
  expect(values('mean-in-log')).toBeCloseTo(mean(losses), 9)
  expect(values('mean-all-log')).toBeCloseTo(mean([...losses, additive(mixture, 'fiction')]), 9)
})

test('the same results give the same rows, whatever the order of the models', () => {
  const results = study({ partitions: { a: 2, b: 1, c: 1, d: 1 }, documentNoise: 0.5 })
  const turned = { ...results, models: [...results.models].reverse() }
  expect(studyAgreement(turned)).toEqual(studyAgreement(results))
  expect(headlineAgreement(turned)).toEqual(headlineAgreement(results))
})

describe('the headline', () => {
  test('is the within-size Spearman on the mean change, beside the baselines', () => {
    const results = study({ proxy: (mixture, domain) => additive(mixture, domain) + 0.5 })
    const found = headlineAgreement(results).map((row) => [row.proxy, row.n, row.spearman])
    expect(found).toEqual([
      ['merge-micro', 25, expect.closeTo(1, 12)],
      ...OF_BRANCHES.map((proxy) => [proxy, 25, null]),
      ...REGRESSIONS.map((proxy) => [proxy, 25, expect.any(Number)]),
      ...ON_MERGES.map((proxy) => [proxy, 25, expect.closeTo(1, 12)]),
      ['count', 25, null]
    ])
  })

  test('equals the row of the table', () => {
    const results = study({ proxy: unrelated, documentNoise: 0.2 })
    const row = find(studyAgreement(results), 'mean-all-log', 'within-size', 'merge-micro')
    const [found] = headlineAgreement(results)
    expect([found!.spearman, found!.mixtures, found!.drop, found!.p]).toEqual([
      row.spearman.value,
      row.spearman.interval,
      row.spearman.drop,
      row.spearman.p
    ])
  })

  test('its interval over documents is wide where documents differ and narrow where they do not', () => {
    const widthOf = (documentNoise: number) => {
      const proxy = (mixture: Mixture, domain: string) =>
        additive(mixture, domain) + 0.1 * noiseOf(mixture.name + domain)
      const [row] = headlineAgreement(study({ documentNoise, proxy }))
      return row!.documents!.high - row!.documents!.low
    }
    expect(widthOf(0)).toBeCloseTo(0, 12)
    expect(widthOf(1)).toBeGreaterThan(0.05)
  })

  test('counts how many pairs of one size are ordered alike', () => {
    const [row] = headlineAgreement(study({}))
    expect(row!.decisions).toEqual({ alike: 45 + 45 + 10, compared: 45 + 45 + 10 })
  })
})

describe('the headline among near partitions', () => {
  /** Right about everything but which of a and b is better. */
  const blind = (mixture: Mixture, domain: string) => {
    const swap = (name: string) => (name === 'a' ? 'b' : name === 'b' ? 'a' : name)
    const members = mixture.members.map((member) => ({ ...member, name: swap(member.name) }))
    return additive({ ...mixture, members }, domain)
  }

  test('compares mixtures that differ only in which of them they hold', () => {
    const [row] = headlineAmong(study({}), ['a', 'b'])
    expect([row!.n, row!.decisions.compared, row!.spearman]).toEqual([14, 7, expect.closeTo(1, 12)])
  })

  test('shows a proxy that cannot tell them apart, which the whole headline hides', () => {
    const results = study({ proxy: blind })
    const [whole] = headlineAgreement(results)
    const [near] = headlineAmong(results, ['a', 'b'])
    expect(near!.spearman).toBeCloseTo(-1, 12)
    expect(near!.spearman).toBeLessThan(whole!.spearman!)
  })

  test('refuses a partition that is not there, naming those that are', () => {
    expect(() => headlineAmong(study({}), ['a', 'z'])).toThrow(/holds z; its partitions are a, b/)
  })
})

test('p-values are corrected over the domains that are asked about at once', () => {
  const rows = studyAgreement(study({ documentNoise: 0.5 }))
  const family = rows.filter(
    (row) =>
      row.stratum === 'within-size' && row.proxy === 'merge-micro' && row.domainKind !== 'mean'
  )
  expect(family.length).toBeGreaterThan(1)
  expect(family.map((row) => row.spearman.holm)).toEqual(holm(family.map((row) => row.spearman.p)))
  const means = rows.filter(({ domainKind }) => domainKind === 'mean')
  expect(new Set(means.map((row) => row.pearson.holm))).toEqual(new Set([null]))
})
