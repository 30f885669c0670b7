/** Reads models to be measured: trained ones, ones from outside, and averages of branches. */
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { averageWeighted } from '#engine/merging/average'
import { elementsOfAll, firstNotFinite, notFiniteError, sinkTo, sourceOf } from '#engine/parameters'
import type { ParameterSet, ParameterSource } from '#engine/parameters'
import { projectPaths } from '#engine/storage/paths'
import { verifyRun } from '#engine/storage/runs'
import { RecentlyUsed } from './recentlyUsed'
import type { MeasuredModel } from './jobs'

/** What has parameters: an ensemble has none. */
export type ReadableModel = Exclude<MeasuredModel, { kind: 'ensemble' }>

/** A model that lies in files of its own. */
type StoredModel =
  { kind: 'run'; fingerprint: string; step?: number } | { kind: 'checkpoint'; folder: string }

/**
 * Reads models one after the other; a model is good until the next one is asked for.
 *
 * Branches stay in memory where all those of a merge fit into the limit, since merges read the same
 * ones again; else they are averaged block by block from their files, so that memory does not grow
 * with their number.
 */
export class ModelReader {
  /** What merges are averaged into, one after the other: fresh pages are dear. */
  readonly #merged: ParameterSet = new Map()
  readonly #held = new RecentlyUsed<ParameterSet>(bytesOf)
  /** Runs whose files were found sound by this reader. */
  readonly #verified = new Set<string>()

  /** Bytes of the branches held. */
  get heldBytes(): number {
    return this.#held.bytes
  }

  /**
   * The parameters of a model.
   *
   * @param heldBytes bytes that branches may fill
   * @throws WorkbenchError `storage/corrupt` when a checkpoint does not match its manifest,
   *   `merge/mismatch`, `checkpoint/invalid`, which a model with NaN or infinity in it is too
   */
  async read(project: string, model: ReadableModel, heldBytes: number): Promise<ParameterSet> {
    if (model.kind === 'merge') return this.#average(project, model, heldBytes)
    const file = await this.open(project, model)
    const parameters = await readParameters(file)
    const wrong = firstNotFinite(parameters)
    if (wrong !== null) throw notFiniteError(file.label, wrong)
    return parameters
  }

  /**
   * Opens a model that lies in files, to be read tensor by tensor.
   *
   * @throws WorkbenchError `storage/corrupt`, `checkpoint/invalid`
   */
  async open(project: string, model: StoredModel): Promise<ParameterSource> {
    if (model.kind === 'run') return this.#open(project, model.fingerprint, model.step)
    return (await openCheckpoint(model.folder)).parameters
  }

  async #average(
    project: string,
    { branches, outside, step }: Extract<ReadableModel, { kind: 'merge' }>,
    heldBytes: number
  ): Promise<ParameterSet> {
    const files: ParameterSource[] = []
    for (const { fingerprint } of branches) {
      const stored: StoredModel =
        fingerprint === outside?.fingerprint
          ? { kind: 'checkpoint', folder: outside.folder }
          : { kind: 'run', fingerprint, ...(step === undefined ? {} : { step }) }
      files.push(await this.open(project, stored))
    }
    const isHeld = files.reduce((sum, file) => sum + floatBytes(file), 0) <= heldBytes
    const sources: ParameterSource[] = []
    for (const [index, file] of files.entries()) {
      const key = `${project} ${branches[index]!.fingerprint} ${step ?? ''}`
      sources.push(
        isHeld
          ? sourceOf(await this.#held.take(key, heldBytes, () => readParameters(file)), file.label)
          : file
      )
    }
    if (shapesDiffer(this.#merged, files[0]!.shapes)) this.#merged.clear()
    const weights = branches.map((branch) => branch.weight)
    await averageWeighted(sources, weights, sinkTo(this.#merged))
    return this.#merged
  }

  async #open(project: string, fingerprint: string, step?: number): Promise<ParameterSource> {
    const run = projectPaths.run(project, fingerprint)
    if (!this.#verified.has(run)) await verifyRun(project, fingerprint)
    this.#verified.add(run)
    const folder =
      step === undefined
        ? projectPaths.checkpoint(project, fingerprint)
        : projectPaths.earlierCheckpoint(project, fingerprint, step)
    return (await openCheckpoint(folder)).parameters
  }
}

function bytesOf(set: ParameterSet): number {
  return [...set.values()].reduce((sum, one) => sum + one.data.byteLength, 0)
}

/** Bytes of a source's parameters as float32. */
export function floatBytes({ shapes }: ParameterSource): number {
  return 4 * elementsOfAll(shapes)
}

function shapesDiffer(set: ParameterSet, shapes: ReadonlyMap<string, readonly number[]>): boolean {
  if (set.size !== shapes.size) return true
  return [...shapes].some(([name, shape]) => String(set.get(name)?.shape) !== String(shape))
}
