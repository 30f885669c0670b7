/** Measures a Hugging Face folder on texts and tasks outside any study. */
import { join } from 'node:path'
import { chooseBackend } from '#engine/backends/choose'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import type { Checkpoint } from '#engine/checkpoints/huggingFace'
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
  NamedFolder,
  NamedSource,
  PairedDifference,
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

/** What the first model paid for each source's documents, by the source's kind and place. */
type FirstLosses = Map<string, LossSample>

type Cut = Pick<EvaluationDefinition, 'begin' | 'window' | 'stride'>

/** A model with its tokenizer, and how it cuts texts. */
interface OpenModel extends Checkpoint {
  name: string
  tokenizer: TextTokenizer
  cut: Cut
}

/** What measures a model, ready for any number of sources. */
interface Bench {
  model: string
  first: FirstLosses
  request: EvaluationRequest
  evaluator: Evaluator
  tokenizer: TextTokenizer
  options: { window: number; stride: number; batchSize: number; endOfTextId: number }
  hooks: JobHooks
}

/**
 * Measures models on texts and tasks, one model after the other, each held against the first.
 *
 * @throws WorkbenchError `checkpoint/invalid`, `tokenizer/invalid`, `usage/invalid` for a window or
 *   stride that the model cannot have, `corpus/*` for text that cannot be read, `domain/empty`
 */
export async function evaluateModels(
  request: EvaluationRequest,
  hooks: JobHooks
): Promise<ModelEvaluation[]> {
  // What is not there is found before hours of measuring.
  for (const { paths } of [...request.texts, ...request.tasks]) await findSources(paths)
  const models: OpenModel[] = []
  for (const model of request.models) models.push(await openModel(model, request))
  const first: FirstLosses = new Map()
  const found: ModelEvaluation[] = []
  for (const model of models) {
    found.push(await evaluateModel(model, request, first, hooks))
  }
  return found
}

/** Reads all that may be wrong with a model before it is measured, but its values. */
async function openModel(
  { name, folder }: NamedFolder,
  request: EvaluationRequest
): Promise<OpenModel> {
  const { config, parameters } = await openCheckpoint(folder)
  const tokenizerFile = join(folder, 'tokenizer.json')
  const tokenizer = loadTokenizer(tokenizerFile)
  const named = await namedTokens(folder)
  const begin = await beginToken(tokenizer, tokenizerFile, request.begin, named)
  const cut = { begin, ...checkedWindow(request, folder, config.contextLength) }
  return { name, config, parameters, tokenizer, cut }
}

async function evaluateModel(
  { name: model, config, parameters, tokenizer, cut }: OpenModel,
  request: EvaluationRequest,
  first: FirstLosses,
  hooks: JobHooks
): Promise<ModelEvaluation> {
  const { begin, window, stride } = cut
  const { device, kernels } = await (await chooseBackend()).activate()
  const evaluator = createEvaluator(config, kernels)
  try {
    evaluator.load(await readParameters(parameters))
    const batchSize = request.batchSize ?? Math.max(1, Math.floor(TOKENS_AT_ONCE / window))
    const options = { window, stride, batchSize, endOfTextId: begin.id }
    const bench: Bench = { model, first, request, evaluator, tokenizer, options, hooks }
    const found: ModelEvaluation = {
      model,
      definition: { ...cut, words: inWords(cut), taskWords: taskInWords(cut) },
      device: device.name,
      texts: [],
      tasks: []
    }
    for (const [place, text] of request.texts.entries()) {
      found.texts.push(await evaluateText(bench, text, `text ${place}`))
    }
    for (const [place, task] of request.tasks.entries()) {
      found.tasks.push(await evaluateTask(bench, task, `task ${place}`))
    }
    return found
  } finally {
    evaluator.dispose()
  }
}

function checkedWindow(
  request: EvaluationRequest,
  folder: string,
  contextLength: number
): { window: number; stride: number } {
  const { window = Math.min(contextLength, LONGEST_WINDOW) } = request
  const { stride = window } = request
  const isWhole = window >= 1 && window <= contextLength
  if (isWhole && stride >= 1 && stride <= window) return { window, stride }
  throw new WorkbenchError(
    'usage/invalid',
    `A window of ${window} tokens with a stride of ${stride} cannot be measured with ${folder}: ` +
      `expected a window from 1 to the model's ${contextLength} tokens and a stride from 1 to the window.`,
    { window, stride, contextLength }
  )
}

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

async function evaluateText(bench: Bench, text: NamedSource, key: string): Promise<TextEvaluation> {
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
    difference: differenceFrom(bench, key, sample),
    tokensPerSecond: total.tokens / seconds
  }
}

async function evaluateTask(bench: Bench, task: NamedSource, key: string): Promise<TaskEvaluation> {
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
  const sample = measured.gold.sample()
  return {
    task: task.name,
    items: measured.gold.count,
    ...total,
    meanLoss: meanLoss(total),
    bitsPerByte: bitsPerByte(total),
    bitsPerByteInterval: bitsInterval(sample),
    difference: differenceFrom(bench, key, sample),
    normalizedProbability: itemMean(measured.normalizedProbability),
    accuracy: itemMean(measured.isRight),
    accuracyPerByte: itemMean(measured.isRightPerByte),
    tokensPerSecond: total.tokens / seconds
  }
}

function tokenLosses({ nats, tokens }: LossSample): { nats: number; tokens: number }[] {
  return Array.from(nats, (one, index) => ({ nats: one, tokens: tokens[index]! }))
}

function bitsInterval({ nats, bytes }: Pick<LossSample, 'nats' | 'bytes'>) {
  const ends = pooledInterval(nats, bytes, RESAMPLING)
  return ends && { low: ends.low / Math.LN2, high: ends.high / Math.LN2 }
}

/** Both models are drawn again together, so that what is hard for both cancels. */
function differenceFrom(
  { first }: Bench,
  source: string,
  sample: LossSample
): PairedDifference | null {
  const other = first.get(source)
  if (!other) first.set(source, sample)
  // The same bytes are the same documents: one that only one tokenizer makes nothing of shifts them.
  const { bytes, nats } = sample
  if (!other || bytes.some((count, index) => count !== other.bytes[index])) return null
  const more = { nats: nats.map((one, index) => one - other.nats[index]!), bytes }
  const sum = (values: Float64Array) => values.reduce((total, one) => total + one, 0)
  const bits = bitsPerByte({ nats: sum(more.nats), bytes: sum(bytes), tokens: 0 })
  return { bitsPerByte: bits, interval: bitsInterval(more) }
}

function itemMean(values: readonly number[]): ItemMean | null {
  if (values.length === 0) return null
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length
  const { sums, counts } = grouped(values)
  return { mean, interval: pooledInterval(sums, counts, RESAMPLING) }
}

/** Progress by bytes read, or by documents where their number is bounded. */
function progressFor(
  { model, request: { limit }, hooks: { signal, onProgress } }: Bench,
  source: string
): {
  reading: { signal: AbortSignal; onProgress: (progress: ReadProgress) => void }
  hooks: TextHooks
} {
  const label = `${model} on ${source}`
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
