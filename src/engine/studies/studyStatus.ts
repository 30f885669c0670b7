/** What a study has and what it lacks. */
import type { Measurements } from '#engine/storage/measurements'
import type { Project } from '#engine/storage/project'
import { measuredParts } from '#shared/preparedText'
import type { Corpus, Prepared, Run, Study } from '#shared/records'
import { distinctModels, missingParts } from './measureModels'
import { distinctRuns, runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'
import type { StudyResults } from './results'
import { missingRuns } from './run'
import type { TablesSummary } from './tableStudy'

/** What a study has and lacks. */
export interface StudyStatus {
  study: string
  corpora: Corpus[]
  /** False until the text is tokenised; then nothing else is known either. */
  prepared: boolean
  runs: { planned: number; done: number; failed: number }
  measurements: { planned: number; done: number }
  heads: Run[]
  /** Runs that are not finished, in the order of training: what `run-one` may be asked for. */
  missing: Pick<PlannedRun, 'fingerprint' | 'role' | 'name'>[]
  /** What the study was made from, where it was made from tables. */
  tables?: TablesSummary
}

function nothingOf(study: Study): StudyStatus {
  return {
    study: study.name,
    corpora: [],
    prepared: false,
    runs: { planned: 0, done: 0, failed: 0 },
    measurements: { planned: 0, done: 0 },
    heads: [],
    missing: []
  }
}

/** Of a study made from tables: what they hold. */
export function statusOfTables(study: Study, { tables }: StudyResults): StudyStatus {
  return { ...nothingOf(study), tables: tables! }
}

/** Counts runs and measurements; of a study not prepared yet (`planned` null), its text only. */
export function statusOf(
  study: Study,
  project: Project,
  measurements: Measurements,
  planned: { prepared: Prepared; plan: StudyPlan } | null
): StudyStatus {
  const status = { ...nothingOf(study), corpora: [...project.corpora] }
  if (!planned) return status
  const { prepared, plan } = planned
  const runs = distinctRuns(runsOf(plan))
  const missing = missingRuns(project.folder, runs)
  const fingerprints = runs.map((run) => run.fingerprint)
  const isOfPlan = new Set(fingerprints)
  const heads = project.runs.filter((run) => isOfPlan.has(run.fingerprint))
  const models = distinctModels(plan)
  const unmeasured = models.map(
    (model) => missingParts(model, { study, prepared, measurements }).length
  )
  const all = models.length * measuredParts(prepared.domains).length
  return {
    ...status,
    prepared: true,
    runs: {
      planned: fingerprints.length,
      done: fingerprints.length - missing.length,
      failed: heads.filter((run) => run.state === 'failed').length
    },
    measurements: { planned: all, done: all - unmeasured.reduce((sum, one) => sum + one, 0) },
    heads,
    missing: missing.map(({ fingerprint, role, name }) => ({ fingerprint, role, name }))
  }
}
