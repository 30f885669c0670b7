/** What a run's own trainer is given: sequences in order, initial weights, order and recipe as JSON. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError, toPlain } from '#shared/errors'
import { OPTIMIZER_FILE, openCheckpoint, writeCheckpoint } from '#engine/checkpoints/huggingFace'
import { openBatches } from '#engine/data/batches'
import type { Batches } from '#engine/data/batches'
import { tokenWidth } from '#engine/data/tokenFiles'
import { writeTokenShards } from '#engine/data/tokenShards'
import { initializeParameters } from '#engine/model/initialize'
import { SUMS_FILE, removeTree, writeFolder } from '#engine/storage/files'
import type { FolderDraft } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { verifyRun } from '#engine/storage/runs'
import { assertSound } from '#engine/storage/sealedFiles'
import { learningRateAt } from '#engine/training/schedule'
import type { JobHooks, TrainJob } from './jobs'

/** Version of `order.json` and `recipe.json`. */
const FORMAT = 1

/** Where the inputs of a run lie. */
export interface CommandInputs {
  tokens: string
  order: string
  recipe: string
  init: string
}

/** Opens what a run reads, as our own trainer does. */
export function batchesOf({ project, draws, replay, recipe, config, randomSeed }: TrainJob) {
  return openBatches({
    projectFolder: project,
    draws,
    ...(replay ? { replay: { unit: replay, share: recipe.replay } } : {}),
    contextLength: config.contextLength,
    batchSize: recipe.batchSize,
    randomSeed
  })
}

/**
 * Makes the inputs of a run in its `command/` folder, or finds those that were made before.
 *
 * @throws WorkbenchError `checkpoint/mismatch` where moments are to be carried on that are not there,
 *   `storage/*`; whatever aborted the signal
 */
export async function makeInputs(
  job: TrainJob,
  batches: Batches,
  hooks: Pick<JobHooks, 'signal'>
): Promise<CommandInputs> {
  const folder = projectPaths.command(job.project, job.fingerprint)
  const [init, inputs] = [join(folder, 'init'), join(folder, 'inputs')]
  if (!(await isSound(init))) await writeFolder(init, (draft) => writeInit(draft, job))
  if (!(await isSound(inputs))) {
    await writeFolder(inputs, (draft) => writeInputs(draft, job, batches, hooks.signal))
  }
  return {
    init,
    tokens: join(inputs, 'tokens'),
    order: join(inputs, 'order.json'),
    recipe: join(inputs, 'recipe.json')
  }
}

/** What is damaged, or was changed by a trainer, is made again. */
async function isSound(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, SUMS_FILE))) return false
  try {
    await assertSound(folder)
    return true
  } catch (error) {
    if (toPlain(error).code !== 'storage/corrupt') throw error
    await removeTree(folder)
    return false
  }
}

/** Initial weights as a model of the study's, whatever they come from. */
async function writeInit(draft: FolderDraft, job: TrainJob): Promise<void> {
  const { start, config, tokenizerFile, endOfTextId } = job
  const options = { tokenizerFile, endOfTextId }
  if (start.kind === 'initialize') {
    await writeCheckpoint(draft, config, initializeParameters(config, start.randomSeed), options)
  } else {
    if (start.kind === 'run') await verifyRun(job.project, start.fingerprint)
    const folder =
      start.kind === 'run' ? projectPaths.checkpoint(job.project, start.fingerprint) : start.folder
    const { parameters } = await openCheckpoint(folder)
    await writeCheckpoint(draft, config, parameters, options)
    if (start.carryMoments) {
      const state = join(folder, OPTIMIZER_FILE)
      if (!existsSync(state)) throw noMoments(folder)
      await draft.copyFile(state, OPTIMIZER_FILE)
    }
  }
  await draft.seal()
}

function noMoments(folder: string): WorkbenchError {
  return new WorkbenchError(
    'checkpoint/mismatch',
    `${folder} holds no optimizer state (${OPTIMIZER_FILE}): whoever trained the seed model left none, so branches cannot carry its moments on. Set branch.start to "weights"; the seed model stays.`,
    { folder }
  )
}

async function writeInputs(
  draft: FolderDraft,
  job: TrainJob,
  batches: Batches,
  signal: AbortSignal
): Promise<void> {
  const { recipe, config } = job
  const width = tokenWidth(config.vocabularySize)
  const order = await draft.create('order.json')
  const units = [...job.draws.map(({ unit }) => unit), ...(job.replay ? [job.replay] : [])]
  const names = new Map(units.map((unit, index) => [unit, index]))
  const head = {
    format: 'assay-order',
    version: FORMAT,
    run: job.label,
    fingerprint: job.fingerprint,
    steps: batches.steps,
    batchSize: recipe.batchSize,
    contextLength: config.contextLength,
    randomSeed: job.randomSeed,
    units: units.map(({ name, partition, fingerprint, tokens, ...unit }, index) => ({
      name,
      partition,
      fingerprint,
      tokens,
      firstSequence: unit.firstSequence,
      stride: unit.stride ?? 1,
      sequences: unit.sequences,
      isReplay: index >= job.draws.length
    }))
  }
  const text = (value: string) => order.write(Buffer.from(value))
  await text(JSON.stringify(head).slice(0, -1) + ',"rows":[')
  const shards = await writeTokenShards(draft, 'tokens', batches, {
    batchSize: recipe.batchSize,
    contextLength: config.contextLength,
    vocabularySize: config.vocabularySize,
    width,
    signal,
    onStep: async (step) => {
      const rows = batches
        .rows(step)
        .map(({ unit, sequence }) => `[${names.get(unit)},${sequence}]`)
      await text(`${step > 0 ? ',' : ''}\n${rows.join(',')}`)
    }
  })
  await text(`\n],"shards":${JSON.stringify(shards)}}\n`)
  await order.close()
  const dtype = `uint${width * 8}`
  const told = recipeOf(job, batches.steps, { dtype, shards })
  await draft.writeFile('recipe.json', JSON.stringify(told, null, 1) + '\n')
  await draft.seal()
}

/** How the run is to be trained: what our own loop does, in words that another can follow. */
function recipeOf(job: TrainJob, steps: number, tokens: object): object {
  const { recipe, config, start, endOfTextId } = job
  const { batchSize, peakLearningRate, schedule, warmupSteps, finalShare } = recipe
  return {
    format: 'assay-recipe',
    version: FORMAT,
    run: job.label,
    fingerprint: job.fingerprint,
    steps,
    batchSize,
    microBatchSize: recipe.microBatchSize ?? batchSize,
    contextLength: config.contextLength,
    vocabularySize: config.vocabularySize,
    tokens,
    randomSeed: job.randomSeed,
    start: {
      weights: start.kind === 'initialize' ? 'random' : 'trained',
      moments: start.kind !== 'initialize' && start.carryMoments
    },
    schedule: {
      kind: schedule,
      peakLearningRate,
      warmupSteps,
      finalShare,
      learningRates: Array.from({ length: steps }, (_, step) => learningRateAt(recipe, step, steps))
    },
    optimizer: {
      kind: 'adamw',
      beta1: recipe.beta1,
      beta2: recipe.beta2,
      epsilon: recipe.epsilon,
      weightDecay: recipe.weightDecay,
      decayed: 'all',
      gradientClip: recipe.gradientClip
    },
    precision: { weights: 'float32', matmul: recipe.matmulPrecision },
    loss: {
      kind: 'cross-entropy',
      reduction: 'mean over the T predicted tokens of all sequences of a batch',
      attention: recipe.maskDocuments ? 'within documents' : 'causal',
      endOfTextId
    }
  }
}
