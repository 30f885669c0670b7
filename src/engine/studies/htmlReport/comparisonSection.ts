/** Proxies side by side: how well each ranks, and what choosing by it would have cost. */
import { HEADLINE_DOMAIN, proxyRows } from '#shared/evidenceView'
import type { Predicted } from '#shared/evidenceView'
import type { ProxyComparison } from '../evidence/comparison'
import type { FitRow } from '../evidence/fits'
import type { HeadlineAgreement } from '../agreement'
import { correlation } from '#shared/numberWords'
import { budgetWords } from './contents'
import type { ReportContents, TabledContents } from './contents'
import { heatFigure } from './heatFigure'
import { insideOutsideFigure, sizesFigure } from './insideOutsideFigure'
import { intervalBar } from './intervalBar'
import { absent, htmlTable, markup, section, tableOf } from './markup'
import type { Piece, ShownColumn, ShownTable } from './markup'
import { ends, estimated, figure } from './numbers'

/** The headline, the comparison on the mean over domains, and accuracy domain by domain. */
export function comparisonSection(contents: ReportContents): Piece {
  const { evidence, budgets } = contents
  const known = evidence.comparison.filter(({ accuracy }) => accuracy.value !== null)
  const title = 'Proxies compared'
  if (known.length === 0) {
    return section(
      'proxies',
      title,
      absent(
        'Fewer than four mixtures of one size have both a proxy and a sequential value: proxies cannot be compared.'
      )
    )
  }
  return section(
    'proxies',
    title,
    markup`<p>Among mixtures of one size. Intervals in brackets are 95 %: the wider of that over mixtures and the range with one partition
left out, since mixtures share partitions and are no independent draws. Hairlines mark chance.</p>
`,
    budgets.map((budget) => [
      htmlTable(comparisonTable(contents, budget)),
      htmlTable(headlineTable(contents, budget)),
      figuresOf(contents, budget),
      accuracyTable(
        evidence.comparison.filter((row) => row.budget === budget),
        budgetWords(contents, budget)
      ),
      predictedTable(
        evidence.predicted.filter((row) => row.budget === budget && row.trained > 0),
        budgetWords(contents, budget)
      )
    ]),
    fitsTable(contents)
  )
}

/** Every proxy on every domain, and inside beside outside. */
function figuresOf(contents: TabledContents, budget: string): Piece {
  const where = budgetWords(contents, budget)
  const rows = contents.evidence.comparison.filter((row) => row.budget === budget)
  const order = proxyRows(rows, HEADLINE_DOMAIN, budget).map(({ proxy }) => proxy)
  const bars = insideOutsideFigure(rows, order)
  const { proxy } = contents
  const sizes = sizesFigure(
    contents.evidence.agreement.filter((row) => row.budget === budget && row.proxy === proxy)
  )
  const map = `Correlation of every proxy on every domain, ρ within sizes${where}`
  return [
    markup`<h3>${map}</h3>
<div class="wide" role="region" tabindex="0" aria-label="${map}">
${heatFigure(rows)}</div>
`,
    bars &&
      markup`<h3>In-domain and out-of-domain${where}</h3>\n<figure class="series">\n${bars}</figure>\n`,
    sizes &&
      markup`<h3>The same of ${proxy}, by the size of mixtures${where}</h3>\n<figure class="series">\n${sizes}</figure>\n`
  ]
}

/** What regressions are off by on mixtures left out, beside predicting the mean. */
function fitsTable({ fits }: ReportContents): Piece {
  const known = fits.filter(({ tenth }) => tenth !== null)
  if (known.length === 0) return null
  const columns: ShownColumn<FitRow>[] = [
    { head: 'Domain', cell: ({ domain }) => domain },
    { head: 'Regression', cell: ({ proxy, budget }) => (budget ? `${proxy}, ${budget}` : proxy) },
    { head: 'n', isNumber: true, cell: ({ n }) => n },
    { head: 'One left out', isNumber: true, cell: ({ one }) => figure(one?.rmse, nats) },
    { head: 'A tenth left out', isNumber: true, cell: ({ tenth }) => figure(tenth?.rmse, nats) },
    { head: 'The mean', isNumber: true, cell: ({ tenth }) => figure(tenth?.meanRmse, nats) }
  ]
  return tableOf(
    'Regressions: root mean squared error on mixtures left out, nats/token; of those on merges against the merge, not the truth',
    columns,
    known
  )
}

/** Regrets side by side: three digits tell them apart. */
const nats = (value: number) => value.toFixed(3).replace('-', '−')

const RHO = { low: -1, high: 1, chance: 0 }
const ACCURACY = { low: 0, high: 1, chance: 0.5 }

/** Every proxy on the mean over all domains. */
export function comparisonTable(
  contents: TabledContents,
  budget: string
): ShownTable<ProxyComparison> {
  const columns: ShownColumn<ProxyComparison>[] = [
    { head: 'Proxy', cell: ({ proxy }) => proxy },
    { head: 'n', isNumber: true, cell: ({ n }) => n },
    {
      head: 'Spearman’s ρ',
      cell: ({ spearman }) => [intervalBar(spearman, RHO), ' ', estimated(spearman)]
    },
    {
      head: 'Accuracy',
      cell: ({ accuracy }) => [intervalBar(accuracy, ACCURACY), ' ', estimated(accuracy)]
    },
    {
      head: 'Accuracy less the reference’s',
      cell: ({ difference }) => estimated(difference && difference.accuracy)
    },
    { head: 'Top quarter', cell: ({ topQuarter }) => estimated(topQuarter) },
    { head: 'ρ in the proxy’s top quarter', cell: ({ topSpearman }) => estimated(topSpearman) },
    { head: 'Regret, nats/token', cell: ({ regret }) => estimated(regret, nats) },
    {
      head: 'Regret of range',
      isNumber: true,
      cell: ({ regretShare }) => figure(regretShare.value, correlation)
    },
    { head: 'Slope', isNumber: true, cell: ({ slope }) => figure(slope.value, correlation) },
    { head: 'Offset, nats/token', isNumber: true, cell: ({ offset }) => figure(offset.value) }
  ]
  return {
    caption: `Proxies compared on the mean over all domains (${HEADLINE_DOMAIN})${budgetWords(contents, budget)}`,
    columns,
    rows: proxyRows(contents.evidence.comparison, HEADLINE_DOMAIN, budget)
  }
}

/** ρ of every proxy with all of its intervals. */
export function headlineTable(
  contents: TabledContents,
  budget: string
): ShownTable<HeadlineAgreement> {
  const columns: ShownColumn<HeadlineAgreement>[] = [
    { head: 'Proxy', cell: ({ proxy }) => proxy },
    { head: 'n', isNumber: true, cell: ({ n }) => n },
    { head: 'Picked, left out', isNumber: true, cell: ({ picked }) => picked },
    { head: 'ρ', isNumber: true, cell: ({ spearman }) => figure(spearman, correlation) },
    { head: '95 % over mixtures', cell: ({ mixtures }) => ends(mixtures) },
    { head: '95 % over documents', cell: ({ documents }) => ends(documents) },
    { head: 'One partition left out', cell: ({ drop }) => ends(drop) },
    { head: 'p', isNumber: true, cell: ({ p }) => figure(p) },
    { head: 'Smallest p', isNumber: true, cell: ({ smallestP }) => figure(smallestP) },
    {
      head: 'Pairs ordered alike',
      isNumber: true,
      cell: ({ decisions }) => `${decisions.alike} of ${decisions.compared}`
    }
  ]
  return {
    caption: `The headline: ρ within sizes, where each interval comes from${budgetWords(contents, budget)}`,
    columns,
    rows: contents.evidence.headline.filter((row) => row.budget === budget)
  }
}

/** Nothing where nothing was predicted: results of earlier versions, and tables. */
function predictedTable(rows: readonly Predicted[], where: string): Piece {
  if (rows.length === 0) return markup``
  const columns: ShownColumn<Predicted>[] = [
    { head: 'Proxy', cell: ({ proxy }) => proxy },
    {
      head: 'Trained since',
      isNumber: true,
      cell: ({ trained, predicted }) => `${trained} of ${predicted}`
    },
    { head: 'Mean error, nats/token', isNumber: true, cell: ({ meanError }) => figure(meanError) },
    {
      head: 'Mean size of it',
      isNumber: true,
      cell: ({ meanAbsoluteError }) => figure(meanAbsoluteError)
    },
    {
      head: 'Pairs of one size foretold',
      isNumber: true,
      cell: ({ accuracy }) => figure(accuracy, correlation)
    }
  ]
  return tableOf(
    `Written down before the sequential models were trained, and scored after (${HEADLINE_DOMAIN})${where}`,
    columns,
    rows
  )
}

function accuracyTable(rows: readonly ProxyComparison[], where: string): Piece {
  const proxies = [...new Set(rows.map(({ proxy }) => proxy))]
  const domains = [...new Set(rows.map(({ domain }) => domain))]
  const at = new Map(rows.map((row) => [`${row.domain}\n${row.proxy}`, row]))
  const columns: ShownColumn<string>[] = [
    { head: 'Domain', cell: (domain) => domain },
    ...proxies.map((proxy): ShownColumn<string> => ({
      head: proxy,
      isNumber: true,
      cell: (domain) => figure(at.get(`${domain}\n${proxy}`)?.accuracy.value, correlation)
    }))
  ]
  return tableOf(`Accuracy of each proxy on each domain${where}`, columns, domains)
}
