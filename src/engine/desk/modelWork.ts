/** What a screen does with models: lists, looks into, imports, merges and writes them. */
import type { EngineEvent, ProjectApi } from '#shared/contract'
import { WorkbenchError } from '#shared/errors'
import type { MergePlan, MergeSetting } from '#shared/merging'
import { MERGE_METHODS } from '#shared/merging'
import type { FoundModel, ListedMerge, MergeMethodRules, ModelWorkKey } from '#shared/modelsView'
import type { Progress } from '#shared/records'
import { openModelWeights } from '../checkpoints/modelWeights'
import { findModels } from '../data/modelTable'
import type { ListedModel } from '../data/modelTable'
import { METHOD_RULES, NOT_MADE } from '../merging/methods'
import { exportModel } from '../modelExports'
import { elementsOfAll } from '../parameters'
import type { ProjectSession } from '../projectSession'
import { isStop } from '../studies/runContext'
import type { Drops } from './drops'

/** What the work asks of the project's host. */
interface ModelHost {
  /** Of Assay, as model cards name it. */
  version: string
  tell(event: EngineEvent): void
  /** @throws WorkbenchError where nothing may be changed */
  assertWritable(): void
  isTraining(run: string): boolean
}

const GOING_ON: Readonly<Record<ModelWorkKey, string>> = {
  inspect: 'Models are being looked into.',
  take: 'Models are being imported.',
  merge: 'Models are being merged.',
  write: 'A model is being written.'
}

/** Work on models of a project: one thing of each kind at a time, told as it goes. */
export class ModelWork {
  readonly #session: ProjectSession
  readonly #drops: Drops
  readonly #host: ModelHost
  readonly #going = new Map<
    ModelWorkKey,
    { controller: AbortController; ended: Promise<unknown> }
  >()

  constructor(session: ProjectSession, drops: Drops, host: ModelHost) {
    this.#session = session
    this.#drops = drops
    this.#host = host
  }

  /** True while something is written or copied; who only looks into models may be cut off. */
  get isBusy(): boolean {
    return [...this.#going.keys()].some((what) => what !== 'inspect')
  }

  readModels: ProjectApi['readModels'] = async ({ study }) => {
    const isTraining = (run: string) => this.#host.isTraining(run)
    const models = await this.#session.models.list(this.#session.study(study), isTraining)
    return models.map(({ path: _path, ...model }) => model)
  }

  inspectModels: ProjectApi['inspectModels'] = ({ study, models }) =>
    this.#following('inspect', (run) =>
      this.#session.models.inspect(this.#session.study(study), models, run)
    )

  findModels: ProjectApi['findModels'] = ({ drop }) =>
    this.#drops.using(drop, async () => {
      const found = await this.#listed(drop)
      return Promise.all(found.map((model) => describeFound(model)))
    })

  importModels: ProjectApi['importModels'] = ({ drop, name, window, models }) =>
    this.#following('take', async (run) => {
      this.#host.assertWritable()
      if (this.#session.studies.some((one) => one.name === name)) {
        throw new WorkbenchError(
          'study/invalid',
          `There is a study "${name}" already. Give the study of the imported models another name.`,
          { study: name }
        )
      }
      const made = await this.#drops.using(drop, async () => {
        const folders = new Map(
          (await this.#listed(drop)).map((model) => [model.source, model.folder])
        )
        const listed = models.map((model): ListedModel => {
          const folder = folders.get(model.source)
          if (folder !== undefined) return { ...model, folder }
          throw new WorkbenchError('usage/invalid', `"${model.source}" is not in what was dropped.`)
        })
        const tokenizerFile = this.#drops
          .sources(drop)
          .paths.find((path) => /[\\/]tokenizer\.json$/.test(path))
        const request = {
          path: listed,
          name,
          keepsSeed: true,
          ...(window === undefined ? {} : { window }),
          ...(tokenizerFile === undefined ? {} : { tokenizerFile })
        }
        const { branches, sequential, warnings } = await this.#session.importModels(request, run)
        const said = warnings.map((text) => this.#drops.knownText(drop, text))
        return { branches, sequential, warnings: said }
      })
      await this.#drops.discard(drop)
      this.#host.tell({ kind: 'desk' })
      return made
    })

  exportRun: ProjectApi['exportRun'] = ({ study, model, ...choices }) =>
    this.#following('write', async (run) => {
      this.#host.assertWritable()
      const one = this.#session.study(study)
      const how = { ...choices, version: this.#host.version }
      const asked = { run: model.replace(/^run:/, '') }
      const { inside, files, bytes } = await exportModel(this.#session, one, asked, how, run)
      return { folder: inside, files, bytes }
    })

  readMergeMethods: ProjectApi['readMergeMethods'] = () => Promise.resolve(mergeMethods())

  planMerge: ProjectApi['planMerge'] = async (merge) => {
    try {
      const study = this.#session.study(merge.study)
      return { problem: null, plan: foreseen(await this.#session.models.planMerge(study, merge)) }
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      return { problem: error.message, plan: null }
    }
  }

  mergeModels: ProjectApi['mergeModels'] = (merge: ListedMerge) =>
    this.#following('merge', async (run) => {
      this.#host.assertWritable()
      const study = this.#session.study(merge.study)
      // Whether the models belong together is asked before their values are read.
      await this.#session.models.planMerge(study, merge)
      const done = await this.#session.models.merge(study, merge, run)
      const { folder, bytesWritten, elapsedSeconds, peakBytes } = done
      return { folder, bytes: bytesWritten, seconds: elapsedSeconds, peakBytes }
    })

  stopModels: ProjectApi['stopModels'] = async ({ what }) => {
    const going = this.#going.get(what)
    going?.controller.abort(new Error('stopped by the user'))
    await going?.ended
    return {}
  }

  /** Stops all of it, and waits until nothing goes on. */
  async close(): Promise<void> {
    await Promise.all([...this.#going.keys()].map((what) => this.stopModels({ what })))
  }

  /** What was dropped, by the names it was dropped under. */
  async #listed(drop: string): Promise<(ListedModel & { source: string })[]> {
    const found = await findModels(this.#drops.sources(drop).paths)
    return found.map((model) => {
      const source = this.#drops.label(drop, model.folder)
      if (this.#drops.isOurs(drop, model.folder)) return { ...model, source }
      throw new WorkbenchError(
        'table/invalid',
        `The table names ${source}, which is not among what was dropped. Drop the folders together with their table, which names them from where it lies.`,
        { path: source }
      )
    })
  }

  /** Does something of which one goes on at a time; null where it was stopped. */
  #following<T>(
    what: ModelWorkKey,
    work: (run: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<T>
  ): Promise<T | null> {
    if (this.#going.has(what)) {
      throw new WorkbenchError('study/running', `${GOING_ON[what]} Wait for it, or stop it.`)
    }
    const controller = new AbortController()
    const { signal } = controller
    const onProgress = (progress: Progress) =>
      this.#host.tell({ kind: 'progress', key: what, progress })
    const going = work({ signal, onProgress })
      .catch((error: unknown) => {
        if (!isStop(error, signal)) throw error
        return null
      })
      .finally(() => {
        this.#going.delete(what)
        this.#host.tell({ kind: 'ended', key: what })
      })
    this.#going.set(what, { controller, ended: going.catch(() => undefined) })
    return going
  }
}

async function describeFound({
  folder,
  source,
  ...model
}: ListedModel & { source: string }): Promise<FoundModel> {
  try {
    const { config, shapes, bytes } = await openModelWeights(folder)
    const [className] = Array.isArray(config['architectures']) ? config['architectures'] : []
    return {
      ...model,
      source,
      className: typeof className === 'string' ? className : null,
      parameters: elementsOfAll(shapes),
      bytes,
      problem: null
    }
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
    const problem = error.message.replaceAll(folder, source)
    return { ...model, source, className: null, parameters: null, bytes: null, problem }
  }
}

/** What each method of merging wants, as the engine holds recipes to it. */
function mergeMethods(): MergeMethodRules[] {
  const settings = (of: object) =>
    Object.entries(of)
      .filter(([name]) => name !== NOT_MADE)
      .map(([name, standard]: [string, unknown]) => ({
        name: name as MergeSetting,
        standard: typeof standard === 'number' || typeof standard === 'boolean' ? standard : null
      }))
  return MERGE_METHODS.map((method) => {
    const { base, models, shared, perModel } = METHOD_RULES[method]
    return { method, base, models, shared: settings(shared), perModel: settings(perModel) }
  })
}

/** A plan as the contract has it: inputs by name. */
function foreseen({ inputs, ...plan }: MergePlan) {
  const { folder, tensors, parameters, types, bytesRead, bytesWritten, bytesFree } = plan
  return {
    folder,
    inputs: inputs.map(({ folder: name, ...input }) => ({ name, ...input })),
    tensors,
    parameters,
    types,
    bytesRead,
    bytesWritten,
    bytesFree,
    peakBytes: plan.peakBytes,
    warnings: plan.warnings
  }
}
