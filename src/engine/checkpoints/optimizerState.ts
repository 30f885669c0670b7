/** The optimizer's state beside a checkpoint: what a run needs to go on as if never stopped. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import type { ParameterSet, ParameterSource } from '#engine/parameters'
import type { FolderDraft } from '#engine/storage/files'
import { openSafetensors, writeSafetensors } from './safetensors'
import { invalid } from './safetensorsHeader'

/** Name of the optimizer's state beside a checkpoint. */
export const OPTIMIZER_FILE = 'optimizer.safetensors'
/** PyTorch's names of AdamW's two moments, before the parameter's own. */
const FIRST = 'exp_avg.'
const SECOND = 'exp_avg_sq.'
const STEPS = 'optimizer_steps'

/** AdamW's state. Both moments have the names, shapes and order of the parameters. */
export interface OptimizerState {
  firstMoments: ParameterSet
  secondMoments: ParameterSet
  /** Updates made so far; bias correction depends on it. */
  optimizerSteps: number
}

/** Writes both moments and the step counter as `optimizer.safetensors`. */
export async function writeOptimizerState(
  draft: FolderDraft,
  first: ParameterSet,
  second: ParameterSet,
  optimizerSteps: number
): Promise<void> {
  const tensors: ParameterSet = new Map()
  for (const [name, moment] of first) tensors.set(FIRST + name, moment)
  for (const [name, moment] of second) tensors.set(SECOND + name, moment)
  const writer = await draft.create(OPTIMIZER_FILE)
  const source: Pick<ParameterSource, 'shapes' | 'read'> = {
    shapes: new Map([...tensors].map(([name, { shape }]) => [name, shape])),
    read: (name, from, to) => tensors.get(name)!.data.subarray(from, to)
  }
  await writeSafetensors(writer, source, { [STEPS]: String(optimizerSteps) })
  await writer.close()
}

/**
 * Reads what {@link writeOptimizerState} wrote.
 *
 * @param folder a checkpoint's
 * @throws WorkbenchError `checkpoint/mismatch` when the checkpoint has none: it then cannot start
 *   a run that carries moments on; `checkpoint/invalid` when the file is damaged
 */
export async function readOptimizerState(folder: string): Promise<OptimizerState> {
  const path = join(folder, OPTIMIZER_FILE)
  if (!existsSync(path)) {
    throw new WorkbenchError(
      'checkpoint/mismatch',
      `${folder} holds no optimizer state (${OPTIMIZER_FILE}), so a run cannot carry its moments on. Choose start: weights in the recipe.`,
      { folder }
    )
  }
  const source = await openSafetensors(path)
  const optimizerSteps = Number(source.metadata[STEPS])
  if (!Number.isSafeInteger(optimizerSteps) || optimizerSteps < 0) {
    throw invalid(path, `its ${STEPS} is ${String(source.metadata[STEPS])}; expected a count`)
  }
  const firstMoments: ParameterSet = new Map()
  const secondMoments: ParameterSet = new Map()
  for (const [name, shape] of source.shapes) {
    const moment = { shape: [...shape], data: await source.read(name) }
    if (name.startsWith(FIRST)) firstMoments.set(name.slice(FIRST.length), moment)
    else if (name.startsWith(SECOND)) secondMoments.set(name.slice(SECOND.length), moment)
    else throw invalid(path, `${name} is no moment of a parameter`)
  }
  return { firstMoments, secondMoments, optimizerSteps }
}
