/** The tables of a report for a paper: data, hyper-parameters, correlations, proxies, cost. */
import type { ReportFacts } from '#engine/workers/reportJobs'
import type { DocumentChoice, StudyResults } from '../results'
import { agreementTable } from '../htmlReport/agreementSection'
import { comparisonTable, headlineTable } from '../htmlReport/comparisonSection'
import { gatherTabled } from '../htmlReport/contents'
import type { TabledContents } from '../htmlReport/contents'
import { costTable } from '../htmlReport/costSection'
import { costSummary } from '../htmlReport/costLines'
import { domainTable, partitionTable } from '../htmlReport/ledgerSection'
import type { Facts, ShownTable } from '../htmlReport/markup'
import { recipeFacts } from '../htmlReport/recipeSection'
import { latexTable } from './latexTable'
import { latexText } from './latexText'

/**
 * Writes the tables of a report as one file for `\input`: the same rows, words and numbers as the
 * HTML report. What a study does not have is left out, and a comment says so.
 *
 * @throws WorkbenchError `study/from-tables` for a choice of documents where there are none
 */
export function latexReport(
  results: StudyResults,
  facts: ReportFacts,
  documents: DocumentChoice
): string {
  const contents = gatherTabled(results, facts, documents)
  const { budgets, evidence } = contents
  const { study } = results
  const perBudget = <Row>(
    label: string,
    table: (contents: TabledContents, budget: string) => ShownTable<Row>
  ) => budgets.map((budget) => written(`${label}-${budget}`, table(contents, budget)))
  return [
    `% Tables of the study ${latexText(study.name)} in ${latexText(facts.project)}, written by Assay ${facts.version} on ${facts.writtenAt.slice(0, 10)}.
% Held-out documents: ${evidence.documents}. Intervals are 95 %; every number in full is in the exported CSVs.
% For \\input. In the preamble: \\usepackage{booktabs,adjustbox}
% Letters such as a with ogonek, eth or thorn want \\usepackage[T1]{fontenc} too; names beyond Latin
% letters need XeLaTeX or LuaLaTeX and a font that has them.
`,
    ...ofText(results),
    ...ofTraining(results, facts),
    ...perBudget('headline', headlineTable),
    ...perBudget('agreement', (all, budget) => agreementTable(all, budget, ['within-size'])),
    ...perBudget('proxies', comparisonTable)
  ].join('\n')
}

/** Data statistics; of tables that somebody else measured nothing is known. */
function ofText(results: StudyResults): string[] {
  if (results.tables) return ['% Of text, tokens and documents the tables say nothing.\n']
  return [
    written('partitions', partitionTable(results.prepared.partitions)),
    written('domains', domainTable(results))
  ]
}

/** Hyper-parameters and cost. */
function ofTraining(results: StudyResults, facts: ReportFacts): string[] {
  const recipe = recipeFacts({ results, facts })
  if (recipe === null || facts.cost === null) {
    return ['% Of model, training and cost the tables say nothing.\n']
  }
  const shown: ShownTable<Facts[number]> = {
    caption: 'Hyper-parameters',
    columns: [
      { head: 'Of', cell: ([name]) => name },
      { head: 'Setting', cell: ([, value]) => value }
    ],
    rows: recipe
  }
  return [
    latexTable(shown, { label: 'recipe', align: 'lp{0.72\\linewidth}' }),
    written('cost', costTable(costSummary(results, facts.cost), facts.cost.config))
  ]
}

function written<Row>(label: string, table: ShownTable<Row>): string {
  return table.rows.length === 0
    ? `% ${latexText(table.caption)}: nothing is known yet.\n`
    : latexTable(table, { label })
}
