/** Takes checkpoints that were trained elsewhere into a project, each as a finished run. */
import { basename, dirname, join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import type { ModelNode } from '#shared/modelInspection'
import { UNTRAINED } from '#shared/records'
import { CARD_FILE, LINEAGE_FILE, MERGE_FILE, MIXTURE_FILE } from '#engine/checkpoints/ancestry'
import { checkpointOf } from '#engine/checkpoints/huggingFace'
import { assertMergeable, openLineageModel } from '#engine/checkpoints/lineage'
import type { LineageModel } from '#engine/checkpoints/lineage'
import { copyBeside } from '#engine/checkpoints/modelFolder'
import { modelFileNames } from '#engine/checkpoints/modelWeights'
import type { ModelWeights } from '#engine/checkpoints/modelWeights'
import { elementsOf, isFiniteThroughout } from '#engine/parameters'
import type { ParameterSource } from '#engine/parameters'
import { removeTree, writeFolder } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished, writeManifest } from '#engine/storage/runs'
import { describeOpen } from './checkpointJob'
import type { JobHooks, SeedCheckpoint, TakeModelsJob, TakeModelsResult } from './jobs'
import { byteProgress } from './rate'

/** Numbers looked at a time. */
const BLOCK = 1 << 20

/**
 * Checks that models can be merged and computed, and copies them into the project.
 *
 * Each becomes the folder of a finished run, named by a hash of its configuration and weights, so that
 * nothing of the study depends on files outside any more. Stopped or failed, what was copied is taken
 * away again.
 *
 * @throws WorkbenchError `merge/mismatch` naming what differs; `checkpoint/invalid`, also for weights
 *   that are no finite numbers; `storage/*`
 */
export async function takeModels(job: TakeModelsJob, hooks: JobHooks): Promise<TakeModelsResult> {
  const all = [...job.models, ...(job.seed === null ? [] : [job.seed])]
  const models = []
  for (const folder of all) models.push(await openLineageModel(folder, shortName(folder)))
  const origin = job.seed === null ? null : await nodeOf(job.seed, models.at(-1)!)
  const { warnings } = assertMergeable(
    models.map((model, i) => {
      if (!origin || model.ancestry) return model
      const isSeed = i === job.models.length
      return withOrigin(
        model,
        isSeed ? null : origin,
        isSeed ? origin : (model.self ?? namedNode(all[i]!))
      )
    })
  )
  const isSeedKept = job.seed !== null && job.keepSeedIn !== null
  const moved = isSeedKept ? models : models.slice(0, job.models.length)
  const total = moved.reduce((sum, { weights }) => sum + weights.bytes, 0)
  const tell = byteProgress('import', total, hooks)
  const taken: SeedCheckpoint[] = []
  const made: string[] = []
  try {
    if (isSeedKept) {
      const isTold = models.at(-1)!.ancestry !== null
      const told = isTold ? null : { self: origin }
      // No manifest names its files, as a run's does.
      await copyFiles(models.at(-1)!.weights, job.keepSeedIn!, { told, isSealed: true })
      tell(models.at(-1)!.weights.bytes, basename(job.seed!))
    }
    for (const { weights, ancestry } of models.slice(0, job.models.length)) {
      hooks.signal.throwIfAborted()
      const described = await describeOpen(weights)
      const { fingerprint } = described
      if (!isRunFinished(job.project, fingerprint)) {
        await assertFinite(weights, hooks.signal)
        made.push(fingerprint)
        const isTold = origin === null || ancestry !== null
        const told = { run: fingerprint, name: basename(weights.folder), startedFrom: origin }
        await copyModel(job.project, weights, fingerprint, isTold ? null : told)
      }
      taken.push(described)
      tell(weights.bytes, basename(weights.folder))
    }
  } catch (error) {
    if (isSeedKept) await removeTree(job.keepSeedIn!)
    for (const fingerprint of made) await removeTree(projectPaths.run(job.project, fingerprint))
    throw error
  }
  return { models: taken, warnings }
}

/** Enough of a path to know a model by: its folder and the one above. */
function shortName(folder: string): string {
  return join(basename(dirname(folder)), basename(folder))
}

/** What the seed is known as: by what its folder says, else by its weights. */
async function nodeOf(seed: string, { self, weights }: LineageModel): Promise<ModelNode> {
  if (self) return self
  const { fingerprint, name } = await describeOpen(weights)
  return { id: `weights:${fingerprint}`, name: name ?? basename(seed) }
}

/** A model whose folder does not say what it came of has what the importer says. */
function withOrigin(
  model: LineageModel,
  ancestor: ModelNode | null,
  self: ModelNode
): LineageModel {
  const parents = ancestor ? [ancestor] : []
  return {
    ...model,
    self,
    ancestry: { self, made: 'trained', parents, ancestor, source: 'the importer' }
  }
}

function namedNode(folder: string): ModelNode {
  return { id: `folder:${folder}`, name: basename(folder) }
}

/** @param told what its folder does not say and the importer does; null where nothing is added */
async function copyModel(
  project: string,
  model: ModelWeights,
  fingerprint: string,
  told: object | null
): Promise<void> {
  const options = { told, isSealed: false }
  await copyFiles(model, projectPaths.checkpoint(project, fingerprint), options)
  await writeManifest(project, fingerprint, UNTRAINED)
}

/** Files that say where a model came from: without them nobody could tell who came of whom. */
const ORIGIN_FILES = [LINEAGE_FILE, MIXTURE_FILE, MERGE_FILE, CARD_FILE]

async function copyFiles(
  model: ModelWeights,
  target: string,
  { told, isSealed }: { told: object | null; isSealed: boolean }
): Promise<void> {
  await writeFolder(target, async (draft) => {
    await copyBeside(draft, model.folder, [...modelFileNames(model), ...ORIGIN_FILES])
    if (told) await draft.writeFile(LINEAGE_FILE, JSON.stringify(told, null, 2) + '\n')
    if (isSealed) await draft.seal()
  })
}

/**
 * A weight that is no number would make one of every merge that it is in. Not asked of a model that
 * the project has: it was asked when that was taken in.
 */
async function assertFinite(model: ModelWeights, signal: AbortSignal): Promise<void> {
  const { parameters } = checkpointOf(model)
  for (const [name, shape] of parameters.shapes) {
    signal.throwIfAborted()
    const wrong = await countNotFinite(parameters, name, shape)
    if (wrong === 0) continue
    throw new WorkbenchError(
      'checkpoint/invalid',
      `${model.folder} cannot be used: ${wrong} of the numbers of ${name} are not finite. Its training diverged; take an earlier checkpoint.`,
      { path: model.folder, tensor: name, notFinite: wrong }
    )
  }
}

async function countNotFinite(
  parameters: ParameterSource,
  name: string,
  shape: readonly number[]
): Promise<number> {
  const length = elementsOf(shape)
  let wrong = 0
  for (let from = 0; from < length; from += BLOCK) {
    const values = await parameters.read(name, from, Math.min(length, from + BLOCK))
    if (isFiniteThroughout(values)) continue
    for (const value of values) if (!Number.isFinite(value)) wrong++
  }
  return wrong
}
