/** `predictions.jsonl`: what proxies said of a sequential model before it was trained; never rewritten. */
import { z } from 'zod'
import { LineLog } from './files'
import { readLines } from './lines'
import { projectPaths } from './paths'

export const PredictionSchema = z.strictObject({
  /** Fingerprint of the sequential run. */
  run: z.string(),
  /** How losses are measured: the definition's fingerprint. */
  definition: z.string(),
  /** ISO time at which it was written down. */
  at: z.string(),
  /** Sequential models that were measured then: what regressions were fitted on. */
  trained: z.number().int().nonnegative(),
  /** Mean nats per token by proxy, then fingerprint of the domain. */
  losses: z.record(z.string(), z.record(z.string(), z.number()))
})
export type Prediction = z.infer<typeof PredictionSchema>

/**
 * Reads what was predicted, by run and definition. The first word counts: a later one of the same run may
 * know more.
 */
export async function readPredictions(project: string): Promise<Map<string, Prediction>> {
  const first = new Map<string, Prediction>()
  for await (const line of readLines(projectPaths.predictions(project))) {
    const { data } = PredictionSchema.safeParse(line)
    if (data && !first.has(predictionKey(data))) first.set(predictionKey(data), data)
  }
  return first
}

/** What a prediction is found by. */
export function predictionKey({ run, definition }: Pick<Prediction, 'run' | 'definition'>): string {
  return `${run} ${definition}`
}

/** Stores predictions; on disk when the promise resolves. */
export async function addPredictions(
  project: string,
  predictions: readonly Prediction[]
): Promise<void> {
  const log = await LineLog.open(projectPaths.predictions(project))
  try {
    await log.append(predictions)
  } finally {
    await log.close()
  }
}
