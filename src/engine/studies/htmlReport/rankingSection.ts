/** Mixtures in the order the proxy puts them in, within each size, with the truth where it is known. */
import { sizeOffsetWords } from '#shared/sizeOffset'
import type { Ranking } from '../rankings'
import type { ReportContents } from './contents'
import { absent, markup, section, tableOf } from './markup'
import type { Piece, ShownColumn } from './markup'
import { figure } from './numbers'

/** Rows shown of each size; all are in pairs.csv and measurements.csv. */
const LISTED = 30

/** One table per size and truth budget. */
export function rankingSection(contents: ReportContents): Piece {
  const { rankings, proxy, budgets } = contents
  const shown = rankings.filter(({ mixtures }) => mixtures.length > 1)
  const content =
    shown.length === 0
      ? absent('No two mixtures of one size have a proxy value yet: there is nothing to rank.')
      : [
          markup`<p>By ${proxy}: mean over all domains of the loss, in nats per token; lower is better. <em>Trained</em> is the same of the
model that was trained on the mixture. ${whyApart(contents)}</p>
`,
          shown.map((ranking) => rankingTable(ranking, budgets.length > 1)),
          contents.results.tables || new Set(shown.map(({ size }) => size)).size < 2
            ? null
            : contents.acrossSizes.map((ranking) => acrossSizes(ranking, budgets.length > 1))
        ]
  return section('mixtures', 'Mixtures ranked within sizes', content)
}

/** Why sizes are not compared with one another. */
function whyApart({ results, budgets }: ReportContents): string {
  if (results.tables) return 'Sizes are kept apart: they are not comparable as they stand.'
  const tokens = 'and with the sum budget their sequential models see more tokens'
  return `Sizes are kept apart: larger mixtures average more branches${budgets.includes('sum') ? `, ${tokens}` : ''}.`
}

/** Sizes together: their caution, what an offset by size is worth, and the order that follows. */
function acrossSizes(ranking: Ranking, hasBudgets: boolean): Piece {
  return [
    markup`<h3>All sizes together${hasBudgets ? `, truth budget ${ranking.budget}` : ''}</h3>
<p>${ranking.caution} ${sizeOffsetWords(ranking.offset)}</p>
`,
    rankingTable(ranking, hasBudgets)
  ]
}

function rankingTable(ranking: Ranking, hasBudgets: boolean): Piece {
  const { size, mixtures, trained, budget, regret, offset } = ranking
  const levelled: ShownColumn<Ranking['mixtures'][number]>[] = offset?.isEarned
    ? [
        {
          head: 'Levelled rank',
          isNumber: true,
          cell: (row) => figure(row.levelledRank, String)
        },
        { head: 'Levelled', isNumber: true, cell: (row) => figure(row.levelledValue) }
      ]
    : []
  const rows = mixtures.slice(0, LISTED)
  const left = mixtures.length - rows.length
  const where = hasBudgets ? `, truth budget ${budget}` : ''
  return [
    tableOf(
      `${size === null ? 'All sizes' : `Size ${size}`}: ${mixtures.length} mixtures, ${trained} also trained${where}`,
      [
        { head: 'Mixture', cell: ({ mixture }) => mixture },
        ...levelled,
        { head: 'Rank', isNumber: true, cell: ({ rank }) => rank },
        { head: 'Proxy', isNumber: true, cell: ({ proxyValue }) => figure(proxyValue) },
        { head: 'Trained', isNumber: true, cell: (row) => figure(row.sequentialValue) },
        {
          head: 'Rank among trained',
          isNumber: true,
          cell: (row) => figure(row.rankAmongTrained, String)
        },
        { head: 'True rank', isNumber: true, cell: (row) => figure(row.sequentialRank, String) },
        { head: 'Worse than the best by', isNumber: true, cell: (row) => figure(row.regret) }
      ],
      rows
    ),
    left > 0 ? absent(`${left} more are in pairs.csv and measurements.csv.`) : null,
    regret === null
      ? null
      : markup`<p>Of the trained, the proxy puts ${regret.chosen} first: ${
          regret.value === 0
            ? 'it is the best of them'
            : markup`${figure(regret.value)} nats per token worse than ${regret.best}, the best`
        }. Choosing blindly costs ${figure(regret.blind)} on average.</p>\n`
  ]
}
