import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { branchProbabilities, ensembleNats } from '#engine/proxies/ensemble'
import { chosenProbabilities, memberProbabilities } from '#engine/proxies/search/searchText'
import type { SearchDomain } from '#engine/proxies/search/searchText'
import { searchMixtures } from '#engine/proxies/search/searchMixtures'
import { tokensOfEach } from '#engine/proxies/search/searchTarget'
import { scoreSubsets } from '#engine/proxies/search/subsetScores'
import { keptScores } from '#engine/workers/keptScores'
import { seededRandom } from '#engine/statistics/random'
import type { HalfLosses, SearchRequest } from '#shared/mixtureSearch'
import { temporaryFolder } from '../../../../support/temporaryFolder'

const tell = () => Promise.resolve()
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
  limit: 1000
}

/** What three or more members make of domains: each is good at one, by its place. */
function study(branches: number[], tokens = 60) {
  const random = seededRandom(5)
  const uniform = () => (random.below(1000) + 0.5) / 1000
  const documents = Array.from({ length: 6 }, () => tokens / 6)
  const half = documents.map((_, i) => (i % 2 ? ('confirm' as const) : ('choose' as const)))
  const domains = ['code', 'law', 'fiction'].map((name, d): SearchDomain => {
    const hard = Array.from({ length: tokens }, () => 2 + 3 * uniform())
    const members = branches.map((count, m) =>
      memberProbabilities(
        Array.from({ length: count }, () =>
          branchProbabilities(
            Float32Array.from(hard, (one) => one + (m === d ? 0 : 0.3 + 0.1 * m) + uniform())
          )
        )
      )
    )
    return { name, tokens: documents, half, members }
  })
  const members = branches.map((count, m) => ({
    name: 'abcdef'[m]!,
    branches: count,
    tokens: 100 * count
  }))
  return { domains, members, randomSeed: 1 }
}

/** Mean loss on a half of documents, from the ensemble of members with shares. */
function lossOf(domain: SearchDomain, shares: number[], half: 'choose' | 'confirm'): number {
  const nats = ensembleNats(domain.members, shares, domain.tokens)
  const own = [...nats.keys()].filter((i) => domain.half[i] === half)
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
  return sum(own.map((i) => nats[i]!)) / sum(own.map((i) => domain.tokens[i]!))
}

test('every subset is scored as if it were averaged by itself, improbable tokens too', async () => {
  const nats = fc.oneof(fc.double({ min: 0, max: 12, noNaN: true }), fc.constantFrom(40, 90, 700))
  const text = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }))
    .chain(([members, tokens]) =>
      fc.record({
        branches: fc.array(fc.integer({ min: 1, max: 3 }), {
          minLength: members,
          maxLength: members
        }),
        nats: fc.array(fc.array(nats, { minLength: tokens, maxLength: tokens }), {
          minLength: members,
          maxLength: members
        })
      })
    )
  await fc.assert(
    fc.asyncProperty(text, async ({ branches, nats: of }) => {
      const sums = of.map((own, m) => Float64Array.from(own, (n) => branches[m]! * Math.exp(-n)))
      const adds = [{ score: 0, weight: 2 }]
      const [scores] = await scoreSubsets([{ sums, adds }], branches, 1, tell)
      expect(scores!.length).toBe(2 ** branches.length)
      expect(scores![0]).toBeNaN()
      for (let subset = 1; subset < scores!.length; subset++) {
        const own = branches.flatMap((count, m) => ((subset >> m) & 1 ? [{ count, m }] : []))
        const all = own.reduce((sum, { count }) => sum + count, 0)
        let loss = 0
        for (let t = 0; t < of[0]!.length; t++) {
          const p = own.reduce((sum, { count, m }) => sum + count * Math.exp(-of[m]![t]!), 0) / all
          loss -= Math.log(p) / of[0]!.length
        }
        expect(scores![subset]! / 2).toBeCloseTo(loss, 9)
      }
    }),
    { numRuns: 60 }
  )
})

test('subsets are ranked on one half as brute force does, and measured on the other', async () => {
  const input = study([1, 2, 1, 1])
  const request = { ...plain, target: { code: 2, law: 1 } }
  const found = await searchMixtures({ ...input, request }, tell)
  const brute = Array.from({ length: 15 }, (_, i) => {
    const own = input.members.map(({ branches }, m) => (((i + 1) >> m) & 1 ? branches : 0))
    const sum = own.reduce<number>((a, b) => a + b, 0)
    const shares = own.map((count) => count / sum)
    const target = (half: 'choose' | 'confirm') =>
      (2 * lossOf(input.domains[0]!, shares, half) + lossOf(input.domains[1]!, shares, half)) / 3
    return { names: input.members.filter((_, m) => own[m]!).map(({ name }) => name), target }
  }).sort((a, b) => a.target('choose') - b.target('choose'))
  expect(found.best.map(({ shares }) => Object.keys(shares))).toEqual(
    brute.map(({ names }) => names)
  )
  found.best.forEach(({ target }, i) => {
    expect(target.choose).toBeCloseTo(brute[i]!.target('choose'), 10)
    expect(target.confirm).toBeCloseTo(brute[i]!.target('confirm'), 10)
  })
  expect([found.subsets, found.allowed, found.tokens, found.tokensRead]).toEqual([15, 15, 60, 60])
  expect(found.proportional.shares).toEqual({ a: 0.2, b: 0.4, c: 0.2, d: 0.2 })
  expect(found.uniform.shares).toEqual({ a: 0.25, b: 0.25, c: 0.25, d: 0.25 })
  // The worst of its size, or of the next smaller where it has all: no other of that size is worse.
  const sizeOf = ({ shares }: { shares: object }) => Object.keys(shares).length
  const worst = found.verify.find(({ why }) => why === 'worst')!
  expect(sizeOf(worst)).toBe(Math.min(3, sizeOf(found.best[0]!)))
  const ofSize = found.best.filter((one) => sizeOf(one) === sizeOf(worst))
  expect(worst.shares).toEqual(ofSize.at(-1)!.shares)
  const unlike = found.verify.find(({ why }) => why === 'unlike')!
  const rank = found.best.findIndex((one) => isDeepStrictEqual(one.shares, unlike.shares))
  expect([0, 1, 2, 3]).toContain(rank)
  expect(found.verify.slice(0, 3).map(({ shares }) => shares)).toEqual(
    found.best.slice(0, 3).map(({ shares }) => shares)
  )
})

test('of too many tokens a seeded sample is read, the same tokens of every member', () => {
  const input = study([1, 1, 1])
  const asked = input.domains.map((domain) => ({ domain, weight: 1, second: 0, ceiling: null }))
  // Of 30 tokens each in the half that is searched.
  expect(tokensOfEach(asked, 1000)).toEqual([30, 30, 30])
  expect(tokensOfEach(asked, 31)).toEqual([10, 10, 11])
  const small = { ...asked[0]!, domain: study([1], 6).domains[0]! }
  expect(tokensOfEach([asked[0]!, small, asked[1]!], 40)).toEqual([18, 3, 19])
  const [domain] = input.domains
  const places = (seed: number) =>
    chosenProbabilities(domain!, 10, seed).map((own, m) =>
      [...own].map((one) => domain!.members[m]!.probabilities.indexOf(one))
    )
  const [first, ...others] = places(1)
  expect(new Set(first).size).toBe(10)
  // Documents of ten tokens, every other one of the half.
  expect(first!.every((place) => Math.floor(place / 10) % 2 === 0)).toBe(true)
  expect(others).toEqual([first, first])
  expect(places(1)[0]).toEqual(first)
  expect(places(2)[0]).not.toEqual(first)
})

test('of two targets exactly the mixtures are told that no other beats in both', async () => {
  const input = study([1, 2, 1, 1], 240)
  const two = { ...plain, target: { code: 1 }, second: { law: 1 } }
  const found = await searchMixtures({ ...input, request: two }, tell)
  const losses = (one: { target: HalfLosses; second: HalfLosses | null }) =>
    [one.target.choose!, one.second!.choose!] as const
  const beaten = (one: readonly [number, number]) =>
    found.best.some((other) => {
      const [first, second] = losses(other)
      return first <= one[0] && second <= one[1] && (first < one[0] || second < one[1])
    })
  const unbeaten = found.best.filter((one) => !beaten(losses(one)))
  expect(found.front.map(({ shares }) => shares)).toEqual(unbeaten.map(({ shares }) => shares))
  expect(found.front.length).toBeGreaterThan(2)
  expect(found.front[0]!.second!.choose).toBe(found.front[0]!.domains['law']!.choose)

  // Weights do at least as well everywhere: each subset is beaten, or nearly, by a point of theirs.
  const weights = await searchMixtures({ ...input, request: { ...two, over: 'weights' } }, tell)
  expect(weights.front.length).toBeGreaterThan(4)
  const firsts = weights.front.map(({ target }) => target.choose!)
  expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
  for (const end of ['target', 'second'] as const) {
    const least = Math.min(...weights.front.map((one) => one[end]!.choose!))
    expect(least).toBeLessThan(Math.min(...found.front.map((one) => one[end]!.choose!)) + 1e-3)
  }
  expect((await searchMixtures({ ...input, request: plain }, tell)).front).toEqual([])
})

describe('constraints', () => {
  const input = study([1, 2, 1, 1])
  const search = (change: Partial<SearchRequest>) =>
    searchMixtures({ ...input, request: { ...plain, ...change } }, tell)
  const infeasible = (constraint: string, words: RegExp) =>
    expect.objectContaining({
      code: 'search/infeasible',
      message: expect.stringMatching(words) as string,
      details: { constraint }
    }) as Error

  test('keep what does not meet them out, and say of plain mixing what it does not', async () => {
    const few = await search({ tokens: 300, repeat: 1.5 })
    const tokens = few.best.map((one) => one.tokens)
    expect([Math.min(...tokens), Math.max(...tokens)]).toEqual([200, 300])
    expect(few.proportional.breaks).toEqual(['tokens'])
    const shared = await search({ atLeast: { a: 0.4 } })
    expect(shared.best.every(({ shares }) => shares['a']! >= 0.4)).toBe(true)
    expect(shared.proportional.breaks).toEqual(['atLeast'])
    const narrow = await search({ noMore: { b: 0.5 }, sizes: { least: 2, most: 3 } })
    expect(narrow.best.every(({ shares }) => (shares['b'] ?? 0) <= 0.5)).toBe(true)
    const sizes = narrow.best.map(({ shares }) => Object.keys(shares).length)
    expect([Math.min(...sizes), Math.max(...sizes), narrow.allowed]).toEqual([2, 3, 7])
    expect(narrow.proportional.breaks).toEqual(['sizes'])
    const free = { over: 'weights', noMore: { a: 0.1 }, sizes: { least: 1, most: 3 } } as const
    const weights = await search(free)
    expect(weights.best.every(({ shares }) => (shares['a'] ?? 0) <= 0.1001)).toBe(true)
    expect(weights.best.every(({ shares }) => Object.keys(shares).length <= 3)).toBe(true)
    expect(weights.uniform.breaks).toEqual(['noMore', 'sizes'])
    const all = await search({})
    const losses = all.best.map(({ domains }) => domains['fiction']!.choose!)
    const ceiling = losses.sort((a, b) => a - b)[7]!
    const kept = await search({ target: { code: 1 }, atMost: { fiction: ceiling + 1e-9 } })
    expect(kept.best.length).toBe(8)
    expect(kept.best.every(({ domains }) => domains['fiction']!.choose! <= ceiling + 1e-9)).toBe(
      true
    )
  })

  test('that nothing meets are named', async () => {
    await expect(search({ tokens: 90 })).rejects.toEqual(infeasible('tokens', /more than 90/))
    await expect(search({ tokens: 1000, repeat: 1.5 })).rejects.toEqual(
      infeasible('repeat', /All members together have 500 tokens/)
    )
    await expect(search({ atLeast: { a: 0.7, b: 0.6 } })).rejects.toEqual(
      infeasible('atLeast', /sum to 1.3/)
    )
    await expect(search({ atLeast: { a: 0.5 }, tokens: 500, repeat: 1 })).rejects.toEqual(
      infeasible('atLeast', /a is to have a share of at least 0.5.*makes 0.2/)
    )
    await expect(search({ atLeast: { a: 0.5 }, noMore: { a: 0.4 } })).rejects.toEqual(
      infeasible('noMore', /at least 0.5 and of at most 0.4/)
    )
    const little = { a: 0.2, b: 0.2, c: 0.2, d: 0.2 }
    await expect(search({ noMore: little })).rejects.toEqual(infeasible('noMore', /sum to 0.8/))
    await expect(search({ sizes: { least: 5, most: 9 } })).rejects.toEqual(
      infeasible('sizes', /5 members at least; there are 4/)
    )
    const tight = { a: 0.9, b: 0.05, c: 0.05, d: 0.05 }
    await expect(search({ noMore: tight })).rejects.toEqual(
      infeasible('noMore', /not all of them together \(largest shares\)/)
    )
    await expect(search({ atMost: { law: 0.5 } })).rejects.toEqual(
      infeasible('atMost', /law is to cost at most 0.5 .*the least that any subset costs is \d/)
    )
    await expect(search({ over: 'weights', atMost: { law: 0.5 } })).rejects.toEqual(
      infeasible('atMost', /no weights bring law/)
    )
    await expect(search({ atLeast: { a: 0.4 }, tokens: 500, repeat: 1.3 })).rejects.toEqual(
      infeasible('atLeast', /share of at least 0.4/)
    )
    await expect(search({ atLeast: { a: 0.5 }, tokens: 400, repeat: 2 })).resolves.toBeDefined()
    await expect(search({ atLeast: { a: 0.4 }, tokens: 400, repeat: 1.8 })).rejects.toEqual(
      infeasible('repeat', /not all of them together \(least shares, tokens to train on, repet/)
    )
  })

  test('that name nothing there list what is', async () => {
    await expect(search({ target: { prose: 1 } })).rejects.toThrow(
      /"prose", which is not there. Domains of the study: code, law, fiction/
    )
    await expect(search({ atLeast: { prose: 0.1 } })).rejects.toThrow(/prose.*a, b, c, d/)
    await expect(search({ target: { code: 0 } })).rejects.toThrow(/above 0/)
    await expect(search({ repeat: 4 })).rejects.toThrow(/only with the number of tokens/)
    await expect(search({ over: 'weights', tokens: 100 })).rejects.toThrow(/how often/)
  })
})

describe('weights', () => {
  const input = study([1, 2, 1, 1], 240)
  const search = (change: Partial<SearchRequest>) =>
    searchMixtures({ ...input, request: { ...plain, over: 'weights', ...change } }, tell)

  test('are better than any subset, and than any of many drawn', async () => {
    const found = await search({})
    const subsets = await searchMixtures({ ...input, request: plain }, tell)
    const best = found.best[0]!.target.choose!
    expect(best).toBeLessThan(subsets.best[0]!.target.choose!)
    const random = seededRandom(3)
    for (let draw = 0; draw < 300; draw++) {
      const parts = input.members.map(() => -Math.log((random.below(1e6) + 1) / 1e6))
      const sum = parts.reduce((a, b) => a + b, 0)
      const shares = parts.map((part) => part / sum)
      const losses = input.domains.map((domain) => lossOf(domain, shares, 'choose'))
      expect(losses.reduce((a, b) => a + b, 0) / 3).toBeGreaterThan(best - 1e-6)
    }
    const shares = Object.values(found.best[0]!.shares)
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
  })

  test('keep to bounds and ceilings', async () => {
    const free = await search({ target: { code: 1 } })
    const law = free.best[0]!.domains['law']!.choose!
    const found = await search({
      target: { code: 1 },
      atLeast: { d: 0.1 },
      atMost: { law: law - 0.05 },
      tokens: 200,
      repeat: 0.9
    })
    const [best] = found.best
    expect(best!.shares['d']).toBeGreaterThanOrEqual(0.1 - 1e-4)
    expect(best!.shares['a']).toBeLessThanOrEqual(0.45 + 1e-4)
    expect(best!.domains['law']!.choose).toBeLessThanOrEqual(law - 0.05 + 1e-3)
    expect(best!.breaks).toEqual([])
  })
})

test('subsets of more members and tokens than fit one pass are scored as one by one', async () => {
  const random = seededRandom(9)
  const of = Array.from({ length: 7 }, () =>
    Float64Array.from({ length: 2100 }, () => Math.exp(-random.below(30)))
  )
  const branches = of.map(() => 1)
  const [scores] = await scoreSubsets(
    [{ sums: of, adds: [{ score: 0, weight: 1 }] }],
    branches,
    1,
    tell
  )
  for (let subset = 1; subset < 128; subset++) {
    const own = of.filter((_, m) => (subset >> m) & 1)
    const loss = own[0]!.reduce(
      (sum, _, t) => sum - Math.log(own.reduce((all, one) => all + one[t]!, 0) / own.length),
      0
    )
    expect(scores![subset]).toBeCloseTo(loss / 2100, 10)
  }
})

describe('a search that was stopped', () => {
  // Blocks of 1024 tokens: three domains of five each, two scores.
  const input = { ...study([1, 2, 1, 1], 10_000), request: { ...plain, second: { law: 1 } } }
  const stop = new Error('stopped')
  const stoppedAt = (share: number) => (what: string, done: number, total: number) =>
    what === 'subsets' && done >= share * total ? Promise.reject(stop) : Promise.resolve()
  const scoredFrom = async (keeper: ReturnType<typeof keptScores>) => {
    const told: number[] = []
    const found = await searchMixtures(
      input,
      (what, done, total) => {
        if (what === 'subsets') told.push(done / total)
        return Promise.resolve()
      },
      keeper
    )
    return { found, blocks: told.length, first: told[0]! }
  }

  test('goes on where it was, to the same result, and leaves nothing behind', async () => {
    const path = join(await temporaryFolder(), 'cache', 'search.f64')
    const undisturbed = await scoredFrom(keptScores(path, 'own', 0))
    expect(existsSync(path)).toBe(false)
    await expect(searchMixtures(input, stoppedAt(0.6), keptScores(path, 'own', 0))).rejects.toBe(
      stop
    )
    expect(existsSync(path)).toBe(true)
    // Another search neither reads it nor takes it away.
    const other = await scoredFrom(keptScores(path, 'other', Infinity))
    expect([other.blocks, existsSync(path)]).toEqual([undisturbed.blocks, true])
    const resumed = await scoredFrom(keptScores(path, 'own', 0))
    expect(resumed.found).toEqual(undisturbed.found)
    expect(resumed.blocks).toBeLessThan(undisturbed.blocks / 2)
    expect(resumed.first).toBeGreaterThan(0.55)
    expect(existsSync(path)).toBe(false)
  })

  test('begins anew where what was kept is not whole, or is of other numbers', async () => {
    const path = join(await temporaryFolder(), 'cache', 'search.f64')
    const undisturbed = await scoredFrom(keptScores(path, 'own', 0))
    const spoil: ((bytes: Buffer) => Uint8Array)[] = [
      (bytes) => bytes.subarray(0, 20),
      (bytes) => bytes.subarray(0, bytes.length - 8),
      (bytes) => bytes.fill(bytes[100]! ^ 1, 100, 101)
    ]
    for (const spoiled of spoil) {
      await expect(searchMixtures(input, stoppedAt(0.6), keptScores(path, 'own', 0))).rejects.toBe(
        stop
      )
      writeFileSync(path, spoiled(readFileSync(path)))
      const { found, blocks } = await scoredFrom(keptScores(path, 'own', Infinity))
      expect([found, blocks]).toEqual([undisturbed.found, undisturbed.blocks])
    }
  })

  test('of seconds writes nothing, and one whose folder cannot be written is found all the same', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'search.f64')
    await expect(searchMixtures(input, stoppedAt(0.6), keptScores(path, 'own'))).rejects.toBe(stop)
    expect(existsSync(path)).toBe(false)
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const { found } = await scoredFrom(keptScores(join(file, 'search.f64'), 'own', 0))
    expect(found).toEqual((await scoredFrom(keptScores(path, 'own'))).found)
  })
})
