/** Measures one model, trained or merged in memory, or an ensemble, on held-out domains. */
import { chooseBackend } from '#engine/backends/choose'
import { readDomainTokens, scoredTokens } from '#engine/data/domainDocuments'
import type { DomainTokens } from '#engine/data/domainDocuments'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import type { Evaluator, MeasureOptions } from '#engine/evaluation/measureDocuments'
import { ensembleNats } from '#engine/proxies/ensemble'
import type { BranchProbabilities } from '#engine/proxies/ensemble'
import type { DecoderConfig } from '#shared/records'
import type { JobHooks, MeasureJob, MeasureResult, MeasuredText, WeightedBranch } from './jobs'
import { ModelReader } from './modelReader'
import type { ReadableModel } from './modelReader'
import { RecentlyUsed } from './recentlyUsed'
import { keepTokenLosses, takeTokenLosses } from './tokenLosses'

/** Domains stay in memory up to so many bytes: every model is measured on the same ones. */
const DOMAIN_CACHE_BYTES = 1 << 28

const reader = new ModelReader()
const domains = new RecentlyUsed<DomainTokens>(({ documents }) =>
  documents.reduce((sum, document) => sum + document.byteLength, 0)
)
let evaluator: { key: string; evaluator: Evaluator } | null = null

/**
 * Measures a model on domains.
 *
 * @throws WorkbenchError `storage/corrupt` when a checkpoint does not match its manifest,
 *   `merge/mismatch`, `checkpoint/invalid`
 */
export async function measureModel(job: MeasureJob, hooks: JobHooks): Promise<MeasureResult> {
  const { model } = job
  if (model.kind === 'ensemble') return measureEnsemble(job, model.branches, hooks)
  const beganAt = performance.now()
  const evaluate = await loadedEvaluator(job, model)
  const averagedAt = performance.now()
  const nats: number[][] = []
  let tokens = 0
  for (const domain of job.domains) {
    const text = await documentsOf(job, domain)
    tokens += countTokens(text)
    nats.push(
      job.keepTokens && model.kind === 'run'
        ? await measureAndKeep(job, model.fingerprint, domain, text, evaluate, hooks)
        : [...(await evaluate.measure(text.documents, optionsFor(job, text), hooks.signal))]
    )
  }
  return {
    nats,
    tokens,
    averageMs: averagedAt - beganAt,
    evaluateMs: performance.now() - averagedAt
  }
}

/** The same sums as without keeping: what a model is worth does not depend on it. */
async function measureAndKeep(
  job: MeasureJob,
  model: string,
  domain: MeasureJob['domains'][number],
  text: DomainTokens,
  evaluate: Evaluator,
  hooks: JobHooks
): Promise<number[]> {
  const nats = await evaluate.measureTokens(text.documents, optionsFor(job, text), hooks.signal)
  await keepTokenLosses({ ...job, model, domain: domain.fingerprint }, nats)
  let token = 0
  return scoredTokens(text).map((count) => {
    let sum = 0
    for (const end = token + count; token < end; token++) sum += nats[token]!
    return sum
  })
}

/** Averages what branches say of each token. */
async function measureEnsemble(
  job: MeasureJob,
  branches: readonly WeightedBranch[],
  hooks: JobHooks
): Promise<MeasureResult> {
  const beganAt = performance.now()
  const models = branches.map(({ fingerprint }) => fingerprint)
  const { texts, parts } = await readBranches(job, models, hooks.signal)
  const weights = branches.map(({ weight }) => weight)
  const nats = texts.map((text, index) => [
    ...ensembleNats(parts[index]!, weights, scoredTokens(text))
  ])
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0)
  return { nats, tokens, averageMs: 0, evaluateMs: performance.now() - beganAt }
}

/**
 * What branches make of every token of domains; those that were not kept are measured once more.
 *
 * @param branches fingerprints
 * @returns by domain its documents' tokens, and what each branch makes of them
 * @throws WorkbenchError as measuring does
 */
export async function readBranches(
  job: MeasuredText,
  branches: readonly string[],
  signal: AbortSignal
): Promise<{ texts: DomainTokens[]; parts: BranchProbabilities[][] }> {
  const texts = await Promise.all(job.domains.map((domain) => documentsOf(job, domain)))
  const parts: BranchProbabilities[][] = texts.map(() => [])
  for (const model of branches) {
    // Loaded at most once, and only where something of it was not kept.
    let evaluate: Evaluator | null = null
    for (const [index, { fingerprint: domain }] of job.domains.entries()) {
      signal.throwIfAborted()
      const text = texts[index]!
      const measure = async () => {
        evaluate ??= await loadedEvaluator(job, { kind: 'run', fingerprint: model })
        return evaluate.measureTokens(text.documents, optionsFor(job, text), signal)
      }
      const of = { ...job, model, domain }
      parts[index]!.push(await takeTokenLosses(of, countTokens(text), job.keepTokens, measure))
    }
  }
  return { texts, parts }
}

function documentsOf(
  job: MeasuredText,
  domain: MeasureJob['domains'][number]
): Promise<DomainTokens> {
  return domains.take(`${job.project} ${domain.fingerprint}`, DOMAIN_CACHE_BYTES, () =>
    readDomainTokens(job.project, domain.fingerprint)
  )
}

function countTokens(text: DomainTokens): number {
  return scoredTokens(text).reduce((sum, count) => sum + count, 0)
}

/** How a domain is measured: the contexts of a task's items are not scored. */
function optionsFor(job: MeasuredText, { contexts }: DomainTokens): MeasureOptions {
  const { window, batchSize, endOfTextId } = job
  return { window, batchSize, endOfTextId, ...(contexts ? { contexts } : {}) }
}

async function loadedEvaluator(job: MeasuredText, model: ReadableModel): Promise<Evaluator> {
  const { kernels } = await (await chooseBackend()).activate()
  const parameters = await reader.read(job.project, model, job.heldBytes)
  const evaluate = evaluatorFor(job.config, kernels)
  evaluate.load(parameters)
  return evaluate
}

function evaluatorFor(
  config: DecoderConfig,
  kernels: Parameters<typeof createEvaluator>[1]
): Evaluator {
  const key = JSON.stringify(config)
  if (evaluator?.key !== key) {
    evaluator?.evaluator.dispose()
    evaluator = { key, evaluator: createEvaluator(config, kernels) }
  }
  return evaluator.evaluator
}
