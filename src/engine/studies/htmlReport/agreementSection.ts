/** Proxy against truth on every domain: scatter plots, and the agreement they show as numbers. */
import { KIND_OUTLINES, KIND_WORDS } from '#shared/domainMarks'
import type { AgreementRow } from '../agreement'
import { budgetWords } from './contents'
import type { ReportContents, TabledContents } from './contents'
import { absent, htmlTable, markup, section } from './markup'
import type { Piece, ShownColumn, ShownTable } from './markup'
import { figure, estimated } from './numbers'
import { scatterFigure } from './scatterFigure'
import type { ScatterPanel } from './scatterFigure'

/** With more dots than this none says its name: the file would be mostly names. */
const MOST_NAMED = 6000

/** Strata shown: the headline's, its stricter sister, and what mixing sizes would give. */
const STRATA = ['within-size', 'within', 'all']

/** Small multiples and a table per truth budget. */
export function agreementSection(contents: ReportContents): Piece {
  const { pairs, proxy, budgets } = contents
  const own = pairs.filter((pair) => pair.proxy === proxy)
  const title = 'Agreement, domain by domain'
  if (own.length === 0) {
    return section(
      'agreement',
      title,
      absent(
        'No mixture has both a proxy value and a sequential model that is not the proxy itself.'
      )
    )
  }
  return section(
    'agreement',
    title,
    markup`<p>What ${proxy} says of a mixture (across) against what training on it gave (up), one dot per mixture. Dashed: both the same,
where that is in the picture. Lines are least-squares fits within each size, with the 95 % band of their mean; the axes are
logarithmic where perplexities span a decade. Statistics are within sizes, each with its 95 % interval over mixtures.</p>
`,
    legend(own.map(({ domainKind }) => domainKind)),
    budgets.map((budget) => {
      const panels = panelsOf(contents, budget)
      const dots = panels.reduce((sum, panel) => sum + panel.pairs.length, 0)
      return [
        budgets.length > 1 ? markup`<h3>Truth budget ${budget}</h3>\n` : null,
        markup`<div class="panels">\n${panels.map((panel) => scatterFigure(panel, { hasNames: dots <= MOST_NAMED }))}</div>\n`,
        htmlTable(agreementTable(contents, budget, STRATA))
      ]
    })
  )
}

/** Of each domain the strata shown, the headline's first. */
function agreementRows(
  { evidence, proxy }: TabledContents,
  budget: string,
  strata: readonly string[]
): AgreementRow[] {
  const own = evidence.agreement.filter((row) => row.budget === budget && row.proxy === proxy)
  const domains = [...new Set(own.map(({ domain }) => domain))]
  return domains.flatMap((domain) =>
    strata.flatMap((stratum) =>
      own.filter((row) => row.domain === domain && row.stratum === stratum)
    )
  )
}

function panelsOf({ pairs, proxy, evidence }: ReportContents, budget: string): ScatterPanel[] {
  const own = pairs.filter((pair) => pair.proxy === proxy && pair.budget === budget)
  const domains = new Map(own.map((pair) => [pair.domain, pair.domainKind]))
  return [...domains].map(([domain, kind]) => ({
    domain,
    kind,
    pairs: own.filter((pair) => pair.domain === domain),
    agreement:
      evidence.agreement.find(
        (row) =>
          row.domain === domain &&
          row.budget === budget &&
          row.proxy === proxy &&
          row.stratum === 'within-size'
      ) ?? null
  }))
}

function legend(kinds: readonly string[]): Piece {
  const items = [...new Set(kinds)].map(
    (kind) =>
      markup`<span><svg viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true"><path class="dot ${kind}" d="${KIND_OUTLINES[kind] ?? ''}"/></svg> ${KIND_WORDS[kind] ?? kind}</span>`
  )
  return markup`<p class="legend">${items}</p>\n`
}

/** Correlations of the proxy on every domain and mean, with their intervals. */
export function agreementTable(
  contents: TabledContents,
  budget: string,
  strata: readonly string[]
): ShownTable<AgreementRow> {
  const columns: ShownColumn<AgreementRow>[] = [
    { head: 'Domain', cell: ({ domain }) => domain },
    { head: 'Kind', cell: ({ domainKind }) => KIND_WORDS[domainKind] ?? domainKind },
    { head: 'Compared', cell: ({ stratum }) => stratum },
    { head: 'n', isNumber: true, cell: ({ n }) => n },
    { head: 'r', cell: ({ pearson }) => estimated(pearson) },
    { head: 'ρ', cell: ({ spearman }) => estimated(spearman) },
    { head: 'τ', cell: ({ kendall }) => estimated(kendall) },
    { head: 'p of ρ', isNumber: true, cell: ({ spearman }) => figure(spearman.p) }
  ]
  return {
    caption: `Agreement of ${contents.proxy} with training${budgetWords(contents, budget)}`,
    columns,
    rows: agreementRows(contents, budget, strata)
  }
}
