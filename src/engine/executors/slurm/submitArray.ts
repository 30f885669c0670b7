/** Submits one array, exactly once, whatever the controller does meanwhile. */
import { removeOutcome } from '#engine/storage/outcomes'
import { callSubmit } from './clients'
import type { Cluster } from './cluster'
import { nodesFolder } from './nodesFolder'
import type { QueueRecord } from './queue'
import { mayPass, refusedError, unavailableError } from './refusals'
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
}

/**
 * Writes the submission down, hands it over, and writes down its number. A call that got no answer may have been
 * heard: it is looked for by its name before it is made again.
 *
 * @returns false where nobody wanted it any more; then nothing is left of it
 * @throws WorkbenchError `executor/refused`, `executor/unavailable`
 */
export async function submitArray(
  cluster: Cluster,
  submission: Submission,
  { isOpen, pause, knownQueue }: Patience
): Promise<boolean> {
  const { project, settings, folder } = cluster
  const job = arrayJobOf(cluster, submission)
  const script = elementScript(job)
  await createSubmission(project, submission, script)
  // What an earlier try left is not what this one comes to.
  for (const { runs } of submission.elements) {
    for (const run of runs) await removeOutcome(project, run)
  }
  try {
    await folder.push(submission)
    while (isOpen()) {
      const called = await callSubmit(settings, submitArguments(job), script)
      const number = called.status === 0 ? /^(\d+)/m.exec(called.stdout)?.[1] : undefined
      if (number !== undefined) return await accept(project, submission, number)
      if (called.isMissing) throw unavailableError(settings, called)
      if (!mayPass(called)) throw refusedError(called)
      await pause()
      const queue = await knownQueue()
      const heard = queue?.get(`${submission.key}.0`)
      if (heard) return await accept(project, submission, heard.array)
    }
    await removeSubmission(project, submission.key)
    return false
  } catch (error) {
    if (submission.array === null) await removeSubmission(project, submission.key)
    throw error
  }
}

async function accept(project: string, submission: Submission, array: string): Promise<true> {
  submission.array = array
  await saveSubmission(project, submission)
  return true
}

/** What a submission is submitted as. */
export function arrayJobOf(
  {
    folder,
    program,
    graceSeconds
  }: Pick<Cluster, 'program' | 'graceSeconds'> & { folder: Pick<Cluster['folder'], 'project'> },
  { key, study, settings, elements }: Pick<Submission, 'key' | 'study' | 'settings' | 'elements'>
): ArrayJob {
  return {
    key,
    study,
    project: folder.project,
    folder: nodesFolder(folder.project, key),
    elements: elements.length,
    settings,
    program,
    graceSeconds
  }
}
