/** How far one training differs from the next, and what agreement that leaves to reach. */
import { HEADLINE_DOMAIN, noiseRows } from '#shared/evidenceView'
import type { Noise } from '#shared/evidenceView'
import { correlation } from '#shared/numberWords'
import type { ReportContents } from './contents'
import { absent, markup, section, tableOf } from './markup'
import type { Piece, ShownColumn } from './markup'
import { ends, figure } from './numbers'

/** Noise on the mean over domains for each proxy, and of sequential models domain by domain. */
export function noiseSection({ evidence, budgets }: ReportContents): Piece {
  const title = 'Noise between random seeds'
  if (evidence.noise.length === 0) {
    return section(
      'noise',
      title,
      absent(
        'No model was trained again with another random seed: how much of what is left between proxy and truth is noise is not known.'
      )
    )
  }
  return section(
    'noise',
    title,
    markup`<p>The same text in another order. A perfect proxy, right about every mixture, would reach the ρ of the ceiling on average and no
more; pairs of one size closer than noise are ties and count for nobody.</p>
`,
    budgets.map((budget) => {
      const where = budgets.length > 1 ? `, truth budget ${budget}` : ''
      const own = evidence.noise.filter((row) => row.budget === budget)
      const first = new Map(own.map((row) => [row.domain, row]).reverse() as [string, Noise][])
      return [
        tableOf(
          `Noise of proxies on the mean over all domains (${HEADLINE_DOMAIN})${where}`,
          BY_PROXY,
          noiseRows(own, HEADLINE_DOMAIN, budget)
        ),
        tableOf(`Noise of sequential models, domain by domain${where}`, BY_DOMAIN, [
          ...[...first.values()].reverse()
        ])
      ]
    })
  )
}

const nats = (value: number) => value.toFixed(4)

const BY_PROXY: ShownColumn<Noise>[] = [
  { head: 'Proxy', cell: ({ proxy }) => proxy },
  {
    head: 'Its own noise, nats/token',
    cell: ({ ofProxy }) => (ofProxy ? [nats(ofProxy.deviation), ' ', ends(ofProxy.interval)] : '—')
  },
  {
    head: 'Pairs ordered alike beyond noise',
    isNumber: true,
    cell: ({ beyondNoise: { alike, pairs, ties } }) => `${alike} of ${pairs - ties}`
  },
  { head: 'Ties', isNumber: true, cell: ({ beyondNoise }) => beyondNoise.ties },
  {
    head: 'ρ of a perfect proxy',
    isNumber: true,
    cell: ({ ceiling }) => figure(ceiling.perfect.spearman, correlation)
  },
  {
    head: 'ρ of one as noisy',
    isNumber: true,
    cell: ({ ceiling }) => figure(ceiling.sameNoise?.spearman ?? null, correlation)
  },
  {
    head: 'ρ with branches of other seeds',
    cell: ({ otherSeeds }) =>
      otherSeeds
        .map(({ spearman }) => (spearman === null ? '—' : correlation(spearman)))
        .join(', ') || '—'
  }
]

const BY_DOMAIN: ShownColumn<Noise>[] = [
  { head: 'Domain', cell: ({ domain }) => domain },
  {
    head: 'Noise of a sequential model, nats/token',
    cell: ({ truth }) => [nats(truth.deviation), ' ', ends(truth.interval)]
  },
  { head: 'Spread within sizes', isNumber: true, cell: ({ spread }) => nats(spread) },
  { head: 'Trained again', isNumber: true, cell: ({ truth }) => truth.repeated },
  { head: 'Pairs', isNumber: true, cell: ({ beyondNoise }) => beyondNoise.pairs },
  { head: 'Ties', isNumber: true, cell: ({ beyondNoise }) => beyondNoise.ties }
]
