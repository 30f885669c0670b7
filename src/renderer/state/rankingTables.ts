/** Rankings as tables to copy, and in an order to read. Pure. */
import type { Belief, Ranking } from '#shared/evidenceView'
import { csvTable } from '#shared/csvText'

/** Rankings of some proxies under one truth budget: by proxy as asked, sizes rising, all sizes last. */
export function rankingsOf(
  belief: Belief | null,
  proxies: readonly string[],
  budget: string
): Ranking[] {
  const size = (one: Ranking) => one.size ?? Infinity
  return (belief?.rankings ?? [])
    .filter((one) => one.budget === budget && proxies.includes(one.proxy))
    .sort((a, b) => size(a) - size(b) || proxies.indexOf(a.proxy) - proxies.indexOf(b.proxy))
}

/** A ranking's size in words. */
export function sizeWords(size: number | null): string {
  return size === null ? 'all sizes' : `size ${size}`
}

/** What choosing by a proxy costs: one row per ranking. */
export function regretCsv(rankings: readonly Ranking[]): string {
  return csvTable(
    [
      'size',
      'proxy',
      'budget',
      'domain',
      'mixtures',
      'trained',
      'chosen',
      'best',
      'regret',
      'blind'
    ],
    rankings.map((one) => [
      one.size ?? 'all',
      one.proxy,
      one.budget,
      one.domain,
      one.mixtures.length + one.left,
      one.trained,
      one.regret?.chosen ?? '',
      one.regret?.best ?? '',
      one.regret?.value ?? null,
      one.regret?.blind ?? null
    ])
  )
}

/** The mixtures of one ranking, in its order. */
export function rankingCsv(ranking: Ranking): string {
  return csvTable(
    [
      'rank',
      'mixture',
      'size',
      'proxy',
      'proxy_value',
      'budget',
      'sequential_value',
      'rank_among_trained',
      'sequential_rank',
      'regret',
      'levelled_value',
      'levelled_rank'
    ],
    ranking.mixtures.map((one) => [
      one.rank,
      one.mixture,
      one.size,
      ranking.proxy,
      one.proxyValue,
      ranking.budget,
      one.sequentialValue,
      one.rankAmongTrained,
      one.sequentialRank,
      one.regret,
      one.levelledValue,
      one.levelledRank
    ])
  )
}
