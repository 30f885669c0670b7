/** What `assay eval` found, in tables for people. */
import type { EvaluationInterval, ItemMean, PairedDifference } from '#shared/textEvaluation'
import type { EvaluatedModels } from './commands/eval'
import { formatBytes, formatCount, formatNumber, textTable } from './format'

/** A table of texts, one of tasks, and how each model was measured. */
export function describeEvaluations({ models, texts, tasks }: EvaluatedModels): string {
  const isCompared = models.length > 1
  const textRows = texts.map((one) => [
    one.model,
    one.data,
    String(one.documents),
    formatCount(one.tokens),
    formatBytes(one.bytes),
    withEnds(one.perplexity, one.perplexityInterval),
    withEnds(one.bitsPerByte, one.bitsPerByteInterval),
    ...(isCompared ? [fromFirst(one.difference)] : []),
    formatCount(one.tokensPerSecond)
  ])
  const taskRows = tasks.map((one) => [
    one.model,
    one.task,
    String(one.items),
    withEnds(one.bitsPerByte, one.bitsPerByteInterval),
    ...(isCompared ? [fromFirst(one.difference)] : []),
    ofItems(one.normalizedProbability),
    ofItems(one.accuracy),
    ofItems(one.accuracyPerByte)
  ])
  return [
    ...(textRows.length > 0 ? [textTable(columns(TEXT_COLUMNS, isCompared), textRows), ''] : []),
    ...(taskRows.length > 0 ? [textTable(columns(TASK_COLUMNS, isCompared), taskRows), ''] : []),
    ...definitions(models, texts.length > 0, tasks.length > 0)
  ].join('\n')
}

/** How models were measured, those measured alike together. */
function definitions(
  models: EvaluatedModels['models'],
  hasTexts: boolean,
  hasTasks: boolean
): string[] {
  const alike = new Map<string, string[]>()
  for (const { model, definition, device } of models) {
    const words = [
      ...(hasTexts ? [`Texts: ${definition.words}.`] : []),
      ...(hasTasks ? [`Tasks: ${definition.taskWords}.`] : []),
      `Measured on ${device}.`
    ].join('\n')
    alike.set(words, [...(alike.get(words) ?? []), model])
  }
  return [...alike].map(([words, names]) => `${names.join(', ')}:\n${words}`)
}

const DIFFERENCE = 'bits/byte less the first’s'

const TEXT_COLUMNS = [
  'model',
  'data',
  'documents',
  'tokens',
  'text',
  'perplexity [95 %]',
  'bits/byte [95 %]',
  DIFFERENCE,
  'tokens/s'
]

const TASK_COLUMNS = [
  'model',
  'task',
  'items',
  'bits/byte of gold [95 %]',
  DIFFERENCE,
  'p(gold) among choices',
  'accuracy',
  'accuracy per byte'
]

/** Of one model there is no difference to tell. */
function columns(all: readonly string[], isCompared: boolean): string[] {
  return all.filter((column) => isCompared || column !== DIFFERENCE)
}

function fromFirst(one: PairedDifference | null): string {
  return one === null ? '—' : withEnds(one.bitsPerByte, one.interval)
}

function ofItems(one: ItemMean | null): string {
  return one === null ? '—' : withEnds(one.mean, one.interval)
}

function withEnds(value: number, ends: EvaluationInterval): string {
  const digits = value >= 100 ? 1 : 3
  const number = (one: number) => formatNumber(one, digits)
  return ends === null
    ? number(value)
    : `${number(value)} [${number(ends.low)}, ${number(ends.high)}]`
}
