/** Array jobs that a project submitted, on disk: what its next process finds them by. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ElementKindSchema } from '#shared/clusterView'
import { SlurmExecutorSchema } from '#shared/executors'
import { makeFolder, removeTree, writeFileAtomic } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { nullIfAbsent } from '#engine/storage/presence'
import { readText } from '#engine/storage/reading'
import { assertNotNewer } from '#engine/storage/sealedFiles'
import { openSealed, sealedText } from '#engine/storage/seals'
import { textBehind } from '#engine/storage/traces'
import { QueuePlaceSchema } from './queuePlace'
import { ARRAY_FILE, ELEMENTS_FILE } from './script'

const SUBMISSION_VERSION = 1

const SubmissionSchema = z.strictObject({
  format: z.literal('assay-submission'),
  version: z.literal(SUBMISSION_VERSION),
  /** Its name in the queue: Slurm may forget a number and give it out again. */
  key: z.string().regex(/^assay-[0-9a-f]{12}$/),
  kind: ElementKindSchema,
  study: z.string(),
  /** The project's folder as the nodes see it. */
  project: z.string(),
  settings: SlurmExecutorSchema,
  /** Elements that might run at once when it was submitted; as the settings say in records of before. */
  atOnce: z.int().positive().optional(),
  /** Whose queue it is in; null where nobody said, as in records of before. */
  asked: QueuePlaceSchema.nullable().default(null),
  /** Version of the program that submitted it. */
  assay: z.string(),
  /** Slurm's number; null until it is known to be accepted. */
  array: z.string().nullable(),
  submittedAt: z.string(),
  /** By their index: fingerprints of the runs or models each does, and their names. */
  elements: z.array(z.strictObject({ runs: z.array(z.string()), labels: z.array(z.string()) })),
  /** Indexes of those that ended without a result: their logs are kept. */
  failed: z.array(z.int().nonnegative()),
  /** True once the queue was seen without any of them. */
  isOver: z.boolean().default(false)
})
export type Submission = z.infer<typeof SubmissionSchema>

/** File of a submission's folder: the script as it was submitted. */
const SCRIPT_FILE = 'script.sh'

/** Where an element is: of which submission, and at which index. */
export interface ElementPlace {
  submission: Submission
  index: number
}

/** Writes a submission's folder, before it is submitted. */
export async function createSubmission(
  project: string,
  submission: Submission,
  script: string
): Promise<void> {
  const folder = projectPaths.submission(project, submission.key)
  await makeFolder(folder)
  const lines = submission.elements.map(({ runs }) => `${runs.join(' ')}\n`)
  await writeFileAtomic(join(folder, ELEMENTS_FILE), lines.join(''))
  await writeFileAtomic(join(folder, SCRIPT_FILE), script)
  await saveSubmission(project, submission)
}

/** Stores what became known of a submission. */
export async function saveSubmission(project: string, submission: Submission): Promise<void> {
  const { key, array } = submission
  await writeFileAtomic(recordPath(project, key), sealedText(submission, 1))
  if (array !== null) {
    await writeFileAtomic(join(projectPaths.submission(project, key), ARRAY_FILE), `${array}\n`)
  }
}

/**
 * All submissions of a project, the newest first; what is no sound record is passed over.
 *
 * @throws WorkbenchError `storage/newer-version`; what the system says of a record that is there and cannot be read:
 *   passed over, its elements would be submitted again
 */
export async function readSubmissions(project: string): Promise<Submission[]> {
  const folder = projectPaths.cluster(project)
  const keys = (await readdir(folder).catch((error: unknown) => nullIfAbsent(error, folder))) ?? []
  const found: Submission[] = []
  for (const key of keys) {
    const path = recordPath(project, key)
    const text = await readText(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
      throw error
    })
    const opened = text === null ? null : openSealed(text)
    if (opened?.state !== 'sound') continue
    assertNotNewer(path, opened.value, SUBMISSION_VERSION)
    const parsed = SubmissionSchema.safeParse(opened.value)
    if (parsed.success && parsed.data.key === key) found.push(parsed.data)
  }
  return found.sort((a, b) => (a.submittedAt < b.submittedAt ? 1 : -1))
}

/** The script that was submitted; null where it is not there any more. */
export async function submittedScript(project: string, key: string): Promise<string | null> {
  return textBehind(join(projectPaths.submission(project, key), SCRIPT_FILE), () => 0)
}

/** Takes a submission's folder away, logs and all. */
export function removeSubmission(project: string, key: string): Promise<void> {
  return removeTree(projectPaths.submission(project, key))
}

/** Log of an element on this machine; null while the array has no number. */
export function logPath(project: string, { submission, index }: ElementPlace): string | null {
  const { key, array } = submission
  if (array === null) return null
  return join(projectPaths.submission(project, key), `${array}_${index}.log`)
}

/** Slurm's id of an element; null while the array has no number. */
export function jobOf({ submission, index }: ElementPlace): string | null {
  return submission.array === null ? null : `${submission.array}_${index}`
}

function recordPath(project: string, key: string): string {
  return join(projectPaths.submission(project, key), 'submission.json')
}
