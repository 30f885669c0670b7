/** A study's report as one HTML file that needs nothing else: no network, no script. */
import type { ReportFacts } from '#engine/workers/reportJobs'
import type { Diagnosis } from '#shared/diagnosis'
import type { DocumentChoice, StudyResults } from '../results'
import { additionsSection } from './additionsSection'
import { agreementSection } from './agreementSection'
import { comparisonSection } from './comparisonSection'
import { gatherContents } from './contents'
import { costSection } from './costSection'
import { csvSection } from './csvSection'
import { definitionsSection } from './definitionsSection'
import { diagnosisSection } from './diagnosisSection'
import { ledgerSection } from './ledgerSection'
import { markup } from './markup'
import { noiseSection } from './noiseSection'
import { originSection } from './originSection'
import { pageOf } from './pageFrame'
import { questionSection } from './questionSection'
import { rankingSection } from './rankingSection'
import { recipeSection } from './recipeSection'

/** Sections in their order, by the words that lead to them. */
const SECTIONS = [
  { id: 'question', words: 'Question', write: questionSection },
  { id: 'mixtures', words: 'Mixtures', write: rankingSection },
  { id: 'proxies', words: 'Proxies', write: comparisonSection },
  { id: 'agreement', words: 'Agreement', write: agreementSection },
  { id: 'additions', words: 'Additions', write: additionsSection },
  { id: 'noise', words: 'Noise', write: noiseSection },
  { id: 'diagnosis', words: 'Diagnosis', write: diagnosisSection },
  { id: 'cost', words: 'Cost', write: costSection },
  { id: 'data', words: 'Data', write: ledgerSection },
  { id: 'recipe', words: 'Recipe', write: recipeSection },
  { id: 'definitions', words: 'Definitions', write: definitionsSection },
  { id: 'origin', words: 'Origin', write: originSection },
  { id: 'tables', words: 'Tables', write: csvSection }
]

/**
 * Writes a report: question, answer, rankings, evidence, additions, noise, diagnosis, cost, data, recipe,
 * definitions, origin, tables. What a study does not have says so in a sentence.
 *
 * Costs seconds, since every interval is 2,000 resamples: a job for a worker.
 *
 * @throws WorkbenchError `study/from-tables` for a choice of documents where there are none
 */
export function htmlReport(
  results: StudyResults,
  facts: ReportFacts,
  documents: DocumentChoice,
  diagnosis: Diagnosis
): string {
  const contents = gatherContents(results, facts, documents, diagnosis)
  const title = `${results.study.name}: what its mixtures are worth`
  const links = SECTIONS.map(({ id, words }) => markup`<li><a href="#${id}">${words}</a></li>`)
  const nav = markup`<p class="quiet">Project ${facts.project} · Assay ${facts.version} · ${facts.writtenAt.slice(0, 10)}</p>
<nav aria-label="Sections"><ul>${links}</ul></nav>
`
  return pageOf(
    { title, version: facts.version, nav },
    SECTIONS.map(({ write }) => write(contents))
  )
}
