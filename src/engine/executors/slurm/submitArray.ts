/** Submits one array, exactly once, whatever the controller does meanwhile; or as much of it as the queue takes. */
import { removeOutcome } from '#engine/storage/outcomes'
import { callClient, callSubmit, jobNumber } from './clients'
import type { Called } from './clients'
import type { Cluster } from './cluster'
import { nodesFolder } from './nodesFolder'
import { wordsOf } from './queue'
import type { QueueRecord } from './queue'
import { isQueueFull, mayPass, refusedError, unavailableError } from './refusals'
import { elementScript, submitArguments } from './script'
import type { ArrayJob } from './script'
import { createSubmission, removeSubmission, saveSubmission } from './submissions'
import type { Submission } from './submissions'

/** What submitting asks of who wants it. */
interface Patience {
  /** False when nobody wants it any more. */
  isOpen: () => boolean
  pause: () => Promise<void>
  /** The queue, once the cluster answers; null where nobody waits for it any more. */
  knownQueue: () => Promise<ReadonlyMap<string, QueueRecord> | null>
  /** Told why a try came to nothing, in words; it is made again. */
  onTry: (words: string) => void
}

/**
 * Writes the submission down, hands it over, and writes down its number. A call that got no answer may have been
 * heard: it is looked for by its name before it is made again, and taken out by its name where it is given up.
 *
 * Where the queue takes no more, the first half of its elements is tried, and so on: it has as many as were taken.
 *
 * @returns `refusal`: why not all were taken, or null. Nothing is left of a submission of which nothing was, nor of
 *   one that nobody wanted any more
 * @throws WorkbenchError `executor/refused`, `executor/unavailable`
 */
export async function submitArray(
  cluster: Cluster,
  submission: Submission,
  patience: Patience
): Promise<{ taken: number; refusal: Called | null }> {
  const { project, folder } = cluster
  const script = elementScript(arrayJobOf(cluster, submission))
  await createSubmission(project, submission, script)
  // What an earlier try left is not what this one comes to.
  for (const { runs } of submission.elements) {
    for (const run of runs) await removeOutcome(project, run)
  }
  const tries = { areInDoubt: false }
  try {
    await folder.push(submission)
    const { array, refusal } = await handOver(cluster, submission, { script, tries }, patience)
    if (array !== null) {
      submission.array = array
      await saveSubmission(project, submission)
      return { taken: submission.elements.length, refusal }
    }
    await giveUp(cluster, submission, tries)
    return { taken: 0, refusal }
  } catch (error) {
    if (submission.array === null) await giveUp(cluster, submission, tries)
    throw error
  }
}

/** @returns `array`: Slurm's number of it; null where nobody wanted it any more, or the queue took nothing of it */
async function handOver(
  cluster: Cluster,
  submission: Submission,
  { script, tries }: { script: string; tries: { areInDoubt: boolean } },
  { isOpen, pause, knownQueue, onTry }: Patience
): Promise<{ array: string | null; refusal: Called | null }> {
  const { settings } = cluster
  let refusal: Called | null = null
  while (isOpen()) {
    const called = await callSubmit(
      settings,
      submitArguments(arrayJobOf(cluster, submission)),
      script
    )
    const number = called.status === 0 ? jobNumber(called.stdout) : null
    if (number !== null) return { array: number, refusal }
    if (called.isMissing) throw unavailableError(settings, called)
    if (called.status !== 0 && isQueueFull(called)) {
      refusal = called
      if (!halve(submission)) return { array: null, refusal }
      continue
    }
    if (called.status !== 0 && !mayPass(called)) throw refusedError(called)
    tries.areInDoubt = true
    onTry(tryWords(called))
    await pause()
    const heard = arrayOf(await knownQueue(), submission.key)
    if (heard !== null) return { array: heard, refusal }
  }
  return { array: null, refusal }
}

/** Leaves a submission the first half of its elements, and of what may run at once; false where it has but one. */
function halve(submission: Submission): boolean {
  const { elements, atOnce, settings } = submission
  if (elements.length === 1) return false
  submission.elements = elements.slice(0, Math.floor(elements.length / 2))
  submission.atOnce = Math.max(1, Math.floor((atOnce ?? settings.mostAtOnce) / 2))
  return true
}

function tryWords({ status, stdout, stderr }: Called): string {
  if (status === 0) return `sbatch named no job: "${stdout.trim()}"`
  return wordsOf(stderr) || 'sbatch did not answer in time'
}

/** The number of an array of that name, whichever of its elements is still listed. */
function arrayOf(queue: ReadonlyMap<string, QueueRecord> | null, key: string): string | null {
  const records = [...(queue?.values() ?? [])]
  return records.find(({ name }) => name === key)?.array ?? null
}

/** What was perhaps heard must not run on with nobody knowing of it: its name is all that is known of it. */
async function giveUp(
  { project, settings }: Cluster,
  { key }: Submission,
  { areInDoubt }: { areInDoubt: boolean }
): Promise<void> {
  if (areInDoubt) await callClient(settings, 'scancel', ['-n', key])
  await removeSubmission(project, key)
}

/** What a submission is submitted as. */
export function arrayJobOf(
  {
    folder,
    program,
    graceSeconds
  }: Pick<Cluster, 'program' | 'graceSeconds'> & { folder: Pick<Cluster['folder'], 'project'> },
  submission: Pick<Submission, 'key' | 'study' | 'settings' | 'elements' | 'atOnce'>
): ArrayJob {
  const { key, study, settings, elements, atOnce = settings.mostAtOnce } = submission
  return {
    key,
    study,
    project: folder.project,
    folder: nodesFolder(folder.project, key),
    elements: elements.length,
    atOnce,
    settings,
    program,
    graceSeconds
  }
}
