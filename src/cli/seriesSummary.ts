/** Series as text: what they would cost, and what they found. */
import { HEADLINE_DOMAIN, widerInterval } from '#shared/evidenceView'
import type { Estimate } from '#shared/evidenceView'
import type { SeriesCost, SeriesResult } from '#shared/seriesView'
import { cautionsOf, effectsCaution } from '#shared/seriesWords'
import { formatCount, formatNumber, formatSeconds, textTable } from './format'

/** What each study of a series adds to what is there, and all of them together. */
export function describeSeriesCost(
  cost: SeriesCost,
  { next, isPlan }: { next: string; isPlan: boolean }
): string {
  const rows = cost.studies.map((one) => [
    one.study,
    String(one.mixtures),
    String(one.runs),
    String(one.runsLeft),
    formatCount(one.tokensLeft),
    String(one.modelsLeft),
    formatSeconds(one.seconds)
  ])
  return [
    textTable(['study', 'mixtures', 'runs', 'to train', 'tokens', 'to measure', 'time'], rows),
    '',
    `Together: ${cost.runsLeft} runs, ${formatCount(cost.tokensLeft)} tokens, about ${formatSeconds(cost.seconds)}. What studies share is counted once.`,
    isPlan
      ? 'Nothing was added. To add and run: ' + command(next)
      : 'Added. To run: ' + command(next)
  ].join('\n')
}

function command(next: string): string {
  return `assay vary ${next} --run`
}

/** What a series found: one table, and what must be known before it is read. */
export function describeSeries(result: SeriesResult): string {
  const { kind, of, rows, notRun } = result
  return [`Series ${kind} of ${of}`, '', tableOf(result), '', ...cautionsOf(rows, notRun)].join(
    '\n'
  )
}

function tableOf(result: SeriesResult): string {
  if (result.effects.length > 0) return describeEffects(result)
  if (result.windows.length > 0) return describeWindows(result)
  return textTable(
    [
      'setting',
      'proxy',
      'n',
      'ρ',
      'accuracy',
      'branch gain',
      'proxy loss',
      'of trained',
      'sequential',
      'tokens',
      'of branches'
    ],
    result.rows.map((row) => [
      String(row.setting ?? 'all'),
      row.proxy,
      String(row.n),
      estimated(row.spearman),
      estimated(row.accuracy),
      formatNumber(row.branchGain, 4),
      formatNumber(row.proxyLoss, 4),
      formatNumber(row.proxyLossTrained, 4),
      formatNumber(row.sequentialLoss, 4),
      formatCount(row.tokens),
      formatCount(row.branchTokens)
    ])
  )
}

function estimated(one: Estimate): string {
  const ends = widerInterval(one)
  const range = ends ? ` [${formatNumber(ends.low, 2)}, ${formatNumber(ends.high, 2)}]` : ''
  return `${formatNumber(one.value, 2)}${range}`
}

function describeEffects(result: SeriesResult): string {
  const { kind, effects } = result
  const sense =
    kind === 'leave-one-out'
      ? 'Loss without the partition less loss of all, nats per token: above 0, it helps.'
      : 'Loss with the partition less loss of those kept, nats per token: below 0, it helps.'
  return [
    sense,
    '',
    textTable(
      ['partition', 'domain', 'merge', 'trained'],
      effects.map(({ partition, domain, proxy, truth }) => [
        partition,
        domain === HEADLINE_DOMAIN ? 'mean of all' : domain,
        formatNumber(proxy, 4),
        formatNumber(truth, 4)
      ])
    ),
    '',
    effectsCaution(result)
  ].join('\n')
}

function describeWindows({ windows }: SeriesResult): string {
  return [
    'Loss on held-out text, nats per token; away: partitions between domain and window.',
    '',
    textTable(
      ['window', 'domain', 'away', 'merge', 'trained'],
      windows.map(({ from, to, domain, distance, proxy, truth }) => [
        from === to ? from : `${from} – ${to}`,
        domain === HEADLINE_DOMAIN ? 'mean of all' : domain,
        String(distance ?? '—'),
        formatNumber(proxy, 4),
        formatNumber(truth, 4)
      ])
    )
  ].join('\n')
}
