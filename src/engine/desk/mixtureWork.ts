/** What is done to single mixtures besides running a study: evaluate, add, train, export. */
import type { ProjectApi, EngineEvent } from '#shared/contract'
import type { Progress, Study } from '#shared/records'
import { exportModel } from '../modelExports'
import type { ProjectSession } from '../projectSession'
import { evaluateMixtures } from '../studies/evaluateMixtures'
import { measureLines } from '../studies/measureLines'
import { studyMatrix } from '../studies/matrix'
import { describeReport, readResults } from '../studies/report'
import { studyOfOne, withMixtures, withSequential } from '../studies/requestedMixtures'
import type { MixtureRequest } from '../studies/requestedMixtures'
import { isStop } from '../studies/runContext'
import { scoreMixture } from '../studies/scoreMixture'
import type { RunContext } from '../studies/runContext'
import { measuredProgress } from './pacedProgress'

/** Under which keys progress is told. */
const EVALUATE = 'evaluate'
const EXPORT = 'export'

/** What the work asks of the project's host. */
interface MixtureHost {
  /** Of Assay, as model cards name it. */
  version: string
  tell(event: EngineEvent): void
  /** @throws WorkbenchError where nothing may be changed */
  assertWritable(): void
  /** @throws WorkbenchError `study/running` while a study runs */
  assertIdle(): void
  /** Replaces the study of its name; can be undone. */
  editStudy(study: Study): Promise<void>
}

/** Work on mixtures of a project; a stop ends all of it between two models. */
export class MixtureWork {
  readonly #session: ProjectSession
  readonly #host: MixtureHost
  readonly #going = new Set<Promise<unknown>>()
  #controller = new AbortController()

  constructor(session: ProjectSession, host: MixtureHost) {
    this.#session = session
    this.#host = host
  }

  /** True while something is computed. */
  get isBusy(): boolean {
    return this.#going.size > 0
  }

  evaluateMixture: ProjectApi['evaluateMixture'] = ({ study, weights }) =>
    this.#following(EVALUATE, async (signal) => {
      const only = studyOfOne(this.#session.study(study), weights)
      const context = await this.#contextOf(only, EVALUATE, signal)
      await evaluateMixtures(namesOf(context), context, this.assertFree)
      return studyMatrix(await readResults(describeReport(context), context.measurements))
    })

  scoreMixture: ProjectApi['scoreMixture'] = async ({ study, weights }) => {
    const only = studyOfOne(this.#session.study(study), weights)
    return scoreMixture(await this.#session.workOn(only, { signal: this.#controller.signal }))
  }

  evaluateMixtures: ProjectApi['evaluateMixtures'] = ({ study, mixtures }) =>
    this.#following(EVALUATE, async (signal) => {
      const context = await this.#contextOf(this.#session.study(study), EVALUATE, signal)
      await evaluateMixtures(mixtures, context, this.assertFree)
      const count = mixtures.length
      this.#host.tell({ kind: 'measured', label: 'mixtures', done: count, total: count })
      return { wasStopped: signal.aborted }
    })

  measureLines: ProjectApi['measureLines'] = ({ study }) =>
    this.#following(EVALUATE, async (signal) => {
      const context = await this.#contextOf(this.#session.study(study), EVALUATE, signal)
      await measureLines(context, this.assertFree)
      return { wasStopped: signal.aborted }
    })

  addMixture: ProjectApi['addMixture'] = async ({ study, weights }) => {
    this.#host.assertWritable()
    const { names } = await this.#widened(study, [weights], null)
    return { mixture: names[0]! }
  }

  exportMerge: ProjectApi['exportMerge'] = ({ study, mixture, merge, ...choices }) =>
    this.#following(EXPORT, async (signal) => {
      this.#host.assertWritable()
      const one = this.#session.study(study)
      const how = { ...choices, version: this.#host.version }
      const onProgress = (progress: Progress) =>
        this.#host.tell({ kind: 'progress', key: EXPORT, progress })
      const run = { signal, onProgress }
      try {
        const { inside } = await exportModel(this.#session, one, { mixture, merge }, how, run)
        return { folder: inside }
      } catch (error) {
        if (!isStop(error, signal)) throw error
        return { folder: null }
      }
    })

  /** Adds mixtures to those that the study trains; the caller runs it. */
  async addSequential(
    study: string,
    requests: readonly MixtureRequest[],
    list: 'added' | 'top' = 'added'
  ): Promise<void> {
    this.assertFree()
    await this.#widened(study, requests, list)
  }

  /** Asks evaluations and exports to stop. */
  stop(): void {
    this.#controller.abort(new Error('stopped by the user'))
    this.#controller = new AbortController()
  }

  /** Stops, and waits until nothing goes on. */
  async close(): Promise<void> {
    this.stop()
    await Promise.allSettled(this.#going)
  }

  /** @throws WorkbenchError where nothing may be measured now */
  readonly assertFree = (): void => {
    this.#host.assertWritable()
    this.#host.assertIdle()
  }

  /** Keeps mixtures in the study, and among those it trains; what cannot be planned is not kept. */
  async #widened(
    name: string,
    requests: readonly MixtureRequest[],
    list: 'added' | 'top' | null
  ): Promise<{ names: string[] }> {
    const study = this.#session.study(name)
    const { prepared, plan } = await this.#session.workOn(study)
    const { study: wider, names } = withMixtures(study, prepared, plan, requests)
    const changed =
      list === null ? wider : withSequential(wider, plan.sequentialMixtures, names, list)
    if (changed !== study) {
      await this.#session.workOn(changed)
      await this.#host.editStudy(changed)
    }
    return { names }
  }

  #contextOf(study: Study, key: string, signal: AbortSignal): Promise<RunContext> {
    const onEvent = measuredProgress(key, (event) => this.#host.tell(event))
    return this.#session.workOn(study, { signal, onEvent })
  }

  /** Does something that can be stopped, and says when it ended. */
  #following<T>(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const going = work(this.#controller.signal).finally(() => {
      this.#going.delete(going)
      this.#host.tell({ kind: 'ended', key })
    })
    this.#going.add(going)
    return going
  }
}

function namesOf({ plan }: RunContext): string[] {
  return plan.mixtures.map(({ name }) => name)
}
