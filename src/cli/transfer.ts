/** Transfer from a smaller to a larger model as text. */
import type { TransferEvidence } from '#engine'
import { widerInterval } from '#shared/evidenceView'
import type { Estimate } from '#shared/evidenceView'
import { formatNumber, textTable } from './format'

/** Agreement per domain and mean, then ranks beside ranks. */
export function describeTransfer(evidence: TransferEvidence): string {
  const { small, large, mixtures, trained, rows, rankings } = evidence
  const ranked = rankings.flatMap(({ size, mixtures: all, trained: of }) =>
    all.flatMap((one) =>
      one.sequentialRank === null || of < 2
        ? []
        : [[String(size), one.mixture, String(one.rankAmongTrained), String(one.sequentialRank)]]
    )
  )
  return [
    `MERGES OF ${small} AGAINST TRAINING OF ${large}: ${mixtures} mixtures in both, ${trained} of them to be trained`,
    'Among mixtures of one size; intervals are the wider of that over mixtures and that with one partition left',
    'out. accuracy: pairs ordered as training orders them.',
    '',
    textTable(
      ['budget', 'domain', 'proxy', 'n', 'r', 'ρ', 'τ', 'accuracy'],
      rows.map((row) => [
        row.budget,
        row.domain,
        row.proxy,
        String(row.n),
        formatNumber(row.pearson.value, 2),
        shown(row.spearman),
        shown(row.kendall),
        shown(row.accuracy)
      ])
    ),
    '',
    'RANKS BESIDE RANKS, by the mean over all domains, among those trained',
    '',
    textTable(['size', 'mixture', `by ${small}`, `${large}, trained`], ranked)
  ].join('\n')
}

function shown(one: Estimate): string {
  if (one.value === null) return '—'
  const ends = widerInterval(one)
  const range = ends ? ` [${formatNumber(ends.low, 2)} … ${formatNumber(ends.high, 2)}]` : ''
  return `${formatNumber(one.value, 2)}${range}`
}
