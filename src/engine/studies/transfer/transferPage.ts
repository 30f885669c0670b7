/** Transfer between two sizes of model as one HTML file that needs nothing else. */
import { correlation } from '#shared/numberWords'
import { absent, markup, section, tableOf } from '../htmlReport/markup'
import { estimated, figure } from '../htmlReport/numbers'
import { pageOf } from '../htmlReport/pageFrame'
import { bumpFigure } from './bumpFigure'
import type { TransferEvidence } from './transferEvidence'

/** Writes the table of agreement and the rank–rank figures of each size. */
export function transferPage(evidence: TransferEvidence, version: string): string {
  const { small, large, mixtures, trained, rows, rankings } = evidence
  const figures = rankings.map((ranking) =>
    bumpFigure(ranking, { proxy: `${ranking.proxy} of ${small}`, truth: `${large}, trained` })
  )
  const hasBudgets = new Set(rows.map(({ budget }) => budget)).size > 1
  const title = `${small} as proxy for ${large}`
  const nav = markup`<p class="quiet">Assay ${version}</p>\n`
  return pageOf({ title, version, nav }, [
    section(
      'agreement',
      'Agreement',
      markup`<p>Merges of ${small} against models of ${large} trained on the same ${mixtures} mixtures, of which ${trained} were to be trained. Among
mixtures of one size; intervals in brackets are 95 %: the wider of that over mixtures and the range with one partition left out.</p>
`,
      tableOf(
        'Per domain and mean',
        [
          { head: 'Domain', cell: (row) => row.domain },
          {
            head: 'Proxy',
            cell: ({ proxy, budget }) => (hasBudgets ? `${proxy}, ${budget}` : proxy)
          },
          { head: 'n', isNumber: true, cell: ({ n }) => n },
          { head: 'r', isNumber: true, cell: ({ pearson }) => figure(pearson.value, correlation) },
          { head: 'Spearman’s ρ', cell: ({ spearman }) => estimated(spearman) },
          { head: 'Kendall’s τ', cell: ({ kendall }) => estimated(kendall) },
          { head: 'Accuracy', cell: ({ accuracy }) => estimated(accuracy) }
        ],
        rows
      )
    ),
    section(
      'ranks',
      'Ranks beside ranks',
      figures.every((one) => one === null)
        ? absent('No two trained mixtures of one size have a proxy value.')
        : [
            markup`<p>By the mean loss over all domains, best on top, among the mixtures that were trained. Where lines cross, the smaller model
orders two mixtures otherwise than the larger one’s training.</p>
`,
            figures
          ]
    )
  ])
}
