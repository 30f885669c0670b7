import { expect, test } from 'vitest'
import { compareProxies } from '#engine/studies/evidence/comparison'
import { meansByWindow } from '#engine/studies/htmlReport/windowMeans'
import { seriesPage, seriesSvg } from '#engine/studies/htmlReport/seriesPage'
import { partitionEffects, settingRows, windowLosses } from '#engine/studies/series/measureSetting'
import { windowsOf } from '#engine/studies/series/settings'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { SeriesKind } from '#shared/series'
import { seriesCsv } from '#shared/seriesTable'
import type { SeriesResult } from '#shared/seriesView'
import { noiseOf, syntheticResults } from '../../../../support/syntheticResults'

/** What each partition is worth everywhere; the proxy knows half of it. */
const WORTH: Record<string, number> = { a: 0.4, b: 0.1, c: -0.2, d: 0 }
const names = ['a', 'b', 'c', 'd']
const listOf = (mixtures: string[][]) => ({
  choose: {
    kind: 'list' as const,
    list: mixtures.map((members) => Object.fromEntries(members.map((name) => [name, 1])))
  }
})

function resultsOf(mixtures: string[][], inDomains = names) {
  const worth = (members: { name: string }[]) =>
    members.reduce((sum, { name }) => sum + WORTH[name]!, 0)
  return syntheticResults({
    partitions: { a: 1, b: 1, c: 1, d: 1 },
    inDomains,
    outDomains: ['out'],
    mixtures: listOf(mixtures),
    truth: ({ members }) => 4 - worth(members),
    proxy: ({ members }) => 4.5 - worth(members) / 2,
    branch: (unit) => 4.5 - WORTH[unit[0]!]! / 2
  })
}

const empty = (kind: SeriesKind, change: Partial<SeriesResult>): SeriesResult => ({
  kind,
  of: 'demo',
  rows: [],
  effects: [],
  windows: [],
  notRun: [],
  ...change
})

test('leaving out and swapping in give what was planted, by the merge and by training', () => {
  const out = partitionEffects(
    resultsOf([names, ...names.map((name) => names.filter((one) => one !== name))]),
    'leave-one-out'
  )
  expect(out.length).toBe(4 * 6)
  for (const { partition, proxy, truth } of out) {
    expect(truth).toBeCloseTo(WORTH[partition]!, 9)
    expect(proxy).toBeCloseTo(WORTH[partition]! / 2, 9)
  }
  const swap = partitionEffects(
    resultsOf([
      ['b', 'd'],
      ['a', 'b', 'd'],
      ['b', 'c', 'd']
    ]),
    'swap-one'
  )
  expect(new Set(swap.map(({ partition }) => partition))).toEqual(new Set(['a', 'c']))
  for (const { partition, truth } of swap) expect(truth).toBeCloseTo(-WORTH[partition]!, 9)

  // Bars stand in the order of what helps, each with its diamond.
  const svg = seriesSvg(empty('leave-one-out', { effects: out }))
  expect([...svg.matchAll(/text-anchor="end">(\w)</g)].map(([, name]) => name)).toEqual([
    'a',
    'b',
    'd',
    'c'
  ])
  expect(svg.match(/class="mark second"/g)?.length).toBe(4)
})

test('windows know how far each domain is from them', () => {
  const losses = windowLosses(resultsOf(windowsOf(names, 2)), names, 2)
  const of = (first: number) =>
    losses
      .filter((one) => one.first === first)
      .map(({ domain, distance }) => [domain, distance] as const)
  expect(of(1)).toEqual([
    ['a', 0],
    ['b', 0],
    ['c', 1],
    ['d', 2],
    ['out', null],
    [HEADLINE_DOMAIN, null]
  ])
  expect(of(3).slice(0, 4)).toEqual([
    ['a', 2],
    ['b', 1],
    ['c', 0],
    ['d', 0]
  ])
  const means = meansByWindow(losses, 2)
  expect(means.map(({ from, to }) => from + to)).toEqual(['ab', 'bc', 'cd'])
  // The middle window has nothing further away.
  expect(means[1]!.means[2]).toBeNull()
  expect(means[0]!.means[0]).toBeCloseTo(4.5 - 0.25, 9)
  expect(seriesSvg(empty('rolling-windows', { windows: losses })).match(/<polyline/g)).toHaveLength(
    3
  )
  expect(seriesCsv(empty('rolling-windows', { windows: losses })).split('\r\n').length).toBe(
    3 * 6 + 2
  )
})

const noisy = syntheticResults({
  partitions: { a: 1, b: 2, c: 1, d: 1 },
  merges: ['micro', 'macro'],
  mixtures: { choose: { kind: 'all', minimumSize: 1 } },
  truth: ({ name }, domain) => 4 + 0.3 * noiseOf(`${name} ${domain}`),
  proxy: ({ name }, domain, merge) =>
    4 + 0.3 * noiseOf(`${name} ${domain}`) + 0.1 * noiseOf(merge + name)
})

test('rows hold the numbers of the comparison, and losses of the same mixtures', () => {
  const comparison = compareProxies(noisy)
  const facts = { setting: 2, runsLeft: 0, isAltered: false }
  const rows = settingRows(noisy, comparison, { kind: 'uneven', ...facts })
  expect(rows.map(({ proxy }) => proxy)).toEqual(['merge-micro', 'merge-macro'])
  for (const row of rows) {
    const own = comparison.find((one) => one.proxy === row.proxy && one.domain === HEADLINE_DOMAIN)!
    expect([row.n, row.spearman, row.accuracy]).toEqual([own.n, own.spearman, own.accuracy])
    expect(own.spearman.value).not.toBeNull()
    // One unit is no evidence: its mixtures are in no mean of what was trained.
    expect(row.proxyLossTrained).not.toBe(row.proxyLoss)
  }
  expect(settingRows(noisy, comparison, { kind: 'replay', ...facts })).toHaveLength(1)
})

test('the page shows every setting, reaches for nothing outside, and runs nothing', () => {
  const comparison = compareProxies(noisy)
  const rows = [0.001, 0.002, 0.004].flatMap((setting, i) =>
    settingRows(noisy, comparison, {
      kind: 'uneven',
      setting,
      runsLeft: i,
      isAltered: i === 2
    }).map((row) => ({ ...row, study: `study ${i} <script>` }))
  )
  const html = seriesPage(empty('uneven', { rows, of: '<b>', notRun: ['later'] }), {
    project: '"><img src=x>',
    version: '1'
  })
  expect(html).not.toMatch(/<script|<img|<b>|NaN|undefined|Infinity/)
  const links = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link!)
  expect(links.filter((link) => !/^data:/.test(link))).toEqual([])
  expect(html.match(/class="whisker"/g)).toHaveLength(6)
  expect(html).toContain('Not run yet: later.')
  expect(html).toMatch(/study 1 &lt;script&gt;: 1 run left/)
  expect(html).toMatch(/would give now: study 2 /)
  // Settings that double are as far from one another on the axis.
  const places = [...html.matchAll(/class="whisker" x1="([\d.]+)"/g)].map(([, x]) => Number(x))
  expect(places[2]! - places[0]!).toBeCloseTo(places[4]! - places[2]!, 0)
})
