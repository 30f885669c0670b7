/** Reads a study's evidence off what is stored: seconds of resampling, and no tensors. */
import { Measurements } from '#engine/storage/measurements'
import { readTrace } from '#engine/storage/traces'
import { studyBelief } from '#engine/studies/evidence/belief'
import { diagnoseStudy } from '#engine/studies/evidence/diagnosis'
import type { BranchTrace } from '#engine/studies/evidence/diagnosis'
import { predictRuns } from '#engine/studies/evidence/predicted'
import { htmlReport } from '#engine/studies/htmlReport/page'
import { latexReport } from '#engine/studies/latexReport/tables'
import { studyMatrix } from '#engine/studies/matrix'
import { packMatrix } from '#engine/studies/packMatrix'
import { readResults } from '#engine/studies/report'
import type { StudyResults } from '#engine/studies/results'
import { studyTable, toCsv } from '#engine/studies/tables'
import { toldAdditions } from '#engine/studies/toldAdditions'
import type { Diagnosis } from '#shared/diagnosis'
import type { Belief } from '#shared/evidenceView'
import type { PackedMatrix } from '#shared/packedMatrix'
import type {
  AdditionsJob,
  AnyReportJob,
  DiagnosisJob,
  ReportFileJob,
  PredictJob,
  RunPrediction,
  TableJob,
  ToldAdditions
} from './reportJobs'

/** Holds every proxy against the truth; see `studyBelief`. */
export async function readBelief(job: AnyReportJob): Promise<Belief> {
  return studyBelief(await resultsOf(job))
}

/** Every mixture with every value there is of it, packed; see `studyMatrix`. */
export async function readMatrix(job: AnyReportJob): Promise<PackedMatrix> {
  return packMatrix(studyMatrix(await resultsOf(job)))
}

/** What adding a member does to mixtures; see `toldAdditions`. */
export async function readAdditions({ report, asked }: AdditionsJob): Promise<ToldAdditions> {
  return toldAdditions(await resultsOf(report), asked)
}

/** Holds every claim of why a proxy fails against what was measured; see `diagnoseStudy`. */
export async function readDiagnosis(job: DiagnosisJob): Promise<Diagnosis> {
  const { report, geometry, propose } = job
  const results = await resultsOf(report)
  const traces = await readTraces(report.project, results)
  return diagnoseStudy(results, { traces, geometry, propose })
}

async function readTraces(project: string, { runs, study }: StudyResults): Promise<BranchTrace[]> {
  const traces = []
  const own = runs.filter((run) => run.role === 'branch' && run.randomSeed === study.randomSeed)
  for (const { name, fingerprint } of own) {
    traces.push({ name, points: await readTrace(project, fingerprint) })
  }
  return traces
}

/** What every proxy says of runs that are not trained yet; see `predictRuns`. */
export async function predictTraining({ report, runs }: PredictJob): Promise<RunPrediction[]> {
  return predictRuns(await resultsOf(report), runs)
}

/** One exported table as CSV; null for a name that no table has. */
export async function readTable({ table, ...job }: TableJob): Promise<string | null> {
  const found = studyTable(await resultsOf(job), table)
  return found ? toCsv(found.columns, found.rows) : null
}

/** The whole report as the text of one file. */
export async function writeReportFile(job: ReportFileJob): Promise<string> {
  const { form, documents, facts, geometry, ...report } = job
  const results = await resultsOf(report)
  if (form === 'latex') return latexReport(results, facts, documents)
  const traces = await readTraces(report.project, results)
  const diagnosis = diagnoseStudy(results, { traces, geometry })
  return htmlReport(results, facts, documents, diagnosis)
}

/** The host stores before it tells, so that all it asks about is on disk. */
async function resultsOf(job: AnyReportJob): Promise<StudyResults> {
  const measurements = await Measurements.open(job.project, { readOnly: true })
  try {
    return await readResults(job, measurements)
  } finally {
    await measurements.close()
  }
}
