/** Writes a merge as a model of its own: averaged tensor by tensor, never held whole. */
import { openCheckpoint, writeCheckpoint } from '#engine/checkpoints/huggingFace'
import { averageWeighted, checkSameShapes } from '#engine/merging/average'
import { sinkTo } from '#engine/parameters'
import type { ParameterSet, ParameterSource } from '#engine/parameters'
import { writeFolder } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { verifyRun } from '#engine/storage/runs'
import type { ExportJob, JobHooks } from './jobs'
import { floatBytes } from './modelReader'
import { rateMeter } from './rate'

/**
 * Averages branches into a Hugging Face folder, in place of what was exported there before.
 *
 * `mixture.json` beside the weights says which branches went in, with which weights.
 *
 * @throws WorkbenchError `storage/corrupt` when a branch does not match its manifest,
 *   `merge/mismatch`, `storage/disk-full`, `storage/not-writable`
 */
export async function exportMerge(job: ExportJob, hooks: JobHooks): Promise<null> {
  const sources: ParameterSource[] = []
  for (const { fingerprint } of job.branches) {
    hooks.signal.throwIfAborted()
    await verifyRun(job.project, fingerprint)
    const { parameters } = await openCheckpoint(projectPaths.checkpoint(job.project, fingerprint))
    sources.push(parameters)
  }
  for (const source of sources) checkSameShapes(sources[0]!, source)
  const weights = job.branches.map(({ weight }) => weight)
  const tell = progressOf(job.label, floatBytes(sources[0]!), hooks)
  const merge = averaged(sources, weights, job.label, (written) => {
    hooks.signal.throwIfAborted()
    tell(written)
  })
  await writeFolder(job.folder, async (draft) => {
    await writeCheckpoint(draft, job.config, merge, {
      tokenizerFile: job.tokenizerFile,
      endOfTextId: job.endOfTextId
    })
    await draft.writeFile('mixture.json', JSON.stringify(job.origin, null, 2) + '\n')
  })
  return null
}

/** A source whose tensors are averaged when they are read, range by range. */
function averaged(
  sources: readonly ParameterSource[],
  weights: readonly number[],
  label: string,
  onBytes: (bytes: number) => void
): ParameterSource {
  return {
    label,
    shapes: sources[0]!.shapes,
    isHeld: false,
    read: async (name, from = 0, to = lengthOf(sources[0]!, name)) => {
      const range: ParameterSet = new Map()
      const own = sources.map((source) => rangeOf(source, name, from, to))
      await averageWeighted(own, weights, sinkTo(range))
      const { data } = range.get(name)!
      onBytes(data.byteLength)
      return data
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
  return source.shapes.get(name)!.reduce((size, side) => size * side, 1)
}

function progressOf(label: string, total: number, hooks: JobHooks): (bytes: number) => void {
  const meter = rateMeter()
  let done = 0
  return (bytes) => {
    done += bytes
    const rate = meter.add(bytes)
    const secondsLeft = (total - done) / rate
    hooks.onProgress({ activity: 'export', label, done, total, unit: 'bytes', rate, secondsLeft })
  }
}
