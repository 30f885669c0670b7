/** What adding each partition does, by the proxy and by training. */
import { EFFECTS_CAUTION } from '#shared/additionEffect'
import type { AdditionEffect } from '#shared/additionEffect'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import { percent } from '#shared/numberWords'
import { additionEffects } from '../evidence/additions'
import type { DocumentChoice, StudyResults } from '../results'
import { additionsFigure } from './additionsFigure'
import type { ReportContents } from './contents'
import { absent, markup, section, tableOf } from './markup'
import type { Piece, ShownColumn } from './markup'
import { figure } from './numbers'

/** The distribution on the mean over all domains, and the median on every domain. */
export function additionsSection({ evidence, proxy, budgets }: ReportContents): Piece {
  const title = 'What adding each partition does'
  const own = evidence.effects.filter(({ of }) => of === proxy || of === 'sequential')
  const shown = own.filter(({ domain }) => domain === HEADLINE_DOMAIN)
  if (shown.length === 0) {
    return section(
      'additions',
      title,
      absent('No two measured mixtures differ by one partition alone.')
    )
  }
  return section(
    'additions',
    title,
    markup`<p>Over all pairs of mixtures of which one holds one partition more: its loss less that of the other, on the mean over all
domains. Sequential models are of fewer pairs, and ${proxy} is told over these by itself too. ${EFFECTS_CAUTION}</p>
<figure class="series">
${figureOf(shown, proxy, budgets[0]!)}</figure>
`,
    summaryTable(shown),
    domainTable(own.filter(({ of, budget: only }) => of === proxy && only === null))
  )
}

/** Of two budgets the first is drawn: more boxes would not be told apart. */
function figureOf(shown: readonly AdditionEffect[], proxy: string, budget: string): Piece {
  const ways = [
    { of: proxy, budget: null },
    { of: proxy, budget },
    { of: 'sequential', budget }
  ].map((way) => ({ ...way, words: wordsOf(way.of, way.budget) }))
  return additionsFigure(shown, ways)
}

/** The figure alone, as an `svg` element in classes of the page it stands in; null without a pair. */
export function additionsPicture(results: StudyResults, documents: DocumentChoice): string | null {
  const proxy = results.tables?.proxies[0]?.proxy ?? 'merge-micro'
  const shown = additionEffects(results, {
    documents,
    only: { of: [proxy, 'sequential'], domain: HEADLINE_DOMAIN }
  })
  if (shown.length === 0) return null
  return markup`${figureOf(shown, proxy, results.study.sequential.budgets[0]!)}`.html
}

function wordsOf(of: string, budget: string | null): string {
  if (of === 'sequential') return `${of}, ${budget}`
  return budget === null ? of : `${of}, pairs trained by ${budget}`
}

function summaryTable(rows: readonly AdditionEffect[]): Piece {
  const number = (
    head: string,
    cell: (row: AdditionEffect) => Piece
  ): ShownColumn<AdditionEffect> => ({ head, isNumber: true, cell })
  return tableOf(
    'Changes of the mean loss over all domains, nats/token',
    [
      { head: 'Added', cell: ({ added }) => added },
      { head: 'By', cell: ({ of, budget }) => wordsOf(of, budget) },
      number('Pairs', ({ pairs }) => figure(pairs, String)),
      number('Mean', ({ mean }) => figure(mean)),
      number('Least', ({ least }) => figure(least)),
      number('Lower quartile', ({ lowerQuartile }) => figure(lowerQuartile)),
      number('Median', ({ median }) => figure(median)),
      number('Upper quartile', ({ upperQuartile }) => figure(upperQuartile)),
      number('Most', ({ most }) => figure(most)),
      number('Helps', ({ helps }) => figure(helps, percent))
    ],
    rows
  )
}

function domainTable(rows: readonly AdditionEffect[]): Piece {
  const plain = rows.filter(({ domainKind }) => domainKind !== 'mean')
  const domains = [...new Set(plain.map(({ domain }) => domain))]
  const members = [...new Set(plain.map(({ added }) => added))]
  const median = new Map(plain.map((row) => [`${row.added}\n${row.domain}`, row.median]))
  return tableOf<string>(
    `Median change on each domain by ${rows[0]?.of ?? ''}, nats/token`,
    [
      { head: 'Added', cell: (added) => added },
      ...domains.map((domain): ShownColumn<string> => ({
        head: domain,
        isNumber: true,
        cell: (added) => figure(median.get(`${added}\n${domain}`))
      }))
    ],
    members
  )
}
