import { expect, test } from 'vitest'
import { additionEffects, additionPairs, additionsIn } from '#engine/studies/evidence/additions'
import { fromCsv, studyTable, toCsv } from '#engine/studies/tables'
import { additionPairsCsv } from '#shared/additionEffect'
import { syntheticResults } from '../../../../support/syntheticResults'

/** Losses by members: what each adds, and 0.01 for every pair of them. */
const WORTH: Record<string, number> = { a: -0.5, b: 0.25, c: 0 }

function study(trained: string[]) {
  const loss = (members: readonly { name: string }[]) =>
    members.reduce((sum, { name }) => sum + WORTH[name]!, 3) + 0.01 * members.length ** 2
  return syntheticResults({
    partitions: { a: 1, b: 1, c: 1 },
    sequential: { choose: { kind: 'list', mixtures: trained } },
    truth: ({ members }) => 2 * loss(members),
    proxy: ({ members }) => loss(members)
  })
}

const of = (results: ReturnType<typeof study>, added: string, source: string) =>
  additionEffects(results)
    .filter((row) => row.domain === 'mean-all-log' && row.added === added && row.of === source)
    .map(({ budget, pairs, median, changes }) => ({
      budget,
      pairs,
      median: Number(median.toFixed(9)),
      changes: changes?.map((one) => Number(one.toFixed(9)))
    }))

test('changes are those of pairs that differ by one partition, and of training where both are trained', () => {
  const results = study(['a+b', 'a+b+c'])
  // One pair for each: two of the three, and all of them. 0.05 = 0.01 · (3² − 2²).
  expect(of(results, 'a', 'merge-micro')).toEqual([
    { budget: null, pairs: 1, median: -0.45, changes: [-0.45] }
  ])
  expect(of(results, 'c', 'merge-micro')).toEqual([
    { budget: null, pairs: 1, median: 0.05, changes: [0.05] },
    { budget: 'sum', pairs: 1, median: 0.05, changes: [0.05] }
  ])
  expect(of(results, 'c', 'sequential')).toEqual([
    { budget: 'sum', pairs: 1, median: 0.1, changes: [0.1] }
  ])
  expect(of(results, 'a', 'sequential')).toEqual([])
})

test('asked for some proxies on one domain, the rows are those of all that are of them', () => {
  const results = study(['a+b', 'a+b+c'])
  const all = additionEffects(results)
  for (const of of [['merge-micro'], ['sequential'], ['merge-micro', 'sequential'], ['none']]) {
    const only = { of, domain: 'mean-all-log' }
    const wanted = all.filter((row) => of.includes(row.of) && row.domain === only.domain)
    expect(additionEffects(results, { only })).toEqual(wanted)
  }
})

test('quartiles, ends and the share that helps are over all pairs', () => {
  const results = syntheticResults({
    partitions: { a: 1, b: 1, c: 1, d: 1 },
    truth: () => 3,
    // Adding a: −0.4 to each pair of the others, −0.1 and +0.2 … by who is there.
    proxy: ({ name }) => ({ 'a+b+c': 2.6, 'a+b+d': 2.9, 'a+c+d': 3.2, 'a+b+c+d': 3.3 })[name] ?? 3
  })
  const row = additionEffects(results).find(
    ({ added, domain, of }) => added === 'a' && domain === 'b' && of === 'merge-micro'
  )!
  const rounded = Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === 'number' ? Number(value.toFixed(9)) : value
    ])
  )
  // −0.4, −0.1, 0.2, 0.3
  expect({ ...rounded, changes: null }).toEqual({
    added: 'a',
    domain: 'b',
    domainKind: 'in',
    of: 'merge-micro',
    budget: null,
    pairs: 4,
    mean: 0,
    least: -0.4,
    lowerQuartile: -0.175,
    median: 0.05,
    upperQuartile: 0.225,
    most: 0.3,
    helps: 0.5,
    changes: null
  })
  const { columns, rows } = studyTable(results, 'effects')!
  const read = fromCsv(columns, toCsv(columns, rows))
  expect(read.length).toBe(additionEffects(results).length)
  const own = read.find((one) => one.added === 'a' && one.domain === 'b' && one.budget === null)
  expect(own).toMatchObject({ of: 'merge-micro', pairs: 4, helps: 0.5, documents: 'all' })
  expect(own!.lower_quartile).toBeCloseTo(-0.175, 9)
})

test('weighted mixtures are no pair of anything', () => {
  const member = (name: string, weight: number | null = null) => ({ name, weight })
  const mixture = (...members: ReturnType<typeof member>[]) => ({ name: '', members, units: [] })
  expect(
    additionsIn([
      mixture(member('a')),
      mixture(member('b', 0.3), member('a', 0.7)),
      mixture(member('b'), member('a'))
    ])
  ).toEqual([{ added: 'b', without: 0, with: 2 }])
})

test('mixture by mixture: every pair with its change on each domain, the most helped first, and where trained', () => {
  const results = study(['a+b', 'a+b+c'])
  const found = additionPairs(results, 'b')
  // 0.25, and 0.01 for every pair of members that it makes: 0.03 = 0.01 · (2² − 1²).
  expect(found.pairs.map(({ without, size }) => [without, size])).toEqual([['a+c', 2]])
  expect(found.domains[0]).toEqual({ name: 'mean-all-log', kind: 'mean' })
  expect(found.pairs[0]!.changes.map((one) => Number(one!.toFixed(9)))).toEqual(
    found.domains.map(() => 0.3)
  )
  expect(found.pairs[0]!.trained.every((one) => one === null)).toBe(true)
  const [trained] = additionPairs(results, 'c').pairs.filter(({ without }) => without === 'a+b')
  expect(trained!.trained.map((one) => Number(one!.toFixed(9)))).toEqual(
    found.domains.map(() => 0.1)
  )
  // Without a wish the first of the latest that is a member; wishes must be members.
  expect(additionPairs(results, null, { latest: ['x', 'c', 'a'] }).added).toBe('c')
  expect(() => additionPairs(results, 'x')).toThrow(/"x" alone.*: a, b, c\./)
  const lines = additionPairsCsv(found).trimEnd().split('\r\n')
  expect(lines.length).toBe(1 + found.domains.length)
  expect(lines[0]).toBe(
    'added,without,with,size,domain,domain_kind,proxy,change_proxy,budget,change_sequential'
  )
  expect(lines[1]).toMatch(/^b,a\+c,a\+b\+c,2,mean-all-log,mean,merge-micro,0\.\d+,sum,$/)
})
