/** Measures one model, trained or merged in memory, on held-out domains. */
import { chooseBackend } from '#engine/backends/choose'
import { readDomainTokens } from '#engine/data/domainDocuments'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import type { DecoderConfig } from '#shared/records'
import type { JobHooks, MeasureJob, MeasureResult } from './jobs'
import { ModelReader } from './modelReader'
import { RecentlyUsed } from './recentlyUsed'

/** Domains stay in memory up to so many bytes: every model is measured on the same ones. */
const DOMAIN_CACHE_BYTES = 1 << 28

const reader = new ModelReader()
const domains = new RecentlyUsed<Int32Array[]>((ids) =>
  ids.reduce((sum, document) => sum + document.byteLength, 0)
)
let evaluator: { key: string; evaluator: ReturnType<typeof createEvaluator> } | null = null

/**
 * Measures a model on domains.
 *
 * @throws WorkbenchError `storage/corrupt` when a checkpoint does not match its manifest,
 *   `merge/mismatch`, `checkpoint/invalid`
 */
export async function measureModel(job: MeasureJob, hooks: JobHooks): Promise<MeasureResult> {
  const { kernels } = await (await chooseBackend()).activate()
  const beganAt = performance.now()
  const parameters = await reader.read(job.project, job.model, job.heldBytes)
  const averagedAt = performance.now()
  const evaluate = evaluatorFor(job.config, kernels)
  evaluate.load(parameters)
  const nats: number[][] = []
  let tokens = 0
  for (const domain of job.domains) {
    const documents = await domains.take(
      `${job.project} ${domain.fingerprint}`,
      DOMAIN_CACHE_BYTES,
      () => readDomainTokens(job.project, domain.fingerprint)
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

function evaluatorFor(config: DecoderConfig, kernels: Parameters<typeof createEvaluator>[1]) {
  const key = JSON.stringify(config)
  if (evaluator?.key !== key) {
    evaluator?.evaluator.dispose()
    evaluator = { key, evaluator: createEvaluator(config, kernels) }
  }
  return evaluator.evaluator
}
