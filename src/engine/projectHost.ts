/** An open project as the contract has it: what a screen asks and is told. */
import { basename } from 'node:path'
import type { EngineApi, EngineEvent, OpenProject, Queue } from '#shared/contract'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { Study, TracePoint } from '#shared/records'
import type { ProjectSession } from './projectSession'
import { isRunFinished } from './storage/runs'
import { readTrace } from './storage/traces'
import { studyMatrix } from './studies/matrix'
import { runsOf } from './studies/plan'
import { studyTables, toCsv } from './studies/tables'
import type { StudyEvent } from './studies/run'

/** Serves one project to any number of screens; one study runs at a time. */
export class ProjectHost implements EngineApi {
  readonly #session: ProjectSession
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  #running: { study: string; controller: AbortController; ended: Promise<void> } | null = null

  constructor(session: ProjectSession) {
    this.#session = session
  }

  onEvent = (listener: (event: EngineEvent) => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readProject = (): Promise<OpenProject> => {
    const { folder, studies, corpora, isReadOnly } = this.#session
    return Promise.resolve({
      title: basename(folder),
      isReadOnly,
      studies: [...studies],
      corpora: [...corpora],
      running: this.#running?.study ?? null
    })
  }

  readCatalogue: EngineApi['readCatalogue'] = async ({ study }) => {
    const prepared = await this.#session.findPrepared(this.#session.study(study))
    if (!prepared) return null
    const { partitions, domains, overlaps } = prepared
    return { partitions, domains, overlaps }
  }

  readQueue: EngineApi['readQueue'] = async ({ study }): Promise<Queue> => {
    const one = this.#session.study(study)
    if (!(await this.#session.findPrepared(one))) return { isPrepared: false, runs: [] }
    const { plan } = await this.#session.plan(one)
    const heads = new Map(this.#session.runs.map((run) => [run.fingerprint, run]))
    const distinct = new Map(runsOf(plan).map((run) => [run.fingerprint, run]))
    const runs = [...distinct.values()].map(({ fingerprint, role, name, tokens }) => ({
      fingerprint,
      role,
      name,
      tokens,
      isDone: isRunFinished(this.#session.folder, fingerprint),
      head: heads.get(fingerprint) ?? null
    }))
    return { isPrepared: true, runs }
  }

  readTrace: EngineApi['readTrace'] = async ({ run, points }) => {
    // Names of runs become paths: only those that the project knows.
    const isKnown = this.#session.runs.some(({ fingerprint }) => fingerprint === run)
    return isKnown ? thinned(await readTrace(this.#session.folder, run), points) : []
  }

  readMatrix: EngineApi['readMatrix'] = ({ study }) =>
    this.#whenPrepared(study, async (one) => studyMatrix(await this.#session.results(one)))

  readBelief: EngineApi['readBelief'] = ({ study }) =>
    this.#whenPrepared(study, async (one) => {
      const { headline, agreement, untried } = await this.#session.evidence(one)
      return { headline, agreement, untried }
    })

  readTable: EngineApi['readTable'] = ({ study, table }) =>
    this.#whenPrepared(study, async (one) => {
      const tables = studyTables(await this.#session.results(one))
      const found = tables.find(({ name }) => name === table)
      return found ? toCsv(found.columns, found.rows) : null
    })

  runStudy: EngineApi['runStudy'] = async ({ study }) => {
    if (this.#running) {
      throw new WorkbenchError(
        'study/running',
        `The study "${this.#running.study}" is running. Stop it first, or wait for it.`,
        { study: this.#running.study }
      )
    }
    if (this.#session.isReadOnly) {
      throw new WorkbenchError(
        'storage/locked',
        'The project is open for reading only. Open it where nobody else has it open.'
      )
    }
    const controller = new AbortController()
    const ended = this.#run(this.#session.study(study), controller.signal)
    this.#running = { study, controller, ended }
    return {}
  }

  stopStudy: EngineApi['stopStudy'] = () => {
    this.#running?.controller.abort(new Error('stopped by the user'))
    return Promise.resolve({})
  }

  /** Stops what runs, cleanly. */
  async close(): Promise<void> {
    await this.stopStudy({})
    await this.#running?.ended
  }

  async #run(study: Study, signal: AbortSignal): Promise<void> {
    const tell = (state: 'running' | 'done' | 'stopped' | 'failed', message: string | null) =>
      this.#tell({ kind: 'study', study: study.name, state, message })
    tell('running', null)
    try {
      const summary = await this.#session.run(study, {
        signal,
        // Workers coalesce their progress: here it is only passed on.
        onProgress: (progress) => this.#tell({ kind: 'progress', key: 'prepare', progress }),
        onEvent: (event) => this.#tell(told(event))
      })
      this.#running = null
      const failed = summary.failed.map(({ name, message }) => `${name}: ${message}`).join('\n')
      if (summary.wasStopped) tell('stopped', null)
      else tell(failed === '' ? 'done' : 'failed', failed === '' ? null : failed)
    } catch (error) {
      this.#running = null
      tell('failed', toPlain(error).message)
    }
  }

  #tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  async #whenPrepared<T>(name: string, read: (study: Study) => Promise<T>): Promise<T | null> {
    const study = this.#session.study(name)
    return (await this.#session.findPrepared(study)) ? read(study) : null
  }
}

/** Training begins when the text is prepared; all else is told as it is. */
function told(event: StudyEvent): EngineEvent {
  return event.kind === 'begun' ? { kind: 'ended', key: 'prepare' } : event
}

/** Every so manieth point, the last one always. */
function thinned(points: TracePoint[], most: number): TracePoint[] {
  const step = Math.max(1, Math.ceil(points.length / Math.max(1, most)))
  return points.filter((_, i) => i % step === 0 || i === points.length - 1)
}
