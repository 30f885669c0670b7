/** Inspects models of folders: headers, every value, and how far models are apart. */
import { elementsOf } from '#engine/parameters'
import { describeModel, valueProblems } from '#engine/checkpoints/inspection'
import { checkLineage, isBuffer, openLineageModel } from '#engine/checkpoints/lineage'
import type { LineageModel } from '#engine/checkpoints/lineage'
import { READABLE_DTYPES } from '#engine/checkpoints/safetensors'
import { ValueGatherer } from '#engine/checkpoints/tensorValues'
import { measureDistances } from '#engine/merging/distances'
import type { Inspection, LineageCheck, ModelInspection } from '#shared/modelInspection'
import type { InspectJob, JobHooks } from './jobs'
import { byteProgress } from './rate'

/** Values read at a time. */
const BLOCK = 1 << 20

/**
 * Reads headers, and where asked every value once, and between models once more.
 *
 * @throws WorkbenchError `checkpoint/invalid` for a folder that is not a sound model
 */
export async function inspectModels(
  { models: folders, withValues }: InspectJob,
  hooks: JobHooks
): Promise<Inspection> {
  const models: LineageModel[] = []
  for (const { folder, name } of folders) models.push(await openLineageModel(folder, name))
  const lineage = checkLineage(models)
  const compared = withValues ? comparedTensors(models, lineage) : []
  const tell = progressOf(models, withValues, compared, hooks)
  const inspected: ModelInspection[] = []
  for (const model of models) {
    const described = describeModel(model)
    if (withValues) await addValues(described, model, tell(model.name), hooks.signal)
    inspected.push(described)
  }
  const sources = models.map(({ name, weights }) => ({ name, source: weights }))
  const distances =
    compared.length === 0
      ? null
      : await measureDistances(sources, {
          names: compared,
          ...originAmong(models),
          signal: hooks.signal,
          onValues: tell('distances')
        })
  return { models: inspected, lineage, distances }
}

/** The one of the models that all others started from, if it is among them. */
function originAmong(models: readonly LineageModel[]): { origin?: number } {
  const origin = models.findIndex(({ self }, index) => {
    const others = models.filter((_, other) => other !== index)
    return self !== null && others.every((one) => one.ancestry?.ancestor?.id === self.id)
  })
  return origin < 0 ? {} : { origin }
}

/** Tensors that all models have alike; none where one model has others. */
function comparedTensors(models: readonly LineageModel[], lineage: LineageCheck): string[] {
  if (models.length < 2 || lineage.differences.some(({ kind }) => kind === 'tensor')) return []
  return [...models[0]!.weights.shapes].flatMap(([name, shape]) => {
    const isShared = models.every(({ weights }) =>
      READABLE_DTYPES.includes(weights.dtypes.get(name) ?? '')
    )
    return isShared && !isBuffer(name, shape) ? [name] : []
  })
}

async function addValues(
  inspection: ModelInspection,
  { weights }: LineageModel,
  onValues: (count: number) => void,
  signal: AbortSignal
): Promise<void> {
  for (const tensor of inspection.tensors) {
    if (!READABLE_DTYPES.includes(tensor.dtype)) continue
    const gatherer = new ValueGatherer()
    for (let from = 0; from < tensor.parameters; from += BLOCK) {
      signal.throwIfAborted()
      const to = Math.min(tensor.parameters, from + BLOCK)
      gatherer.add(await weights.read(tensor.name, from, to))
      onValues(to - from)
    }
    tensor.values = gatherer.values
  }
  inspection.problems.push(...valueProblems(inspection.tensors))
}

/** Tells how far it is: a function per thing under way, given how many values were read. */
function progressOf(
  models: readonly LineageModel[],
  withValues: boolean,
  compared: readonly string[],
  hooks: JobHooks
): (label: string) => (count: number) => void {
  let total = 0
  for (const { weights } of withValues ? models : []) {
    for (const [name, shape] of weights.shapes) {
      if (READABLE_DTYPES.includes(weights.dtypes.get(name)!)) total += 4 * elementsOf(shape)
    }
    for (const name of compared) total += 4 * elementsOf(weights.shapes.get(name)!)
  }
  const tell = byteProgress('inspect', total, hooks)
  return (label) => (count) => tell(4 * count, label)
}
