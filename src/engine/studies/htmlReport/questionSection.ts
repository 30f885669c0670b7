/** The question of a study and its answer in one sentence. */
import { betterThanReference, HEADLINE_DOMAIN, proxyRows } from '#shared/evidenceView'
import { correlation, counted, withInterval } from '#shared/numberWords'
import { trainedMixtures } from '../rankings'
import type { ReportContents } from './contents'
import { markup, section } from './markup'
import type { Piece } from './markup'
import { ends, estimated } from './numbers'

/** What was asked, of what, and what was found. */
export function questionSection(contents: ReportContents): Piece {
  const { results, evidence, budgets } = contents
  const partitions = new Set(
    results.mixtures.flatMap(({ units }) => units.map(({ partition }) => partition))
  ).size
  const trained = trainedMixtures(results).length
  return section(
    'question',
    'The question',
    markup`<p>Which of ${counted(partitions, 'partition')} should a model be trained on, and how far can a proxy be believed
that is read in place of training? ${counted(results.mixtures.length, 'mixture')}, of which ${trained} ${trained === 1 ? 'was' : 'were'} also trained
sequentially, on ${counted(results.domains.length, 'held-out domain')}.</p>
`,
    budgets.map((budget) => markup`<p class="answer">${answer(contents, budget)}</p>\n`),
    budgets.map((budget) => rival(contents, budget)),
    evidence.untried.length === 0
      ? null
      : markup`<p>No trained mixture holds ${evidence.untried.join(', ')}: how far proxies of mixtures with it may be believed is not measured.</p>\n`
  )
}

/**
 * The proxy that orders most pairs as training does, where it is better than the one above beyond
 * its interval.
 */
function rival({ evidence, proxy, budgets }: ReportContents, budget: string): Piece {
  const rows = proxyRows(evidence.comparison, HEADLINE_DOMAIN, budget)
  const best = betterThanReference(rows)
  if (!best) return null
  const where = budgets.length > 1 ? ` (truth budget ${budget})` : ''
  return markup`<p>Of ${rows.length} proxies ${best.proxy} orders most pairs as training does${where}: accuracy ${estimated(best.accuracy)},
${estimated(best.difference && best.difference.accuracy)} above ${proxy}. It was picked after looking at all of them, and so may look better than it is.</p>
`
}

/** The headline in words, beside what counting alone gives. */
function answer(
  { results, evidence, pairs, proxy, budgets }: ReportContents,
  budget: string
): string {
  const rows = evidence.headline.filter((row) => row.budget === budget)
  const main = rows.find((row) => row.proxy === proxy)
  const where = budgets.length > 1 ? ` (truth budget ${budget})` : ''
  if (!main || !pairs.some((pair) => pair.proxy === proxy && pair.budget === budget)) {
    return `No proxy can be held against a sequential model yet${where}.`
  }
  if (main.spearman === null) {
    return `Too few mixtures of one size were trained to say how well ${proxy} ranks them${where}: ${main.n} can be compared.`
  }
  const counting = rows.find((row) => row.proxy === 'count')?.spearman ?? null
  const baseline =
    counting === null ? 'it does not differ within a size' : `ρ ${correlation(counting)}`
  const dropped = main.drop ? `With one partition left out ρ is ${ends(main.drop)}. ` : ''
  return (
    `Within one size, ${proxy} ranks mixtures at ρ ${withInterval(main.spearman, main.mixtures)} ` +
    `by their mean loss over all domains${where}, and orders ${main.decisions.alike} of ${main.decisions.compared} pairs as training does. ` +
    `${dropped}The number of ${results.tables ? 'partitions' : 'units'} alone: ${baseline}.`
  )
}
