/** Series of an open project as a screen has them: previewed, added, read. */
import type { ProjectApi } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import type { Study } from '#shared/records'
import type { SeriesRequest } from '#shared/series'
import type { ProjectSession } from '../projectSession'
import { foreseeSeries, planSeries, readSeries } from '../series'
import { fingerprintOf } from '../storage/fingerprint'
import { seriesFigure } from '../studies/htmlReport/seriesPage'
import { assertNamesFree } from '../studies/series/generate'

/** What series ask of the project's host. */
interface SeriesHost {
  /** @throws WorkbenchError where the project may not be written now */
  assertWritable(): void
  /** Adds a study or replaces the one of its name, so that it can be undone. */
  editStudy(study: Study): Promise<void>
}

/** What nothing is wrong with: there is only nothing to read yet. */
const NOTHING_YET: readonly string[] = ['study/missing', 'run/missing']

/** Studies that differ in one setting, made and read together. */
export class SeriesWork {
  readonly #session: ProjectSession
  readonly #host: SeriesHost

  constructor(session: ProjectSession, host: SeriesHost) {
    this.#session = session
    this.#host = host
  }

  previewSeries: ProjectApi['previewSeries'] = async ({ study, request }) => {
    try {
      const studies = await this.#planned(study, request)
      return { problem: null, ...(await foreseeSeries(this.#session, studies)) }
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      return { problem: error.message, demand: null, isExact: false }
    }
  }

  addSeries: ProjectApi['addSeries'] = async ({ study, request }) => {
    this.#host.assertWritable()
    const studies = await this.#planned(study, request)
    const there = new Set(this.#session.studies.map((one) => fingerprintOf(one)))
    for (const one of studies) {
      if (!there.has(fingerprintOf(one))) await this.#host.editStudy(one)
    }
    return { studies: studies.map(({ name }) => name) }
  }

  readSeries: ProjectApi['readSeries'] = async ({ study, kind }) => {
    try {
      const result = await readSeries(this.#session, study, kind)
      return { problem: null, result, svg: seriesFigure(result) }
    } catch (error) {
      if (!(error instanceof WorkbenchError && NOTHING_YET.includes(error.code))) throw error
      return { problem: error.message, result: null, svg: null }
    }
  }

  async #planned(study: string, request: SeriesRequest): Promise<Study[]> {
    const studies = await planSeries(this.#session, this.#session.study(study), request)
    assertNamesFree(this.#session.studies, studies)
    return studies
  }
}
