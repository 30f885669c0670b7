/** Writes a run's weights or a merge as a model of its own: block by block, never held whole. */
import { sep } from 'node:path'
import { openCheckpoint } from '#engine/checkpoints/huggingFace'
import { copyModelFiles, writeModelWeights } from '#engine/checkpoints/modelFolder'
import { averageWeighted, checkSameShapes } from '#engine/merging/average'
import { elementsOf, sinkTo } from '#engine/parameters'
import type { ParameterSet, ParameterSource } from '#engine/parameters'
import { writeFolder } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { verifyRun } from '#engine/storage/runs'
import type { ExportJob, ExportResult, JobHooks } from './jobs'
import { floatBytes } from './modelReader'
import { byteProgress } from './rate'

/**
 * Writes a Hugging Face folder, in place of what was exported there before.
 *
 * Configuration and tokenizer are those of the (first) run, whatever its architecture; the
 * configuration says the type that weights are stored in.
 *
 * @throws WorkbenchError `storage/corrupt` when a run does not match its manifest,
 *   `merge/mismatch`, `storage/disk-full`, `storage/not-writable`
 */
export async function exportModel(job: ExportJob, hooks: JobHooks): Promise<ExportResult> {
  const sources: ParameterSource[] = []
  const folders = job.branches.map((one) => projectPaths.checkpoint(job.project, one.fingerprint))
  for (const [index, { fingerprint }] of job.branches.entries()) {
    hooks.signal.throwIfAborted()
    await verifyRun(job.project, fingerprint)
    const { parameters } = await openCheckpoint(folders[index]!)
    sources.push(parameters)
  }
  for (const source of sources) checkSameShapes(sources[0]!, source)
  const weights = job.branches.map(({ weight }) => weight)
  const model = sources.length === 1 ? sources[0]! : averaged(sources, weights, job.label)
  const { signal } = hooks
  const total = floatBytes(model) / (job.dtype === 'F32' ? 1 : 2)
  const tell = byteProgress('export', total, hooks)
  const onBytes = (bytes: number) => tell(bytes, job.label)
  let written: ExportResult = { files: [], bytes: 0 }
  await writeFolder(job.folder, async (draft) => {
    await copyModelFiles(draft, folders[0]!, job.dtype)
    const { dtype, shardBytes } = job
    const options = { dtype, signal, onBytes, ...(shardBytes === null ? {} : { shardBytes }) }
    written = await writeModelWeights(draft, model, options)
    for (const { name, text } of job.beside) await draft.writeFile(name, text)
    // What stays in the project is held to what was written, as all else in it.
    if (job.folder.startsWith(job.project + sep)) await draft.seal()
  })
  return written
}

/** A source whose tensors are averaged when they are read, range by range. */
function averaged(
  sources: readonly ParameterSource[],
  weights: readonly number[],
  label: string
): ParameterSource {
  return {
    label,
    shapes: sources[0]!.shapes,
    isHeld: false,
    read: async (name, from = 0, to = lengthOf(sources[0]!, name)) => {
      const range: ParameterSet = new Map()
      const own = sources.map((source) => rangeOf(source, name, from, to))
      await averageWeighted(own, weights, sinkTo(range))
      return range.get(name)!.data
    }
  }
}

/** A range of one tensor as a model of its own. */
function rangeOf(
  source: ParameterSource,
  name: string,
  begin: number,
  end: number
): ParameterSource {
  return {
    ...source,
    shapes: new Map(source.shapes.has(name) ? [[name, [end - begin]]] : []),
    read: (_, from = 0, to = end - begin) => source.read(name, begin + from, begin + to)
  }
}

function lengthOf(source: ParameterSource, name: string): number {
  return elementsOf(source.shapes.get(name)!)
}
