/** What jobs done apart from the project's host came to, until the host has taken it in. */
import { readdir } from 'node:fs/promises'
import { z } from 'zod'
import { ERROR_CODES } from '#shared/errors'
import type { ErrorCode } from '#shared/errors'
import { MeasurementSchema, PreparedSchema, RunResultSchema } from '#shared/records'
import { makeFolder, removeTree, writeFileAtomic } from './files'
import { projectPaths } from './paths'
import { nullIfAbsent } from './presence'
import { readText } from './reading'
import { assertNotNewer } from './sealedFiles'
import { openSealed, sealedText } from './seals'

const OUTCOME_VERSION = 1

const isCode = (code: string): code is ErrorCode => code in ERROR_CODES

const OutcomeSchema = z.strictObject({
  format: z.literal('assay-outcome'),
  version: z.literal(OUTCOME_VERSION),
  /** Fingerprint of the text, of the run or of the model. */
  key: z.string(),
  /** Study that it was done for. */
  study: z.string(),
  /** Version of the program that did it, and the machine. */
  assay: z.string(),
  host: z.string(),
  /** Of a text that was prepared: its tokens lie in the project. */
  prepared: PreparedSchema.optional(),
  /** Of a run that was trained: its checkpoint lies in its folder, its manifest written. */
  trained: RunResultSchema.optional(),
  /** Of a model that was measured. */
  measured: z
    .strictObject({
      measurements: z.array(MeasurementSchema),
      averageMs: z.number().nonnegative(),
      evaluateMs: z.number().nonnegative()
    })
    .optional(),
  /** Why there is nothing of these. */
  error: z
    .strictObject({
      code: z.string().transform((code): ErrorCode => (isCode(code) ? code : 'bug')),
      message: z.string(),
      details: z.record(
        z.string(),
        z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])
      )
    })
    .optional()
})
export type Outcome = z.infer<typeof OutcomeSchema>

/** Writes what came of a job, in place of what came of it before. */
export async function writeOutcome(
  project: string,
  outcome: Omit<Outcome, 'format' | 'version'>
): Promise<void> {
  await makeFolder(projectPaths.outcomes(project))
  await writeFileAtomic(
    projectPaths.outcome(project, outcome.key),
    sealedText({ format: 'assay-outcome', version: OUTCOME_VERSION, ...outcome })
  )
}

/**
 * What came of a job; null where there is nothing, or nothing sound: then it is done again.
 *
 * @throws WorkbenchError `storage/newer-version`; `storage/not-readable`
 */
export async function readOutcome(project: string, key: string): Promise<Outcome | null> {
  const path = projectPaths.outcome(project, key)
  const text = await readText(path).catch((error: unknown) => nullIfAbsent(error, path))
  if (text === null) return null
  const opened = openSealed(text)
  if (opened.state !== 'sound') return null
  assertNotNewer(path, opened.value, OUTCOME_VERSION)
  const parsed = OutcomeSchema.safeParse(opened.value)
  return parsed.success && parsed.data.key === key ? parsed.data : null
}

/** Keys of the jobs of which something lies there. */
export async function outcomeKeys(project: string): Promise<string[]> {
  const folder = projectPaths.outcomes(project)
  const names = (await readdir(folder).catch((error: unknown) => nullIfAbsent(error, folder))) ?? []
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5))
}

/** Takes away what was taken in. */
export function removeOutcome(project: string, key: string): Promise<void> {
  return removeTree(projectPaths.outcome(project, key))
}
