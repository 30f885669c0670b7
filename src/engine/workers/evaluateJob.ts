/** Measures a Hugging Face folder on texts and tasks outside any study. */
import { join } from 'node:path'
import { chooseBackend } from '#engine/backends/choose'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { namedTokens } from '#engine/checkpoints/specialTokens'
import { readDocuments } from '#engine/data/readDocuments'
import { progressOf } from '#engine/data/readProgress'
import type { ReadProgress } from '#engine/data/readProgress'
import { findSources } from '#engine/data/sources'
import { taskItem } from '#engine/data/taskItems'
import { beginToken } from '#engine/evaluation/beginToken'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import type { Evaluator } from '#engine/evaluation/measureDocuments'
import { measureTask } from '#engine/evaluation/measureTask'
import { atMost, measureText } from '#engine/evaluation/measureText'
import type { TextHooks } from '#engine/evaluation/measureText'
import { grouped } from '#engine/evaluation/lossSample'
import type { LossSample } from '#engine/evaluation/lossSample'
import { perplexityInterval, pooledInterval } from '#engine/statistics/documents'
import { deriveSeed } from '#engine/statistics/random'
import { loadTokenizer } from '#engine/tokenizer/tokenizer'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { WorkbenchError } from '#shared/errors'
import { bitsPerByte, meanLoss, perplexity } from '#shared/metrics'
import type {
  EvaluationDefinition,
  EvaluationRequest,
  ItemMean,
  ModelEvaluation,
  NamedSource,
  TaskEvaluation,
  TextEvaluation
} from '#shared/textEvaluation'
import type { JobHooks } from './jobs'

/** Na et al.'s; models of today read far more at once than memory holds logits of. */
const LONGEST_WINDOW = 2048
/** Tokens per forward pass unless asked otherwise. */
const TOKENS_AT_ONCE = 4096
/** One for all models and texts, so that the same documents are drawn for each. */
const RESAMPLING = deriveSeed(1, 'evaluation')

/** What measures a model, ready for any number of sources. */
interface Bench {
  request: EvaluationRequest
  evaluator: Evaluator
  tokenizer: TextTokenizer
  options: { window: number; stride: number; batchSize: number; endOfTextId: number }
  hooks: JobHooks
}

/**
 * Measures a model on texts and tasks.
 *
 * @throws WorkbenchError `checkpoint/invalid`, `tokenizer/invalid`, `usage/invalid` for a window or
 *   stride that the model cannot have, `corpus/*` for text that cannot be read, `domain/empty`
 */
export async function evaluateModel(
  request: EvaluationRequest,
  hooks: JobHooks
): Promise<ModelEvaluation> {
  const { folder, texts, tasks } = request
  for (const { paths } of [...texts, ...tasks]) await findSources(paths)
  const { config, parameters } = await openCheckpoint(folder)
  const tokenizerFile = join(folder, 'tokenizer.json')
  const tokenizer = loadTokenizer(tokenizerFile)
  const named = await namedTokens(folder)
  const begin = await beginToken(tokenizer, tokenizerFile, request.begin, named)
  const { window, stride } = checkedWindow(request, config.contextLength)
  const { device, kernels } = await (await chooseBackend()).activate()
  const evaluator = createEvaluator(config, kernels)
  try {
    evaluator.load(await readParameters(parameters))
    const batchSize = request.batchSize ?? Math.max(1, Math.floor(TOKENS_AT_ONCE / window))
    const options = { window, stride, batchSize, endOfTextId: begin.id }
    const bench: Bench = { request, evaluator, tokenizer, options, hooks }
    const cut = { begin, window, stride }
    const found: ModelEvaluation = {
      definition: { ...cut, words: inWords(cut), taskWords: taskInWords(cut) },
      device: device.name,
      texts: [],
      tasks: []
    }
    for (const text of texts) found.texts.push(await evaluateText(bench, text))
    for (const task of tasks) found.tasks.push(await evaluateTask(bench, task))
    return found
  } finally {
    evaluator.dispose()
  }
}

function checkedWindow(
  request: EvaluationRequest,
  contextLength: number
): { window: number; stride: number } {
  const { window = Math.min(contextLength, LONGEST_WINDOW) } = request
  const { stride = window } = request
  const isWhole = window >= 1 && window <= contextLength
  if (isWhole && stride >= 1 && stride <= window) return { window, stride }
  throw new WorkbenchError(
    'usage/invalid',
    `A window of ${window} tokens with a stride of ${stride} cannot be measured with ${request.folder}: ` +
      `expected a window from 1 to the model's ${contextLength} tokens and a stride from 1 to the window.`,
    { window, stride, contextLength }
  )
}

type Cut = Pick<EvaluationDefinition, 'begin' | 'window' | 'stride'>

function inWords({ begin, window, stride }: Cut): string {
  const strided =
    stride === window ? '' : `, each after the first scoring its last ${stride} tokens`
  return (
    `Each document alone, ${begin.token} (id ${begin.id}, ${begin.from}) before it and nothing after; ` +
    `windows of ${window} predicted tokens${strided}, the last topped up with text before it; ` +
    'every token scored once; perplexity = exp(nats / tokens), bits per byte = nats / (bytes · ln 2), ' +
    '95 % intervals over documents'
  )
}

function taskInWords({ begin, window }: Cut): string {
  return (
    `Each answer behind its context, ${begin.token} before both, the last ${window} tokens at most; ` +
    'the context is not scored. bits per byte = nats / (bytes · ln 2) of the right answers; ' +
    'p(gold) = its exp(−nats / bytes) over the sum of those of all choices, mean over items; accuracy: ' +
    'the right answer has the least nats, per byte: the least nats / bytes; 95 % intervals over items'
  )
}

async function evaluateText(bench: Bench, text: NamedSource): Promise<TextEvaluation> {
  const { request, evaluator, tokenizer, options } = bench
  const { reading, hooks } = progressFor(bench, text.name)
  const from = { paths: text.paths, textField: request.textField, fields: [] }
  const documents = limited(readDocuments(from, reading), request.limit)
  const beganAt = performance.now()
  const { losses, empty } = await measureText(evaluator, tokenizer, documents, options, hooks)
  const seconds = (performance.now() - beganAt) / 1000
  const { total } = losses
  if (total.tokens === 0) throw nothingToMeasure(text.name, empty)
  const sample = losses.sample()
  return {
    data: text.name,
    documents: losses.count,
    empty,
    ...total,
    meanLoss: meanLoss(total),
    perplexity: perplexity(total),
    perplexityInterval: perplexityInterval(tokenLosses(sample), RESAMPLING),
    bitsPerByte: bitsPerByte(total),
    bitsPerByteInterval: bitsInterval(sample),
    tokensPerSecond: total.tokens / seconds
  }
}

async function evaluateTask(bench: Bench, task: NamedSource): Promise<TaskEvaluation> {
  const { request, evaluator, tokenizer } = bench
  // An answer is scored with all of it in one window, whatever the stride of texts.
  const options = { ...bench.options, stride: bench.options.window }
  const { reading, hooks } = progressFor(bench, task.name)
  const records = limited(
    readDocuments({ paths: task.paths, textField: null }, reading),
    request.limit
  )
  const items = mapped(records, (record) => taskItem(record.fields, request.taskFields, record))
  const beganAt = performance.now()
  const measured = await measureTask(evaluator, tokenizer, items, options, hooks)
  const seconds = (performance.now() - beganAt) / 1000
  const { total } = measured.gold
  if (total.tokens === 0) throw nothingToMeasure(task.name, 0)
  return {
    task: task.name,
    items: measured.gold.count,
    ...total,
    meanLoss: meanLoss(total),
    bitsPerByte: bitsPerByte(total),
    bitsPerByteInterval: bitsInterval(measured.gold.sample()),
    normalizedProbability: itemMean(measured.normalizedProbability),
    accuracy: itemMean(measured.isRight),
    accuracyPerByte: itemMean(measured.isRightPerByte),
    tokensPerSecond: total.tokens / seconds
  }
}

function tokenLosses({ nats, tokens }: LossSample): { nats: number; tokens: number }[] {
  return Array.from(nats, (one, index) => ({ nats: one, tokens: tokens[index]! }))
}

function bitsInterval({ nats, bytes }: LossSample) {
  const ends = pooledInterval(nats, bytes, RESAMPLING)
  return ends && { low: ends.low / Math.LN2, high: ends.high / Math.LN2 }
}

function itemMean(values: readonly number[]): ItemMean | null {
  if (values.length === 0) return null
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length
  const { sums, counts } = grouped(values)
  return { mean, interval: pooledInterval(sums, counts, RESAMPLING) }
}

/** Progress by bytes read, or by documents where their number is bounded. */
function progressFor(
  { request: { limit }, hooks: { signal, onProgress } }: Bench,
  label: string
): {
  reading: { signal: AbortSignal; onProgress: (progress: ReadProgress) => void }
  hooks: TextHooks
} {
  let read: ReadProgress | null = null
  let bytesBefore = 0
  let documentsBefore = 0
  const tell = (share: number, detail: string) => {
    if (!read) return
    const bytes = bytesBefore + (read.bytes - bytesBefore) * share
    const told = { ...progressOf('evaluate', label, { ...read, bytes, rate: null }), detail }
    if (limit === undefined) onProgress({ ...told, done: Math.round(bytes), secondsLeft: null })
    else {
      const done = Math.min(documentsBefore, limit)
      onProgress({ ...told, done, total: limit, unit: 'documents', secondsLeft: null })
    }
  }
  return {
    reading: { signal, onProgress: (progress) => void (read = progress) },
    hooks: {
      signal,
      onMeasured: (share, tokens) => tell(share, `${tokens.toLocaleString('en')} tokens`),
      onGroup: (documents) => {
        bytesBefore = read?.bytes ?? 0
        documentsBefore = documents
      }
    }
  }
}

function limited<Item>(items: AsyncGenerator<Item>, limit?: number): AsyncIterable<Item> {
  return limit === undefined ? items : atMost(items, limit)
}

async function* mapped<From, To>(
  items: AsyncIterable<From>,
  change: (item: From) => To
): AsyncGenerator<To> {
  for await (const item of items) yield change(item)
}

function nothingToMeasure(name: string, empty: number): WorkbenchError {
  return new WorkbenchError(
    'domain/empty',
    `${name} has no document to measure: ${empty} documents have no text. Expected one at least.`,
    { data: name, empty }
  )
}
