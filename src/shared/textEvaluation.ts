/** What is asked of a model on texts and tasks outside any study, and what comes of it. */
import { z } from 'zod'
import type { LossSum } from './metrics'

/** Texts or items under one name. */
export interface NamedSource {
  name: string
  /** Files, folders, globs. */
  paths: string[]
}

/** Where a task's items have what. */
export const TaskFieldsSchema = z.strictObject({
  context: z.string(),
  /** Absent from a task whose answers are not to be chosen. */
  choices: z.string(),
  gold: z.string(),
  /** Put between context and answer where neither brings white space. */
  delimiter: z.string()
})
export type TaskFields = z.infer<typeof TaskFieldsSchema>

/** A Hugging Face folder under the name it is told by. */
export interface NamedFolder {
  name: string
  folder: string
}

/** Models on several texts and tasks; each is held against the first. */
export interface EvaluationRequest {
  models: NamedFolder[]
  texts: NamedSource[]
  tasks: NamedSource[]
  textField: string
  taskFields: TaskFields
  /** Token before each document; what the folder says when left out. */
  begin?: string
  /** Predicted tokens per forward pass. */
  window?: number
  /** Tokens that each window after a document's first scores. */
  stride?: number
  /** Windows per forward pass. */
  batchSize?: number
  /** Documents, or items, of each source at most. */
  limit?: number
}

/** How a model was measured: part of every number's meaning. */
export interface EvaluationDefinition {
  /** Token before each document, and what named it. */
  begin: { token: string; id: number; from: string }
  window: number
  stride: number
  /** All of it in one sentence, of texts and of tasks. */
  words: string
  taskWords: string
}

/** Ends of a 95 % interval; null where nothing can vary. */
export type EvaluationInterval = { low: number; high: number } | null

/** How much more or less than the first model's, on the same documents. */
export interface PairedDifference {
  bitsPerByte: number
  interval: EvaluationInterval
}

/** A model on one text. */
export interface TextEvaluation extends LossSum {
  data: string
  documents: number
  /** Documents without a token, left out. */
  empty: number
  meanLoss: number
  perplexity: number
  perplexityInterval: EvaluationInterval
  bitsPerByte: number
  bitsPerByteInterval: EvaluationInterval
  /** Null for the first model, and where it left out other documents. */
  difference: PairedDifference | null
  tokensPerSecond: number
}

/** A mean over a task's items. */
export interface ItemMean {
  mean: number
  interval: EvaluationInterval
}

/** A model on one task: `nats`, `tokens` and `bytes` are those of the gold answers. */
export interface TaskEvaluation extends LossSum {
  task: string
  items: number
  meanLoss: number
  bitsPerByte: number
  bitsPerByteInterval: EvaluationInterval
  difference: PairedDifference | null
  /** Null for tasks without choices. */
  normalizedProbability: ItemMean | null
  accuracy: ItemMean | null
  accuracyPerByte: ItemMean | null
  tokensPerSecond: number
}

/** All that was measured of one model. */
export interface ModelEvaluation {
  /** Its name, as asked. */
  model: string
  definition: EvaluationDefinition
  /** Product name of what computed. */
  device: string
  texts: TextEvaluation[]
  tasks: TaskEvaluation[]
}
