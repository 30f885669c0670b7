/** What a run's own trainer gives back: looked at, and made the run's checkpoint. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { ErrorCode } from '#shared/errors'
import {
  OPTIMIZER_FILE,
  checkpointOf,
  readOptimizerState,
  writeCheckpoint,
  writeOptimizerState
} from '#engine/checkpoints/huggingFace'
import { differencesFrom, openLineageModel } from '#engine/checkpoints/lineage'
import type { LineageModel } from '#engine/checkpoints/lineage'
import { isFiniteThroughout } from '#engine/parameters'
import type { ParameterSource } from '#engine/parameters'
import { writeFolder } from '#engine/storage/files'
import type { FolderDraft } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import type { JobHooks, TrainJob } from './jobs'
import { writeLineage } from './runFolder'

/** Numbers looked at a time. */
const BLOCK = 1 << 20
/** Differences that are named. */
const MOST_NAMED = 5

/**
 * Makes what lies in a trainer's folder the checkpoint of its run, as our own loop would have left it: weights
 * as float32 with the study's configuration and tokenizer, and moments where others go on from them.
 *
 * @param init the initial weights, which it must be a model like, and not equal
 * @throws WorkbenchError `trainer/no-model`, `trainer/mismatch` naming what differs, `trainer/not-finite`,
 *   `trainer/unchanged`, `storage/*`; nothing is adopted then
 */
export async function adoptOutput(
  job: TrainJob,
  { out, init }: { out: string; init: string },
  hooks: Pick<JobHooks, 'signal'>
): Promise<void> {
  const model = await openOutput(job, out)
  const reference = await openLineageModel(init, 'what it was given')
  const differences = differencesFrom(reference, model)
  if (differences.length > 0) throw mismatch(job, out, differences)
  const [trained, initial] = [model, reference].map(
    ({ weights }) => checkpointOf(weights).parameters
  ) as [ParameterSource, ParameterSource]
  const look = { isChanged: false }
  const parameters = lookedAt(job, out, trained, initial, look)
  await writeFolder(projectPaths.checkpoint(job.project, job.fingerprint), async (draft) => {
    const { config, tokenizerFile, endOfTextId } = job
    const read: ParameterSource['read'] = (name, from, to) => {
      hooks.signal.throwIfAborted()
      return parameters.read(name, from, to)
    }
    const options = { tokenizerFile, endOfTextId }
    await writeCheckpoint(draft, config, { ...parameters, read }, options)
    if (!look.isChanged) throw unchanged(job, out)
    await writeLineage(draft, job)
    if (job.keepMoments) await keepMoments(draft, job, out, initial)
  })
}

async function openOutput(job: TrainJob, out: string): Promise<LineageModel> {
  if (!existsSync(out)) {
    throw refused('trainer/no-model', job, out, 'is not there: it ended well and left no model')
  }
  try {
    return await openLineageModel(out, 'what the trainer left')
  } catch (error) {
    const { code, message } = toPlain(error)
    if (code !== 'checkpoint/invalid') throw error
    throw refused('trainer/no-model', job, out, `is no Hugging Face folder of a model: ${message}`)
  }
}

/** Parameters in the order of the model; what is read of them is looked at, so that it is read once. */
function lookedAt(
  job: TrainJob,
  out: string,
  trained: ParameterSource,
  initial: ParameterSource,
  look: { isChanged: boolean }
): ParameterSource {
  return {
    label: out,
    shapes: initial.shapes,
    isHeld: false,
    read: async (name, from, to) => {
      const values = await trained.read(name, from, to)
      if (!isFiniteThroughout(values)) {
        const words = `cannot be used: ${name} holds values that are no numbers (NaN or infinity). Its training diverged: a lower peakLearningRate or longer warm-up may help`
        throw refused('trainer/not-finite', job, out, words)
      }
      if (!look.isChanged) {
        const before = await initial.read(name, from, to)
        look.isChanged = values.some((value, index) => value !== before[index])
      }
      return values
    }
  }
}

/** Moments beside the weights, where the trainer left some that can be carried on. */
async function keepMoments(
  draft: FolderDraft,
  job: TrainJob,
  out: string,
  { shapes }: ParameterSource
): Promise<void> {
  if (!existsSync(join(out, OPTIMIZER_FILE))) return
  const state = await readOptimizerState(out)
  for (const moments of [state.firstMoments, state.secondMoments]) {
    for (const [name, shape] of shapes) {
      const moment = moments.get(name)
      const isUsable = String(moment?.shape) === String(shape) && isSoundMoment(moment!.data)
      if (isUsable) continue
      throw mismatch(job, out, [`${OPTIMIZER_FILE} has no usable moment of ${name}`])
    }
  }
  await writeOptimizerState(draft, state.firstMoments, state.secondMoments, state.optimizerSteps)
}

function isSoundMoment(values: Float32Array): boolean {
  for (let from = 0; from < values.length; from += BLOCK) {
    if (!isFiniteThroughout(values.subarray(from, from + BLOCK))) return false
  }
  return true
}

function mismatch(job: TrainJob, out: string, differences: readonly string[]): WorkbenchError {
  const more = differences.length - MOST_NAMED
  const named = differences.slice(0, MOST_NAMED).join('; ') + (more > 0 ? `; and ${more} more` : '')
  const words = `is another model than it was given: ${named}. Configuration, shapes and tokenizer must stay`
  return refused('trainer/mismatch', job, out, words, { differences: [...differences] })
}

function unchanged(job: TrainJob, out: string): WorkbenchError {
  const words =
    'holds exactly the weights that it was given: nothing was trained. It must write the trained weights there'
  return refused('trainer/unchanged', job, out, words)
}

function refused(
  code: ErrorCode,
  { label }: TrainJob,
  out: string,
  words: string,
  details: WorkbenchError['details'] = {}
): WorkbenchError {
  return new WorkbenchError(code, `What the trainer of ${label} gave back, ${out}, ${words}.`, {
    run: label,
    path: out,
    ...details
  })
}
