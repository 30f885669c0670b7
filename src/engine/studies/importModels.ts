/** A study of models that were trained elsewhere: checkpoints in, a record out. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { mixtureMembers } from '#shared/importedModels'
import type { ImportedModels } from '#shared/importedModels'
import { STUDY_VERSION, UNTRAINED } from '#shared/records'
import type { Progress, Run, Study, StudyDraft } from '#shared/records'
import { importedPartitions, namedBranches } from '#engine/data/importedPartitions'
import { keepTokenizer } from '#engine/data/keptTokenizer'
import { checkListed, listModels } from '#engine/data/modelTable'
import type { ListedModel } from '#engine/data/modelTable'
import { folderName } from '#engine/storage/folderName'
import { projectPaths } from '#engine/storage/paths'
import type { Project } from '#engine/storage/project'
import type { SeedCheckpoint } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import { addedMixtures } from './mixtures'
import { tokenizerChoice } from './prepare'
import { shapeOf } from './seedCheckpoint'
import { parseStudy } from './study'

/** Up to so many partitions, all of their mixtures are asked about; beyond, some are drawn. */
const MOST_FOR_ALL = 8
const DRAWN_MIXTURES = 200
/** Tokens measured at a time, where models can look back further. */
const LONGEST_WINDOW = 2048

/** What is imported, and how the study of it is called. */
export interface ModelImport {
  /** A table or a folder; see `listModels`. Or the models themselves, listed already. */
  path: string | readonly ListedModel[]
  /** Folder of the model that branches came of; the table's where it names one. */
  seed?: string
  /** A `tokenizer.json`, where models have none beside them. */
  tokenizerFile?: string
  /** The token that ends a document, where the tokenizer has none of the usual names. */
  endOfText?: string
  /** Tokens measured at a time. */
  window?: number
  /** Name of the study; one of that name is replaced. */
  name: string
  /** Copies the seed model into the project too, else it is read where it lies. */
  keepsSeed?: boolean
}

/** What became of it. */
export interface ImportedStudy {
  study: Study
  branches: number
  sequential: number
  /** What is not known of the models, or differs without preventing a merge. */
  warnings: string[]
}

/**
 * Copies checkpoints into a project and saves the study of them.
 *
 * Partitions are those that branches are said to be of; their text need not be there. Sequential models
 * are what merges are held against. Evaluation text is imported besides, before or after.
 *
 * @throws WorkbenchError `table/invalid`, `merge/mismatch`, `checkpoint/invalid`,
 *   `tokenizer/invalid`, `study/missing-partition`, `study/invalid`, `storage/*`; nothing is left
 *   behind then
 */
export async function importModels(
  { project, pool }: { project: Project; pool: WorkerPool },
  request: ModelImport,
  run: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {}
): Promise<ImportedStudy> {
  const listed = await modelsOf(request)
  const seed = request.seed ?? listed.find(({ role }) => role === 'seed')?.folder ?? null
  const trained = listed.filter(({ role }) => role !== 'seed')
  // What can be known before gigabytes are copied is asked before.
  const tokenizerFile = tokenizerOf(trained, request)
  checkMixtures(trained)
  const seedPath = seed !== null && request.keepsSeed ? seedInside(seed) : seed
  const { models, warnings } = await pool.run(
    'takeModels',
    {
      project: project.folder,
      models: trained.map(({ folder }) => folder),
      seed,
      keepSeedIn: seedPath === seed ? null : join(project.folder, seedPath!)
    },
    { ...run, lane: 'wide' }
  )
  const taken = trained.map((model, index) => ({ ...model, checkpoint: models[index]! }))
  const study = studyOfModels(taken, { ...request, tokenizerFile }, seedPath)
  await freezeTokenizer(project, study)
  await project.saveStudy(study)
  for (const head of headsOf(study)) await project.saveRun(head)
  const { branches, sequential } = study.models!
  return { study, branches: branches.length, sequential: sequential.length, warnings }
}

async function modelsOf({ path }: ModelImport): Promise<readonly ListedModel[]> {
  if (typeof path === 'string') return listModels(path)
  checkListed(path, 'The list of models')
  return path
}

/** Where a seed model goes whose folder will not stay: within the project, under a name of its own. */
function seedInside(folder: string): string {
  return projectPaths.keptSeed(randomUUID().slice(0, 8), folderName(basename(folder)))
}

/** @throws WorkbenchError `tokenizer/invalid` where there is none */
function tokenizerOf(trained: readonly ListedModel[], request: ModelImport): string {
  const branch = trained.find(({ role }) => role === 'branch')!
  const path = request.tokenizerFile ?? join(branch.folder, 'tokenizer.json')
  // What is no checkpoint at all is refused by whoever opens it.
  if (existsSync(path) || !existsSync(join(branch.folder, 'config.json'))) return path
  throw new WorkbenchError(
    'tokenizer/invalid',
    `There is no tokenizer: ${path} is not there. Put the models' tokenizer.json beside their weights, or name another file.`,
    { path }
  )
}

/** @throws WorkbenchError `study/missing-partition` for a mixture of what no branch is of */
function checkMixtures(trained: readonly ListedModel[]): void {
  const partitions = [...new Set(trained.flatMap(({ partition }) => partition ?? []))]
  for (const { mixture } of trained) {
    for (const [name, weight] of mixture === null ? [] : mixtureMembers(mixture)) {
      if (partitions.includes(name) && weight > 0) continue
      throw new WorkbenchError(
        'study/missing-partition',
        `The mixture "${mixture}" has ${partitions.includes(name) ? `the weight ${weight} of` : 'a member'} "${name}". Expected partitions that have a branch (${partitions.join(', ')}), joined by +, with weights above 0 as name*0.25.`,
        { mixture: mixture!, found: name, expected: partitions }
      )
    }
  }
}

/** From here on the project has the tokenizer, whatever becomes of the file it was read from. */
async function freezeTokenizer(project: Project, study: Study): Promise<void> {
  if (study.tokenizer.kind !== 'file') return
  const json = await readFile(study.tokenizer.path, 'utf8')
  const { fingerprint } = await keepTokenizer(project.folder, json)
  await project.freezeTokenizer(tokenizerChoice(study), fingerprint)
}

type Taken = ListedModel & { checkpoint: SeedCheckpoint }

function studyOfModels(
  taken: readonly Taken[],
  request: ModelImport & { tokenizerFile: string },
  seed: string | null
): Study {
  const branches = taken.filter(({ role }) => role === 'branch')
  const { config } = branches[0]!.checkpoint
  const contextLength = Math.min(request.window ?? LONGEST_WINDOW, config.contextLength)
  const tokens = branches.map((branch) => branch.tokens ?? 0)
  const models: ImportedModels = {
    vocabularySize: config.vocabularySize,
    contextLength: config.contextLength,
    architecture: config.architecture ?? null,
    branches: branches.map((one) => ({ ...recordOf(one), partition: one.partition! })),
    sequential: []
  }
  const partitions = new Set(models.branches.map(({ partition }) => partition)).size
  const draft = {
    version: STUDY_VERSION,
    name: request.name,
    tokenizer: {
      kind: 'file',
      path: request.tokenizerFile,
      ...(request.endOfText === undefined ? {} : { endOfText: request.endOfText })
    },
    model: { ...shapeOf(config), contextLength },
    seed: seed === null ? { source: 'none' } : { source: 'checkpoint', path: seed },
    // Never read: nothing is trained. A study has a recipe, so it has this one.
    branch: {
      batchSize: 1,
      peakLearningRate: 1e-3,
      schedule: 'constant',
      start: seed === null ? 'none' : 'weights'
    },
    unit: { sequences: Math.max(1, Math.floor(Math.max(...tokens) / contextLength)) },
    mixtures: {
      over: 'partitions',
      choose:
        partitions <= MOST_FOR_ALL ? { kind: 'all' } : { kind: 'random', count: DRAWN_MIXTURES }
    },
    sequential: { choose: { kind: 'none' } },
    models
  } satisfies StudyDraft
  return withSequential(
    parseStudy(draft, 'the study of the imported models'),
    taken.filter(({ role }) => role === 'sequential')
  )
}

/** Adds what was trained on whole mixtures, under the names that the study has for these. */
function withSequential(study: Study, sequential: readonly Taken[]): Study {
  if (sequential.length === 0) return study
  const units = importedPartitions(study.models!, study).flatMap(({ baseUnits }) => baseUnits)
  const members = sequential.map(({ mixture }) => Object.fromEntries(mixtureMembers(mixture!)))
  const { over } = study.mixtures
  const named = members.map(
    (one) => addedMixtures({ ...study.mixtures, over, added: [one] }, units)[0]!.name
  )
  return parseStudy(
    {
      ...study,
      mixtures: { ...study.mixtures, added: members },
      sequential: { ...study.sequential, choose: { kind: 'list', mixtures: [...new Set(named)] } },
      models: {
        ...study.models,
        sequential: sequential.map((one, index) => ({
          ...recordOf(one),
          mixture: named[index],
          chosenBy: one.chosenBy
        }))
      }
    },
    'the study of the imported models'
  )
}

function recordOf({ checkpoint, tokens, folder, source = folder }: Taken) {
  return { fingerprint: checkpoint.fingerprint, source, tokens }
}

/** Heads of the runs that the imported models are, so that they are listed as finished. */
function headsOf(study: Study): Run[] {
  const models = study.models!
  const head = (
    model: { fingerprint: string; tokens: number | null },
    rest: Pick<Run, 'role' | 'name' | 'mixture' | 'budget' | 'chosenBy' | 'baseUnits'>
  ): Run => ({
    ...rest,
    fingerprint: model.fingerprint,
    tokens: model.tokens ?? 0,
    steps: 0,
    state: 'done',
    ...UNTRAINED,
    host: hostname(),
    error: null
  })
  const branch = { role: 'branch', mixture: null, budget: null, chosenBy: null } as const
  const branches = namedBranches(models)
  const units = importedPartitions(models, study).flatMap(({ baseUnits }) => baseUnits)
  const mixtures = addedMixtures(study.mixtures, units)
  const unitsOf = new Map(mixtures.map((mixture) => [mixture.name, mixture.units.length]))
  return [
    ...branches.map(({ unit, model }) => head(model, { ...branch, name: unit, baseUnits: 1 })),
    ...models.sequential.map((model) =>
      head(model, {
        role: 'sequential',
        name: `${model.mixture} (sum)`,
        mixture: model.mixture,
        budget: 'sum',
        chosenBy: model.chosenBy,
        baseUnits: unitsOf.get(model.mixture)!
      })
    )
  ]
}
