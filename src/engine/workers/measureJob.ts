/** Measures one model, trained or merged in memory, on held-out domains. */
import { chooseBackend } from '#engine/backends/choose'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { readDomainTokens } from '#engine/data/domainDocuments'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import { averageWeighted } from '#engine/merging/average'
import { sinkTo, sourceOf } from '#engine/parameters'
import type { ParameterSet } from '#engine/parameters'
import { projectPaths } from '#engine/storage/paths'
import { verifyRun } from '#engine/storage/runs'
import type { DecoderConfig } from '#shared/records'
import type { JobHooks, MeasureJob, MeasureResult } from './jobs'

/** Branches and domains stay in memory up to these many bytes: merges read the same ones again. */
const BRANCH_CACHE_BYTES = 1 << 30
const DOMAIN_CACHE_BYTES = 1 << 28

/** What merges are averaged into, one after the other: fresh pages are dear. */
const merged: ParameterSet = new Map()
const branches = new Map<string, ParameterSet>()
const domains = new Map<string, Int32Array[]>()
let evaluator: { key: string; evaluator: ReturnType<typeof createEvaluator> } | null = null

/**
 * Measures a model on domains.
 *
 * @throws WorkbenchError `storage/corrupt` when a checkpoint does not match its manifest,
 *   `merge/mismatch`
 */
export async function measureModel(job: MeasureJob, hooks: JobHooks): Promise<MeasureResult> {
  const { kernels } = await (await chooseBackend()).activate()
  const beganAt = performance.now()
  const parameters = await parametersOf(job)
  const averagedAt = performance.now()
  const evaluate = evaluatorFor(job.config, kernels)
  evaluate.load(parameters)
  const nats: number[][] = []
  let tokens = 0
  for (const domain of job.domains) {
    const documents = await cached(
      domains,
      `${job.project} ${domain.fingerprint}`,
      DOMAIN_CACHE_BYTES,
      () => readDomainTokens(job.project, domain.fingerprint),
      (ids) => ids.reduce((sum, document) => sum + document.byteLength, 0)
    )
    tokens += documents.reduce((sum, document) => sum + document.length, 0)
    const { window, batchSize, endOfTextId } = job
    const perDocument = await evaluate.measure(
      documents,
      { window, batchSize, endOfTextId },
      hooks.signal
    )
    nats.push([...perDocument])
  }
  return {
    nats,
    tokens,
    averageMs: averagedAt - beganAt,
    evaluateMs: performance.now() - averagedAt
  }
}

async function parametersOf(job: MeasureJob): Promise<ParameterSet> {
  if (job.model.kind === 'run') return readRun(job.project, job.model.fingerprint)
  if (job.model.kind === 'checkpoint') {
    return readParameters((await openCheckpoint(job.model.folder)).parameters)
  }
  const sources = []
  for (const { fingerprint } of job.model.branches) {
    const branch = await cached(
      branches,
      `${job.project} ${fingerprint}`,
      BRANCH_CACHE_BYTES,
      () => readRun(job.project, fingerprint),
      (set) => [...set.values()].reduce((sum, one) => sum + one.data.byteLength, 0)
    )
    sources.push(sourceOf(branch, fingerprint.slice(0, 12)))
  }
  const weights = job.model.branches.map((branch) => branch.weight)
  if (shapesDiffer(merged, sources[0]!.shapes)) merged.clear()
  await averageWeighted(sources, weights, sinkTo(merged))
  return merged
}

function shapesDiffer(set: ParameterSet, shapes: ReadonlyMap<string, readonly number[]>): boolean {
  if (set.size !== shapes.size) return true
  return [...shapes].some(([name, shape]) => String(set.get(name)?.shape) !== String(shape))
}

async function readRun(project: string, fingerprint: string): Promise<ParameterSet> {
  await verifyRun(project, fingerprint)
  const { parameters } = await openCheckpoint(projectPaths.checkpoint(project, fingerprint))
  return readParameters(parameters)
}

function evaluatorFor(config: DecoderConfig, kernels: Parameters<typeof createEvaluator>[1]) {
  const key = JSON.stringify(config)
  if (evaluator?.key !== key) {
    evaluator?.evaluator.dispose()
    evaluator = { key, evaluator: createEvaluator(config, kernels) }
  }
  return evaluator.evaluator
}

/** Takes a value from a cache or reads it; the least recently used make room. */
async function cached<Value>(
  cache: Map<string, Value>,
  key: string,
  limitBytes: number,
  read: () => Promise<Value>,
  bytesOf: (value: Value) => number
): Promise<Value> {
  const value = cache.get(key) ?? (await read())
  cache.delete(key)
  cache.set(key, value)
  let bytes = [...cache.values()].reduce((sum, one) => sum + bytesOf(one), 0)
  for (const [oldest, held] of cache) {
    if (bytes <= limitBytes || oldest === key) break
    cache.delete(oldest)
    bytes -= bytesOf(held)
  }
  return value
}
