import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bootstrapIntervals, drawResamples, dropIntervals } from '#engine/statistics/bootstrap'
import {
  drawDocuments,
  lossDifferenceInterval,
  perplexityInterval,
  resampledLosses
} from '#engine/statistics/documents'
import { bcaInterval, percentileInterval } from '#engine/statistics/intervals'
import { pairWorkspace } from '#engine/statistics/pairs'
import { labelOrderings } from '#engine/statistics/permutations'
import { deriveSeed, seededRandom, shuffle } from '#engine/statistics/random'

interface BootstrapGolden {
  name: string
  estimate: number
  jackknife: number[]
  distribution: number[]
  bca: [number, number]
  percentile: [number, number]
}
const { bootstraps } = JSON.parse(readFileSync('tests/golden/statistics/scipy.json', 'utf8')) as {
  bootstraps: BootstrapGolden[]
}

describe.each(bootstraps)('on SciPy’s resamples of $name', (example) => {
  const distribution = Float64Array.from(example.distribution)

  test('the BCa interval is SciPy’s', () => {
    const jackknife = [Float64Array.from(example.jackknife)]
    const found = bcaInterval(distribution, example.estimate, jackknife)!
    expect(found.low).toBeCloseTo(example.bca[0], 8)
    expect(found.high).toBeCloseTo(example.bca[1], 8)
  })

  test('the percentile interval is SciPy’s', () => {
    const found = percentileInterval(distribution)!
    expect(found.low).toBeCloseTo(example.percentile[0], 12)
    expect(found.high).toBeCloseTo(example.percentile[1], 12)
  })
})

test('no interval is said when most resamples give no number', () => {
  expect(percentileInterval(Float64Array.from([NaN, NaN, NaN, 1, 2]))).toBeNull()
})

test('the interval of a statistic that never changes is that one value', () => {
  const ones = new Float64Array(100).fill(1)
  expect(bcaInterval(ones, 1, [new Float64Array(9).fill(1)])).toEqual({ low: 1, high: 1 })
})

test('resamples keep the size of every group', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }), fc.integer(), (raw, seed) => {
      const names = [...new Set(raw)]
      const groups = Int32Array.from(raw, (value) => names.indexOf(value))
      const { counts, items } = drawResamples(groups, seed, 5)
      for (let b = 0; b < 5; b++) {
        const drawn = names.map(() => 0)
        groups.forEach((group, i) => (drawn[group]! += counts[b * items + i]!))
        expect(drawn).toEqual(names.map((_, group) => groups.filter((g) => g === group).length))
      }
    })
  )
})

test('every item is drawn about as often as every other', () => {
  const { counts, items, resamples } = drawResamples(new Int32Array(10), 3, 4000)
  for (let i = 0; i < items; i++) {
    let total = 0
    for (let b = 0; b < resamples; b++) total += counts[b * items + i]!
    expect(Math.abs(total / resamples - 1)).toBeLessThan(0.08)
  }
})

test('the same seed gives the same resamples, another seed others', () => {
  const groups = new Int32Array(12)
  expect(drawResamples(groups, 5, 50)).toEqual(drawResamples(groups, 5, 50))
  expect(drawResamples(groups, 5, 50)).not.toEqual(drawResamples(groups, 6, 50))
  expect(deriveSeed(1, 'a', 'b')).not.toBe(deriveSeed(1, 'ab'))
})

/** A noisy line whose true correlation is known. */
function noisyLine(n: number, seed: number): { x: Float64Array; y: Float64Array } {
  const random = seededRandom(seed)
  const normal = () => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += random.below(1e9) / 1e9
    return sum
  }
  const x = Float64Array.from({ length: n }, normal)
  return { x, y: x.map((value) => value * 0.8 + normal() * 0.6) }
}

test('95 % intervals hold the true correlation about nineteen times in twenty', () => {
  let hits = 0
  const rounds = 200
  const groups = new Int32Array(40)
  for (let round = 0; round < rounds; round++) {
    const { x, y } = noisyLine(40, 1000 + round)
    const workspace = pairWorkspace({ x, y, groups })
    const estimates = new Float64Array(3)
    workspace.measure(null, 0, estimates)
    const drawn = drawResamples(groups, round, 400)
    const [interval] = bootstrapIntervals(workspace, estimates, groups, drawn)
    if (interval!.low <= 0.8 && 0.8 <= interval!.high) hits++
  }
  expect(hits / rounds).toBeGreaterThan(0.88)
  expect(hits / rounds).toBeLessThan(0.99)
})

test('leaving out what carries the agreement shows how little is left', () => {
  const x = Float64Array.from([1, 2, 3, 4, 100])
  const y = Float64Array.from([4, 3, 2, 1, 100])
  const workspace = pairWorkspace({ x, y, groups: new Int32Array(5) })
  const sets = [Uint8Array.from([0, 0, 0, 0, 1]), Uint8Array.from([1, 0, 0, 0, 0])]
  const [, spearman] = dropIntervals(workspace, sets)
  expect(spearman!.low).toBeCloseTo(-1, 12)
  expect(spearman!.high).toBeCloseTo(0.2, 12)
})

test('leaving out is passed over where fewer than four pairs are left', () => {
  const x = Float64Array.from([1, 2, 3, 4])
  const workspace = pairWorkspace({ x, y: x, groups: new Int32Array(4) })
  expect(dropIntervals(workspace, [Uint8Array.from([1, 0, 0, 0])])).toEqual([null, null, null])
})

test('resampled losses pool nats over tokens', () => {
  const tokens = [10, 20, 30]
  const drawn = drawDocuments(tokens, 1, 100)
  const losses = resampledLosses(drawn, [20, 40, 60])
  for (const loss of losses) expect(loss).toBeCloseTo(2, 12)
})

test('a perplexity interval surrounds the perplexity and narrows with more documents', () => {
  const documents = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ nats: 100 + (i % 7) * 30, tokens: 60 + (i % 5) * 10 }))
  const widthOf = (n: number) => {
    const list = documents(n)
    const nats = list.reduce((sum, one) => sum + one.nats, 0)
    const tokens = list.reduce((sum, one) => sum + one.tokens, 0)
    const { low, high } = perplexityInterval(list, 9)!
    expect(low).toBeLessThan(Math.exp(nats / tokens))
    expect(high).toBeGreaterThan(Math.exp(nats / tokens))
    return high - low
  }
  expect(widthOf(350)).toBeLessThan(widthOf(35) / 2)
})

test('one document has no interval', () => {
  expect(perplexityInterval([{ nats: 10, tokens: 5 }], 1)).toBeNull()
})

test('a difference paired over documents is far narrower than the documents are apart', () => {
  const documents = Array.from({ length: 40 }, (_, i) => ({
    tokens: 100,
    first: 100 * (2 + (i % 10)) + 10,
    second: 100 * (2 + (i % 10))
  }))
  const interval = lossDifferenceInterval(documents, 1)!
  expect(interval.low).toBeCloseTo(0.1, 10)
  expect(interval.high).toBeCloseTo(0.1, 10)
})

test('up to seven labels every order is tried once, the unchanged one first', () => {
  const { count, orderings, isExhaustive, labels } = labelOrderings(4, [], 1)
  const rows = Array.from({ length: count }, (_, k) =>
    [...orderings.subarray(k * labels, (k + 1) * labels)].join('')
  )
  expect([rows[0], count, new Set(rows).size, isExhaustive]).toEqual(['0123', 24, 24, true])
})

test('a fixed label keeps its place', () => {
  const { count, orderings } = labelOrderings(4, [2], 1)
  const places = Array.from({ length: count }, (_, k) => orderings[k * 4 + 2])
  expect([count, new Set(places)]).toEqual([6, new Set([2])])
})

test('beyond seven labels ten thousand orders are drawn, the unchanged one first', () => {
  const { count, orderings, isExhaustive } = labelOrderings(9, [], 1)
  expect([count, isExhaustive]).toEqual([10_000, false])
  expect([...orderings.subarray(0, 9)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect([...orderings.subarray(9, 18)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
})

test('a shuffle reaches every order about equally often', () => {
  const random = seededRandom(4)
  const seen = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const order = shuffle(['a', 'b', 'c'], random).join('')
    seen.set(order, (seen.get(order) ?? 0) + 1)
  }
  expect(seen.size).toBe(6)
  for (const times of seen.values()) expect(Math.abs(times - 1000)).toBeLessThan(150)
})
