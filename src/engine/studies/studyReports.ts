/** What is told of a study's measurements; what takes long is computed beside the host's thread. */
import { basename } from 'node:path'
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { Measurements } from '#engine/storage/measurements'
import type { Project } from '#engine/storage/project'
import { isRunFinished } from '#engine/storage/runs'
import type {
  AnyReportJob,
  ReportFacts,
  ReportForm,
  ToldAdditions
} from '#engine/workers/reportJobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { BranchGeometry, Diagnosis } from '#shared/diagnosis'
import type { CostCurves } from '#shared/costCurves'
import type { UnitChanges } from '#shared/unitChanges'
import type { Belief } from '#shared/evidenceView'
import type { PackedMatrix } from '#shared/packedMatrix'
import type { ModelRole, Prepared, Run, Study } from '#shared/records'
import { branchGeometry } from './branchGeometry'
import { toldAdditions } from './toldAdditions'
import { unitChanges } from './unitChanges'
import { studyMatrix } from './matrix'
import { packMatrix } from './packMatrix'
import type { StudyPlan } from './plan'
import { describeReport, readResults } from './report'
import type { DocumentChoice, StudyResults } from './results'
import { costCurves } from './costCurves'
import { studyCost } from './studyCost'

/** Models times domains that the host reads itself: a twentieth of a second. */
const MOST_ON_HOST = 5000

/** What reports are read from. */
interface ReportSources {
  project: Project
  measurements: Measurements
  pool: WorkerPool
  plan: (study: Study) => Promise<{ prepared: Prepared; plan: StudyPlan }>
}

interface FileOptions {
  form: ReportForm
  documents: DocumentChoice
  version: string
  trustOf: (runs: readonly Run[]) => Promise<ReportFacts['devices']>
}

/**
 * The reports of an open project's studies.
 *
 * Beliefs are computed by a worker and kept, since each alone falls short. A belief is 2,000
 * resamples per statistic: with 26 mixtures on eight domains and six means it kept the host's thread
 * from answering anybody for 2.2 s. Computed by a worker, in a lane where nothing trains, it keeps
 * the host busy for 0.03 s at a time. And the same belief is asked for by every window opened and
 * every study compared (2.8 s each, 0.04 s when kept), so it is kept until something is measured. So is
 * the matrix, which takes as long where there are thousands of mixtures.
 */
export class StudyReports {
  readonly #sources: ReportSources
  readonly #beliefs = new Kept<Belief>()
  readonly #matrices = new Kept<PackedMatrix>()

  constructor(sources: ReportSources) {
    this.#sources = sources
  }

  /** Everything measured so far, in the form that tables and agreement read. */
  async results(study: Study): Promise<StudyResults> {
    return readResults(await this.#describe(study), this.#sources.measurements)
  }

  /** How far the proxies may be believed. */
  async belief(study: Study): Promise<Belief> {
    const report = await this.#describe(study)
    const key = identityOf(report, this.#sources.measurements.size)
    return this.#beliefs.find(study.name, key, () =>
      this.#sources.pool.run('belief', report, { lane: 'aside' })
    )
  }

  /** Every mixture with every value there is of it. */
  async matrix(study: Study): Promise<PackedMatrix> {
    const report = await this.#describe(study)
    const { measurements, pool } = this.#sources
    const key = identityOf(report, measurements.size)
    return this.#matrices.find(study.name, key, async () => {
      if (!isSmall(report)) return pool.run('matrix', report, { lane: 'aside' })
      return packMatrix(studyMatrix(await readResults(report, measurements)))
    })
  }

  /**
   * Why the proxies may fail, claim by claim.
   *
   * @param options `propose`: how many mixtures to propose where too few were trained; null: as
   *   many as are missing, ten at most
   * @throws WorkbenchError `storage/corrupt` when a checkpoint does not match its manifest
   */
  async diagnosis(
    study: Study,
    { propose = null, ...options }: { propose?: number | null; signal?: AbortSignal } = {}
  ): Promise<Diagnosis> {
    const report = await this.#describe(study)
    const geometry = await this.#geometry(study, options)
    const job = { report, geometry, propose }
    return this.#sources.pool.run('diagnosis', job, { ...options, lane: 'aside' })
  }

  /** One of the exported tables as CSV; null for a name that none has. */
  async table(study: Study, table: string): Promise<string | null> {
    const report = await this.#describe(study)
    return this.#sources.pool.run('table', { ...report, table }, { lane: 'aside' })
  }

  /**
   * The whole report as the text of one file; see `htmlReport` and `latexReport`.
   *
   * @param options `form`: which of them; `version`: Assay's own; `trustOf`: what the devices of runs are known to be
   */
  async file(study: Study, options: FileOptions): Promise<string> {
    const report = await this.#describe(study)
    const { form, documents, version, trustOf } = options
    const facts = {
      project: basename(this.#sources.project.folder),
      version,
      writtenAt: new Date().toISOString(),
      devices: await trustOf('tables' in report ? [] : report.runs),
      cost: 'tables' in report ? null : await this.#cost(study)
    }
    const geometry = form === 'html' ? await this.#geometry(study, {}) : null
    const job = { ...report, form, documents, facts, geometry }
    return this.#sources.pool.run('reportFile', job, { lane: 'aside' })
  }

  /**
   * What adding a partition does to each mixture that is measured with it and without it, and the
   * figure of what each does; null where no two mixtures differ by one.
   *
   * @param options `added`: a partition or base unit; null: one of those imported last
   * @throws WorkbenchError `study/missing-partition` for one that no two measured mixtures differ by
   */
  async additions(
    study: Study,
    { added, documents = 'all' }: { added: string | null; documents?: DocumentChoice }
  ): Promise<ToldAdditions> {
    const report = await this.#describe(study)
    const { project, measurements, pool } = this.#sources
    const corpora = project.corpora.filter(({ role }) => role === 'training')
    const latest = corpora.toReversed().flatMap((one) => one.partitions.map(({ name }) => name))
    const asked = { added, documents, latest }
    if (!isSmall(report)) return pool.run('additions', { report, asked }, { lane: 'aside' })
    return toldAdditions(await readResults(report, measurements), asked)
  }

  /** What every base unit does to every domain; branches and seed are read, be there however many merges. */
  async unitChanges(study: Study): Promise<UnitChanges> {
    return unitChanges(await this.#partOf(study, ['seed', 'branch']))
  }

  /** What ways of answering cost against the number of members; null where tables do not say. */
  async costCurves(study: Study): Promise<CostCurves | null> {
    if (this.#sources.project.tables !== null) return null
    const cost = await this.#cost(study)
    return cost && costCurves(await this.#partOf(study, []), cost)
  }

  /** Results with models of some roles alone: what is computed from few asks nobody to wait for all. */
  async #partOf(study: Study, roles: readonly ModelRole[]): Promise<StudyResults> {
    const report = await this.#describe(study)
    const { measurements } = this.#sources
    if ('tables' in report) return readResults(report, measurements)
    const models = report.models.filter(({ role }) => roles.includes(role))
    return readResults({ ...report, models, repeats: [], lines: [], earlier: [] }, measurements)
  }

  async #geometry(study: Study, options: { signal?: AbortSignal }): Promise<BranchGeometry | null> {
    const { project, pool, plan } = this.#sources
    if (project.tables !== null) return null
    return branchGeometry(project, pool, (await plan(study)).plan, options)
  }

  async #cost(study: Study): Promise<ReportFacts['cost']> {
    const { project } = this.#sources
    const { plan } = await this.#sources.plan(study)
    const isDone = (fingerprint: string) => isRunFinished(project.folder, fingerprint)
    const { modular, evidence, naive } = studyCost(study, plan, isDone, null)
    return { config: plan.config, seedTokens: plan.seed?.tokens ?? 0, modular, evidence, naive }
  }

  async #describe(study: Study): Promise<AnyReportJob> {
    const { project, plan } = this.#sources
    const { folder, tables } = project
    if (tables !== null) return { project: folder, study, tables }
    return describeReport({ project, study, ...(await plan(study)) })
  }
}

/** What was computed of studies' last states: each is asked for by every window. */
class Kept<Value> {
  readonly #byStudy = new Map<string, { key: string; value: Promise<Value> }>()

  find(study: string, key: string, compute: () => Promise<Value>): Promise<Value> {
    const known = this.#byStudy.get(study)
    if (known?.key === key) return known.value
    const value = compute()
    this.#byStudy.set(study, { key, value })
    // What failed is asked again the next time.
    value.catch(() => {
      if (this.#byStudy.get(study)?.key === key) this.#byStudy.delete(study)
    })
    return value
  }
}

/** True where the host reads all values of a study in some milliseconds: no process is worth its start. */
function isSmall(report: AnyReportJob): boolean {
  return (
    !('tables' in report) && report.models.length * report.prepared.domains.length <= MOST_ON_HOST
  )
}

/** Changes whenever a belief may: measurements are only ever added, so that their number tells. */
function identityOf(report: AnyReportJob, measured: number): string {
  if ('tables' in report) return report.tables
  const { study, prepared, mixtures, models, sequentialMixtures, pickedMixtures } = report
  return fingerprintOf({
    study,
    domains: prepared.domains.map(({ fingerprint }) => fingerprint),
    models: models.map(({ fingerprint }) => fingerprint),
    mixtures: mixtures.map(({ name }) => name),
    sequentialMixtures,
    pickedMixtures,
    measured
  })
}
