import { expect, test } from 'vitest'
import { PAIR_COLUMNS } from '#engine/studies/export/columns'
import { studyBelief } from '#engine/studies/evidence/belief'
import { studyMatrix } from '#engine/studies/matrix'
import { fromCsv, studyTable, toCsv } from '#engine/studies/tables'
import {
  byAgreement,
  drawnProxies,
  evidencePanels,
  panelCsv,
  strataOf,
  stripCsv
} from '../../../src/renderer/state/evidencePanels'
import { rankingsOf, regretCsv } from '../../../src/renderer/state/rankingTables'
import { noiseOf, syntheticResults } from '../../support/syntheticResults'

const results = syntheticResults({
  partitions: { a: 1, b: 1, c: 1, d: 1 },
  outDomains: ['poems'],
  mixtures: { choose: { kind: 'all' } },
  truth: ({ name, members }, domain) => 3 + noiseOf(`${name} ${domain}`) - 0.1 * members.length,
  proxy: ({ name }, domain) => 3 + noiseOf(`${name} ${domain}`) + 0.1 * noiseOf(name)
})
const matrix = studyMatrix(results)
const belief = studyBelief(results)
const choice = { proxies: ['merge-micro'], budget: 'sum', stratum: 'within-size' }
const panels = evidencePanels(matrix, belief, choice)

test('each domain and each mean has a panel, with one dot per mixture that is evidence', () => {
  expect(panels.map(({ domain }) => domain.name)).toEqual(matrix.domains.map(({ name }) => name))
  for (const { layers } of panels) {
    expect(layers).toHaveLength(1)
    // Fifteen mixtures; the four of one unit have nothing to merge.
    expect(layers[0]!.dots).toHaveLength(11)
    expect(layers[0]!.agreement).toMatchObject({ stratum: 'within-size', proxy: 'merge-micro' })
  }
})

test('under a budget whose model is the merge there is no dot', () => {
  const [truth] = matrix.sequential
  const merged = { ...truth!, areMerges: matrix.rows.map(({ size }) => size === 1) }
  const found = evidencePanels({ ...matrix, sequential: [merged] }, belief, choice)
  expect(found[0]!.layers[0]!.dots).toHaveLength(11)
})

test('several proxies are layers of one panel, in the order asked', () => {
  const both = evidencePanels(matrix, belief, {
    ...choice,
    proxies: ['branch-mean', 'merge-micro']
  })
  expect(both[0]!.layers.map(({ proxy }) => proxy)).toEqual(['branch-mean', 'merge-micro'])
  expect(both[0]!.layers[1]).toEqual(panels[0]!.layers[0])
})

test('regressions are drawn as any proxy, with the pairs of the table, once they are fitted', () => {
  const { fitted } = drawnProxies(matrix, belief, 'sum')
  expect(fitted).toContain('ridge')
  expect(fitted).toContain('linear-merged')
  const { rows } = studyTable(results, 'pairs')!
  for (const proxy of fitted) {
    const found = evidencePanels(matrix, belief, { ...choice, proxies: [proxy] })
    expect(found.map(({ domain }) => domain.name)).toEqual(panels.map(({ domain }) => domain.name))
    for (const { domain, layers } of found) {
      const own = rows.filter(
        (row) =>
          row['proxy'] === proxy && row['domain'] === domain.name && row['evidence'] === 'yes'
      )
      expect(layers[0]!.dots.map((dot) => [dot.mixture, dot.proxy, dot.sequential])).toEqual(
        own.map((row) => [row['mixture'], row['proxy_perplexity'], row['sequential_perplexity']])
      )
      expect(layers[0]!.agreement).toMatchObject({ proxy, stratum: 'within-size' })
    }
  }
  expect(evidencePanels(matrix, null, { ...choice, proxies: ['ridge'] })).toEqual([])
})

test('dots outside a stratum are marked, as many as the statistics leave out', () => {
  for (const stratum of ['size=2', 'with', 'without', 'all']) {
    const found = evidencePanels(matrix, belief, { ...choice, stratum })
    for (const { layers } of found) {
      const { dots, agreement } = layers[0]!
      if (agreement) expect(dots.filter((dot) => dot.isCounted)).toHaveLength(agreement.n)
    }
  }
})

test('before the belief is there, dots are drawn without statistics', () => {
  const early = evidencePanels(matrix, null, choice)
  expect(early.map(({ layers }) => layers[0]!.agreement)).toEqual(panels.map(() => null))
  expect(strataOf(null)).toEqual([])
})

test('the headline’s stratum is offered first, sizes last and in their order', () => {
  expect(strataOf(belief)).toEqual([
    'within-size',
    'within',
    'all',
    'with',
    'without',
    'size=2',
    'size=3',
    'size=4'
  ])
})

test('a panel’s CSV has the rows that the exported pairs have', () => {
  const exported = studyTable(results, 'pairs')!
  const rows = fromCsv(PAIR_COLUMNS, toCsv(exported.columns, exported.rows)).filter(
    (row) =>
      row['domain'] === 'poems' && row['proxy'] === 'merge-micro' && row['evidence'] === 'yes'
  )
  const poems = panels.find(({ domain }) => domain.name === 'poems')!
  expect(fromCsv(PAIR_COLUMNS, panelCsv(poems, 'sum'))).toEqual(rows)
})

test('the strip is sorted by ρ and names every panel once', () => {
  const rho = byAgreement(panels).map(({ layers }) => layers[0]!.agreement!.spearman.value!)
  expect(rho).toEqual([...rho].sort((a, b) => b - a))
  expect(stripCsv(panels).trim().split('\r\n')).toHaveLength(panels.length + 1)
})

test('rankings stand by size, all sizes last, and regret is copied in full precision', () => {
  const rankings = rankingsOf(belief, ['branch-mean', 'merge-micro'], 'sum')
  expect(rankings.map(({ size, proxy }) => [size, proxy])).toEqual([
    [1, 'branch-mean'],
    [1, 'merge-micro'],
    [2, 'branch-mean'],
    [2, 'merge-micro'],
    [3, 'branch-mean'],
    [3, 'merge-micro'],
    [null, 'branch-mean'],
    [null, 'merge-micro']
  ])
  const [, ...lines] = regretCsv(rankings).trim().split('\r\n')
  expect(lines[2]!.split(',').slice(0, 6)).toEqual([
    '2',
    'branch-mean',
    'sum',
    'mean-all-log',
    '6',
    '6'
  ])
  expect(Number(lines[2]!.split(',')[8])).toBe(rankings[2]!.regret!.value)
})
