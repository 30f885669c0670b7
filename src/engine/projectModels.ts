/** The models of a project as models: which there are, what is in them, merges of them. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { WorkbenchError, fromPlain, toPlain } from '#shared/errors'
import type {
  MergePlan,
  MergeRecipe,
  MergeResult,
  MergeSetting,
  SettingRule
} from '#shared/merging'
import { InspectionSchema } from '#shared/modelInspection'
import type { Inspection } from '#shared/modelInspection'
import type { ListedMerge, ListedModel, SettingValues } from '#shared/modelsView'
import type { Progress, Study } from '#shared/records'
import { openModelWeights } from './checkpoints/modelWeights'
import { OPTIMIZER_FILE } from './checkpoints/optimizerState'
import { elementsOfAll } from './parameters'
import { namedBranches } from './data/importedPartitions'
import { fingerprintOf } from './storage/fingerprint'
import { folderName } from './storage/folderName'
import { projectPaths } from './storage/paths'
import type { Project } from './storage/project'
import { isRunFinished } from './storage/runs'
import { readCache, writeCache } from './storage/sealedFiles'
import { distinctRuns, runsOf } from './studies/plan'
import type { StudyPlan } from './studies/plan'
import { seedPlace } from './studies/seedCheckpoints'
import type { WorkerPool } from './workers/pool'

/** Changes when what is kept of an inspection does. */
const INSPECTION_FORMAT = 2

/** Bytes of a file of a merge at most: what hubs and loaders are used to. */
const SHARD_BYTES = 5_000_000_000

interface ModelRun {
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
}

/** A listed model with its place. */
export interface PlacedModel extends ListedModel {
  path: string
}

/** What is known of a model before its folder is looked at. */
type Known = Omit<ListedModel, 'parameters' | 'bytes' | 'state'> & {
  path: string
  state: ListedModel['state'] | null
}

/** Models of an open project. */
export class ProjectModels {
  readonly #project: Project
  readonly #pool: WorkerPool
  readonly #findPlan: (study: Study) => Promise<StudyPlan | null>
  /** By fingerprint, or by place and state of the files: runs never change. */
  readonly #parameters = new Map<string, number>()

  constructor(
    project: Project,
    pool: WorkerPool,
    findPlan: (study: Study) => Promise<StudyPlan | null>
  ) {
    this.#project = project
    this.#pool = pool
    this.#findPlan = findPlan
  }

  /**
   * Seed, branches and sequential models of a study, and what its models were written to.
   *
   * A study of imported models has them before it has text; else what nobody planned is not there.
   *
   * @param isTraining whether a run trains at this moment
   */
  async list(
    study: Study,
    isTraining: (run: string) => boolean = () => false
  ): Promise<PlacedModel[]> {
    return this.#listed(await this.#known(study), isTraining)
  }

  /** The models of a study and where they would lie; none of them is opened. */
  async #known(study: Study): Promise<Known[]> {
    if (this.#project.tables !== null) return []
    const plan = await this.#findPlan(study)
    const runs = plan ? this.#planned(plan, study) : this.#imported(study)
    return [...this.#outside(study, plan), ...runs, ...(await this.#exported(study))]
  }

  /** What a list tells of models: their weights are looked for, and counted. */
  async #listed(
    known: readonly Known[],
    isTraining: (run: string) => boolean
  ): Promise<PlacedModel[]> {
    const listed: PlacedModel[] = []
    /** The models of a study are of one shape. */
    let parameters: number | null = null
    for (const one of known) {
      const files = await weightFiles(one.path)
      const bytes = bytesOf(files)
      const isRun = one.id.startsWith('run:')
      const own = bytes === null ? null : isRun ? parameters : await this.#count(one, files)
      if (isRun && bytes !== null) parameters ??= await this.#count(one, files)
      const state = one.state ?? this.#stateOf(one, bytes, isTraining)
      listed.push({ ...one, state, bytes, parameters: own ?? (bytes === null ? null : parameters) })
    }
    return listed
  }

  /**
   * Looks into models: what they hold, and how they are related. Kept by what they are.
   *
   * @param ids as {@link list} has them
   * @throws WorkbenchError `run/unknown`, `run/missing`, `checkpoint/invalid`; the signal's reason
   */
  async inspect(study: Study, ids: readonly string[], run: ModelRun = {}): Promise<Inspection> {
    const models = await this.#chosen(study, ids)
    const named = distinctNames(models).map((name, i) => ({ name, folder: models[i]!.path }))
    const identities = await Promise.all(models.map(identityOf))
    const names = named.map(({ name }) => name)
    const key = fingerprintOf({ format: INSPECTION_FORMAT, names, identities })
    const kept = projectPaths.inspection(this.#project.folder, key)
    const known = await readInspection(kept)
    if (known) return known
    const job = { models: named, withValues: true }
    const found = await this.#inWords(
      named,
      this.#pool.run('inspect', job, { ...run, lane: 'aside' })
    )
    for (const [i, model] of found.models.entries()) {
      const { folder, name } = named[i]!
      model.whyNotComputed = model.whyNotComputed?.replaceAll(folder, name) ?? null
    }
    if (!this.#project.isReadOnly) await writeCache(kept, found)
    return found
  }

  /**
   * What a merge of listed models would do and need.
   *
   * @throws WorkbenchError as `planMerge` of the workers does; `run/unknown`, `run/missing`
   */
  planMerge(study: Study, merge: ListedMerge): Promise<MergePlan> {
    return this.#merging(study, merge, (job) => this.#pool.run('planMerge', job, { lane: 'aside' }))
  }

  /** Merges listed models into a folder of `exports/`; as {@link planMerge} besides. */
  merge(study: Study, merge: ListedMerge, run: ModelRun = {}): Promise<MergeResult> {
    return this.#merging(study, merge, (job) =>
      this.#pool.run('mergeModels', job, { ...run, lane: 'narrow' })
    )
  }

  async #merging<
    Result extends { folder: string; inputs?: { folder: string }[]; warnings?: string[] }
  >(
    study: Study,
    merge: ListedMerge,
    work: (job: { recipe: MergeRecipe; folder: string; shardBytes: number }) => Promise<Result>
  ): Promise<Result> {
    const { base, models } = merge
    const chosen = await this.#chosen(study, [
      ...(base === null ? [] : [base]),
      ...models.map(({ id }) => id)
    ])
    const rest = base === null ? chosen : chosen.slice(1)
    const recipe: MergeRecipe = {
      method: merge.method,
      base: base === null ? null : chosen[0]!.path,
      models: models.map(({ settings }, i) => ({
        folder: rest[i]!.path,
        settings: rulesOf(settings)
      })),
      settings: rulesOf(merge.settings),
      dtype: merge.dtype,
      randomSeed: merge.randomSeed
    }
    const inside = `${exportsOf(study)}/${folderName(merge.name)}`
    const folder = join(this.#project.folder, inside)
    const named = distinctNames(chosen).map((name, i) => ({ name, folder: chosen[i]!.path }))
    const done = await this.#inWords(
      [...named, { name: inside, folder }],
      work({ recipe, folder, shardBytes: SHARD_BYTES })
    )
    const nameOf = new Map(named.map((one) => [one.folder, one.name]))
    const inputs = done.inputs?.map((one) => ({ ...one, folder: nameOf.get(one.folder)! }))
    const warnings = done.warnings?.map((text) => inNames(text, named))
    return {
      ...done,
      folder: inside,
      ...(inputs ? { inputs } : {}),
      ...(warnings ? { warnings } : {})
    }
  }

  /** Work on models, whose errors name them and not their places. */
  #inWords<Result>(
    named: readonly { name: string; folder: string }[],
    work: Promise<Result>
  ): Promise<Result> {
    return work.catch((error: unknown) => {
      const plain = toPlain(error)
      if (plain.code === 'bug') throw error
      throw fromPlain({ ...plain, message: inNames(plain.message, named) })
    })
  }

  /** Models by their ids; at the others nothing is looked. */
  async #chosen(study: Study, ids: readonly string[]): Promise<Known[]> {
    const models = await this.#known(study)
    const chosen = ids.map(async (id) => {
      const found = models.find((one) => one.id === id)
      if (!found) {
        throw new WorkbenchError('run/unknown', 'This model is not in the study any more.', {
          model: id
        })
      }
      if ((await weightFiles(found.path)).length > 0) return found
      throw new WorkbenchError('run/missing', `The weights of ${found.name} are not there.`, {
        missing: [found.name]
      })
    })
    return Promise.all(chosen)
  }

  #planned(plan: StudyPlan, study: Study): Known[] {
    const sources = sourcesOf(study)
    return distinctRuns(runsOf(plan)).map((run) => ({
      id: `run:${run.fingerprint}`,
      role: run.role,
      name: run.name,
      partition: run.role === 'branch' ? (run.draws[0]?.unit.partition ?? null) : null,
      mixture: run.mixture,
      state: null,
      source: sources.get(run.fingerprint) ?? null,
      tokens: run.tokens,
      fingerprint: run.fingerprint,
      ...this.#placeOf(run.fingerprint)
    }))
  }

  /** What was imported into a study that is not prepared yet. */
  #imported({ models }: Study): Known[] {
    if (!models) return []
    const common = { state: null } as const
    return [
      ...namedBranches(models).map(({ unit, model }) => ({
        ...common,
        role: 'branch' as const,
        name: unit,
        partition: model.partition,
        mixture: null,
        model
      })),
      ...models.sequential.map((model) => ({
        ...common,
        role: 'sequential' as const,
        name: `${model.mixture} (sum)`,
        partition: null,
        mixture: model.mixture,
        model
      }))
    ].map(({ model, ...one }) => ({
      ...one,
      id: `run:${model.fingerprint}`,
      source: model.source,
      tokens: model.tokens,
      fingerprint: model.fingerprint,
      ...this.#placeOf(model.fingerprint)
    }))
  }

  #placeOf(fingerprint: string): { folder: string; path: string } {
    const { folder } = this.#project
    const path = projectPaths.checkpoint(folder, fingerprint)
    return { folder: `runs/${fingerprint}/checkpoint`, path }
  }

  #outside(study: Study, plan: StudyPlan | null): Known[] {
    const place = seedPlace(this.#project.folder, study)
    if (place === null) return []
    const { folder: path, inside } = place
    return [
      {
        id: 'outside',
        role: 'seed',
        name: basename(path),
        partition: null,
        mixture: null,
        state: null,
        source: inside === null ? path : basename(path),
        tokens: null,
        fingerprint: plan?.seedCheckpoint?.fingerprint ?? null,
        folder: inside,
        path
      }
    ]
  }

  async #exported(study: Study): Promise<Known[]> {
    const inside = exportsOf(study)
    const entries = await readdir(join(this.#project.folder, inside), {
      withFileTypes: true
    }).catch(() => [])
    return entries
      .filter((entry) => entry.isDirectory() && !/\.(draft|replaced)-/.test(entry.name))
      .map(({ name }) => {
        const folder = `${inside}/${name}`
        const path = join(this.#project.folder, folder)
        const isMerge = ['merge.json', 'mixture.json'].some((file) => existsSync(join(path, file)))
        return {
          id: `export:${name}`,
          role: isMerge ? 'merge' : 'export',
          name,
          partition: null,
          mixture: null,
          state: null,
          source: null,
          tokens: null,
          fingerprint: null,
          folder,
          path
        }
      })
  }

  #stateOf(
    { id, fingerprint, path }: Known,
    bytes: number | null,
    isTraining: (run: string) => boolean
  ): ListedModel['state'] {
    if (!id.startsWith('run:') || isRunFinished(this.#project.folder, fingerprint!)) {
      return bytes === null || !existsSync(join(path, 'config.json')) ? 'gone' : 'done'
    }
    if (isTraining(fingerprint!)) return 'running'
    const head = this.#project.runs.find((run) => run.fingerprint === fingerprint)
    return head ? (head.state === 'failed' ? 'failed' : 'stopped') : 'waiting'
  }

  /** Null where its headers cannot be read: the inspection says why. */
  async #count({ path, fingerprint }: Known, files: WeightFile[]): Promise<number | null> {
    const key = fingerprint ?? JSON.stringify([path, files])
    const known = this.#parameters.get(key)
    if (known !== undefined) return known
    const weights = await openModelWeights(path).catch(() => null)
    if (!weights) return null
    const parameters = elementsOfAll(weights.shapes)
    this.#parameters.set(key, parameters)
    return parameters
  }
}

/** Where a study's models are written, within the project. */
function exportsOf({ name }: Study): string {
  return `exports/${folderName(name)}`
}

/** Where imported models came from, by fingerprint. */
function sourcesOf({ models }: Study): Map<string, string> {
  const all = [...(models?.branches ?? []), ...(models?.sequential ?? [])]
  return new Map(all.map(({ fingerprint, source }) => [fingerprint, source]))
}

function rulesOf(values: SettingValues): Partial<Record<MergeSetting, SettingRule[]>> {
  const given = Object.entries(values) as [MergeSetting, number | boolean][]
  return Object.fromEntries(given.map(([name, value]) => [name, [{ filter: null, value }]]))
}

/** Names that tell the models apart: where two share one, it ends in what they are known by. */
function distinctNames(models: readonly Pick<Known, 'name' | 'id' | 'role'>[]): string[] {
  const isShared = (name: string) => models.filter((one) => one.name === name).length > 1
  return models.map(({ name, id, role }) =>
    isShared(name) ? `${name} (${role} ${id.split(':').at(-1)!.slice(0, 8)})` : name
  )
}

/** A file of weights as it is now. */
interface WeightFile {
  name: string
  bytes: number
  changedAt: number
}

/** Bytes of the files of weights; null where there are none. */
function bytesOf(files: readonly WeightFile[]): number | null {
  return files.length === 0 ? null : files.reduce((sum, { bytes }) => sum + bytes, 0)
}

async function weightFiles(folder: string): Promise<WeightFile[]> {
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) => name.endsWith('.safetensors') && name !== OPTIMIZER_FILE
  )
  const files = names.sort().map(async (name) => {
    const { size, mtimeMs } = await stat(join(folder, name))
    return { name, bytes: size, changedAt: mtimeMs }
  })
  return Promise.all(files)
}

/** What an inspection of a model depends on: of a run its fingerprint, else the state of its files. */
async function identityOf({ fingerprint, id, path }: Known): Promise<unknown> {
  return fingerprint !== null && id.startsWith('run:') ? fingerprint : weightFiles(path)
}

/** What is kept can be had again. */
async function readInspection(path: string): Promise<Inspection | null> {
  const parsed = InspectionSchema.safeParse(await readCache(path))
  return parsed.success ? parsed.data : null
}

/** What is said of models, by their names and not by their places. */
function inNames(text: string, named: readonly { name: string; folder: string }[]): string {
  return named.reduce((said, { name, folder }) => said.replaceAll(folder, name), text)
}
