import { describe, expect, test } from 'vitest'
import { compositions } from '#engine/proxies/composition'
import { crossValidated, foldsOf } from '#engine/proxies/regression/crossValidation'
import { predictMixtures } from '#engine/proxies/regression/predictMixtures'
import { fitRegression, REGRESSIONS } from '#engine/proxies/regression/regression'
import type { RegressionKind } from '#engine/proxies/regression/regression'
import type { RegressionPoint } from '#engine/proxies/regression/points'
import { scoreStudy } from '#engine/studies/evidence/scores'
import type { Mixture } from '#shared/records'
import { noiseOf, syntheticResults } from '../../../support/syntheticResults'

/** All subsets of members in equal shares. */
function subsets(members: number): Float64Array[] {
  return Array.from({ length: 2 ** members - 1 }, (_, mask) => {
    const held = Array.from({ length: members }, (_, j) => ((mask + 1) >> j) & 1)
    const size = held.reduce((sum, one) => sum + one, 0)
    return Float64Array.from(held, (one) => one / size)
  })
}

const SHARES = subsets(4)
const straight = (shares: Float64Array) => 3 - shares[0]! + 0.5 * shares[2]!
const straightPoints = SHARES.map((shares): RegressionPoint => ({ shares, loss: straight(shares) }))
const kindsOf = (kind: RegressionKind, points: RegressionPoint[]) =>
  fitRegression(kind, points).notes.map((one) => one.kind)

describe.each(REGRESSIONS)('%s', (kind) => {
  test('fits nothing on fewer than four mixtures, and says how many there are', () => {
    expect(() => fitRegression(kind, straightPoints.slice(0, 3))).toThrowError(
      expect.objectContaining({
        code: 'statistics/too-few',
        details: { expected: 4, found: 3 },
        message: expect.stringMatching(/at least 4 .* there are 3/)
      })
    )
  })

  test('predicts the one loss there is, and says so', () => {
    const points = SHARES.map((shares) => ({ shares, loss: 2.5 }))
    expect(fitRegression(kind, points).predict(SHARES[3]!)).toBe(2.5)
    expect(kindsOf(kind, points)).toEqual(['equal-losses'])
  })

  test('names members whose share never varies, and predicts others as without them', () => {
    const wider = straightPoints.map(({ shares, loss }) => ({
      shares: Float64Array.from([0, ...shares]),
      loss
    }))
    const fit = fitRegression(kind, wider)
    expect(fit.notes.find((one) => one.kind === 'constant-columns')?.columns).toEqual([0])
    const { predict } = fitRegression(kind, straightPoints)
    for (const { shares } of wider) {
      expect(fit.predict(shares)).toBeCloseTo(predict(shares.slice(1)), 5)
    }
  })

  test('refuses a loss that is not a number', () => {
    const points = [...straightPoints.slice(0, 5), { shares: SHARES[9]!, loss: NaN }]
    expect(() => fitRegression(kind, points)).toThrow(/finite/)
  })
})

test('a fit on few mixtures says from how many on it would hold', () => {
  expect(kindsOf('linear', straightPoints.slice(0, 14))).toEqual(['few-points'])
  expect(kindsOf('linear', straightPoints)).toEqual([])
  expect(kindsOf('boosted-trees', straightPoints)).toEqual(['few-points'])
})

test('on noise, ridge says that no slope helps, and no held-out error is below the mean’s', () => {
  const points = subsets(6).map((shares) => ({
    shares,
    loss: 3 + 0.1 * noiseOf(`noise ${shares.join()}`)
  }))
  expect(kindsOf('ridge', points)).toContain('no-slopes')
  for (const kind of REGRESSIONS) {
    const { rmse, meanRmse } = crossValidated(kind, points, foldsOf(points, 1))
    expect(rmse).toBeGreaterThan(0.95 * meanRmse)
    expect(rmse).toBeLessThan(10)
  }
})

test('a mixing law whose search ran out of steps says so', () => {
  const points = subsets(6).map((shares) => ({
    shares,
    loss: 3 + 0.1 * noiseOf(`6 ${shares.join()}`)
  }))
  expect(kindsOf('mixing-law', points)).toEqual(['not-converged'])
})

test('shares known to twelve digits do not make a direction of their rounding', () => {
  const rounded = straightPoints.map(({ shares, loss }, i) => ({
    shares: shares.map((share) => Number(share.toPrecision(12))),
    loss: loss + 0.01 * noiseOf(String(i))
  }))
  const { predict } = fitRegression('linear', rounded)
  for (const { shares } of straightPoints) {
    expect(Math.abs(predict(shares) - straight(shares))).toBeLessThan(0.02)
  }
})

test('errors are of points left out: root mean square, mean absolute, ranks, beside the mean’s', () => {
  const points = [0, 1, 2, 3, 4, 5].map((i) => ({
    shares: Float64Array.from([i / 5, 1 - i / 5]),
    loss: [3, 2, 2.5, 1.5, 1, 0.5][i]!
  }))
  const found = crossValidated('linear', points, foldsOf(points, 1))
  const byHand = points.map((left) => {
    const rest = points.filter((one) => one !== left)
    return fitRegression('linear', rest).predict(left.shares) - left.loss
  })
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  expect(found.folds).toBe(6)
  expect(found.rmse).toBeCloseTo(Math.sqrt(mean(byHand.map((error) => error ** 2))), 12)
  expect(found.mae).toBeCloseTo(mean(byHand.map(Math.abs)), 12)
  expect(found.meanRmse).toBeCloseTo(
    Math.sqrt(mean(points.map(({ loss }) => ((6 / 5) * (loss - 1.75)) ** 2))),
    12
  )
  expect(found.spearman).toBeGreaterThan(0.7)
})

test('up to 64 compositions are left out alone, repeated runs of one together', () => {
  const repeated = [...straightPoints, { shares: SHARES[2]!.slice(), loss: 9 }]
  expect([...foldsOf(repeated, 1)]).toEqual([...SHARES.keys(), 2])
})

test('more than 64 are left out in ten parts as large as each other, by the random seed', () => {
  const points = subsets(7).map((shares) => ({ shares, loss: straight(shares) }))
  const [folds, again, other] = [1, 1, 2].map((seed) => foldsOf(points, seed))
  const sizes = Array.from({ length: 10 }, (_, k) => folds!.filter((fold) => fold === k).length)
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([12, 13])
  expect(again).toEqual(folds)
  expect(other).not.toEqual(folds)
  const { folds: count, rmse } = crossValidated('linear', points, folds!)
  expect([count, rmse < 1e-12]).toEqual([10, true])
})

test('too few to leave one out and still fit says how many are needed', () => {
  const four = straightPoints.slice(0, 4)
  expect(() => crossValidated('linear', four, foldsOf(four, 1))).toThrow(/at least 5 .* are 4/)
})

describe('mixtures of a study', () => {
  const truth = (mixture: Mixture, domain: string) => {
    const has = (name: string) => mixture.members.some((member) => member.name === name)
    const share = has(domain) ? 1 / mixture.members.length : 0
    return 3 + Math.exp(-2 * share) + 0.02 * noiseOf(`${mixture.name} ${domain}`)
  }
  const results = syntheticResults({
    partitions: { a: 1, b: 1, c: 1, d: 1, e: 1 },
    inDomains: ['a', 'b'],
    sequential: { choose: { kind: 'random', count: 14 } },
    truth,
    proxy: truth
  })
  const scores = scoreStudy(results, 'all')
  const { members, shares } = compositions(scores.mixtures)
  const domains = [0, 1]
  const losses = scores.mixtures.map((_, i) =>
    Float64Array.from(domains, (domain) => Math.log(scores.sequential('sum', domain)[i]!))
  )
  const options = { fittedOn: 'sequential', randomSeed: 1 } as const

  test('have shares that sum to 1 over all members', () => {
    expect(members).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect([...shares[0]!]).toEqual([0.5, 0.5, 0, 0, 0])
    for (const own of shares) expect(own.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12)
  })

  test.each(REGRESSIONS)('are all predicted by %s, trained ones by fits without them', (kind) => {
    const found = predictMixtures(kind, shares, losses, options)
    const isTrained = losses.map((own) => Number.isFinite(own[0]))
    expect(isTrained.filter(Boolean).length).toBe(14)
    expect(found.origins.map((own) => own[0])).toEqual(
      isTrained.map((trained) => (trained ? 'held-out' : 'unseen'))
    )
    const untrained = [...shares.keys()].filter((i) => !isTrained[i])
    for (const i of untrained) {
      const apart = found.losses[i]![0]! - truth(scores.mixtures[i]!, 'a')
      expect(Math.abs(apart)).toBeLessThan(0.2)
    }
    const first = isTrained.indexOf(true)
    const changed = losses.map((own, i) => (i === first ? own.map((loss) => loss + 5) : own))
    const again = predictMixtures(kind, shares, changed, options)
    expect(again.losses[first]).toEqual(found.losses[first])
    expect(again.losses[untrained[0]!]).not.toEqual(found.losses[untrained[0]!])
  })

  test('are predicted in sample where merges are fitted on, which says so', () => {
    const merged = scores.mixtures.map((_, i) =>
      Float64Array.from(domains, (domain) =>
        Math.log(scores.proxy('merge-micro', domain, 'sum')![i]!)
      )
    )
    const found = predictMixtures('mixing-law', shares, merged, { ...options, fittedOn: 'merges' })
    expect(new Set(found.origins.flat())).toEqual(new Set(['in-sample']))
    const { heldOut, fit } = found.domains[0]!
    expect(found.losses[3]![0]).toBe(fit!.predict(shares[3]!))
    expect(heldOut!.rmse).toBeLessThan(0.25 * heldOut!.meanRmse)
  })

  test('get no prediction on a domain with too few of them trained', () => {
    const few = losses.map((own, i) => Float64Array.from([own[0]!, i < 4 ? 3 + i : NaN]))
    const found = predictMixtures('linear', shares, few, options)
    expect(found.losses.every(([, loss]) => Number.isNaN(loss))).toBe(true)
    expect(found.domains[1]).toMatchObject({ fit: null, heldOut: null })
    expect(found.domains[1]!.notes.map((one) => one.kind)).toEqual(['too-few-points'])
    expect(found.domains[0]!.fit).not.toBeNull()
  })

  test('are fitted on 512 of those that are more, and the others are unseen', () => {
    const many = subsets(10)
    const values = many.map((own) => Float64Array.from([straight(own)]))
    const found = predictMixtures('linear', many, values, options)
    const count = (origin: string) => found.origins.filter(([own]) => own === origin).length
    expect([count('held-out'), count('unseen')]).toEqual([512, 511])
    expect(found.domains[0]!.notes.map((one) => one.kind)).toEqual(['drawn'])
  })
})
