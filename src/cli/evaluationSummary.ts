/** What `assay eval` found, in tables for people. */
import type { EvaluationInterval, ItemMean } from '#shared/textEvaluation'
import type { EvaluatedModels } from './commands/eval'
import { formatBytes, formatCount, formatNumber, textTable } from './format'

/** A table of texts, one of tasks, and how each model was measured. */
export function describeEvaluations({ models, texts, tasks }: EvaluatedModels): string {
  const textRows = texts.map((one) => [
    one.model,
    one.data,
    String(one.documents),
    formatCount(one.tokens),
    formatBytes(one.bytes),
    withEnds(one.perplexity, one.perplexityInterval),
    withEnds(one.bitsPerByte, one.bitsPerByteInterval),
    formatCount(one.tokensPerSecond)
  ])
  const taskRows = tasks.map((one) => [
    one.model,
    one.task,
    String(one.items),
    withEnds(one.bitsPerByte, one.bitsPerByteInterval),
    ofItems(one.normalizedProbability),
    ofItems(one.accuracy),
    ofItems(one.accuracyPerByte)
  ])
  return [
    ...(textRows.length > 0 ? [textTable(TEXT_COLUMNS, textRows), ''] : []),
    ...(taskRows.length > 0 ? [textTable(TASK_COLUMNS, taskRows), ''] : []),
    ...models.flatMap(({ model, definition, device }) => [
      ...(texts.length > 0 ? [`${model}, texts: ${definition.words}.`] : []),
      ...(tasks.length > 0 ? [`${model}, tasks: ${definition.taskWords}.`] : []),
      `${model}: measured on ${device}.`
    ])
  ].join('\n')
}

const TEXT_COLUMNS = [
  'model',
  'data',
  'documents',
  'tokens',
  'text',
  'perplexity [95 %]',
  'bits/byte [95 %]',
  'tokens/s'
]

const TASK_COLUMNS = [
  'model',
  'task',
  'items',
  'bits/byte of gold [95 %]',
  'p(gold) among choices',
  'accuracy',
  'accuracy per byte'
]

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
