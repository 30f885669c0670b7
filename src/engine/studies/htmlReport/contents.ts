/** What all sections of a report are written from, gathered once. */
import type { ReportFacts } from '#engine/workers/reportJobs'
import type { Diagnosis } from '#shared/diagnosis'
import type { BudgetKind } from '#shared/records'
import { studyPairs } from '../agreement'
import type { Pair } from '../agreement'
import { studyFits } from '../evidence/fits'
import type { FitRow } from '../evidence/fits'
import { gatherEvidence } from '../evidence/gatherEvidence'
import type { GatheredEvidence } from '../evidence/gatherEvidence'
import { rankAcrossSizes, rankWithinSizes } from '../rankings'
import type { Ranking } from '../rankings'
import type { DocumentChoice, StudyResults } from '../results'
import { studyTables } from '../tables'
import type { Table } from '../tables'

/** A study with all that is computed of it. */
export interface ReportContents {
  results: StudyResults
  facts: ReportFacts
  /** Why the proxy may fail; on all documents, whatever the rest is on. */
  diagnosis: Diagnosis
  evidence: GatheredEvidence
  /** Proxy and truth, mixture by mixture; only those that are evidence. */
  pairs: Pair[]
  rankings: Ranking[]
  /** All sizes together, by truth budget; each says why that is no comparison as it stands. */
  acrossSizes: Ranking[]
  /** Errors of regressions on mixtures left out. */
  fits: FitRow[]
  /** The tables of the export, on the same documents. */
  tables: Table[]
  budgets: BudgetKind[]
  /** The proxy that is ranked by and drawn: the micro merge; of tables the first they hold. */
  proxy: string
}

/** What the report holds besides scatter plots, rankings and the diagnosis. */
export type TabledContents = Pick<
  ReportContents,
  'results' | 'facts' | 'evidence' | 'budgets' | 'proxy'
>

/** Which truth is meant, behind a caption; nothing where there is but one. */
export function budgetWords({ budgets }: Pick<ReportContents, 'budgets'>, budget: string): string {
  return budgets.length > 1 ? `, truth budget ${budget}` : ''
}

/**
 * Computes all that a report says.
 *
 * @throws WorkbenchError `study/from-tables` for a choice of documents where there are none
 */
export function gatherContents(
  results: StudyResults,
  facts: ReportFacts,
  documents: DocumentChoice,
  diagnosis: Diagnosis
): ReportContents {
  const known = gatherTabled(results, facts, documents)
  const { evidence, budgets } = known
  const fits = studyFits(results, { documents })
  return {
    ...known,
    diagnosis,
    fits,
    pairs: studyPairs(results, { documents }).filter(({ isEvidence }) => isEvidence),
    rankings: budgets.flatMap((budget) => rankWithinSizes(results, { documents, budget })),
    acrossSizes: budgets.map((budget) => rankAcrossSizes(results, { documents, budget })),
    tables: studyTables(results, { documents, known: { ...evidence, fits } })
  }
}

/**
 * Computes what tables alone say.
 *
 * @throws WorkbenchError `study/from-tables` for a choice of documents where there are none
 */
export function gatherTabled(
  results: StudyResults,
  facts: ReportFacts,
  documents: DocumentChoice
): TabledContents {
  return {
    results,
    facts,
    evidence: gatherEvidence(results, { documents }),
    budgets: results.study.sequential.budgets,
    proxy: results.tables?.proxies[0]?.proxy ?? 'merge-micro'
  }
}
