/** Elements that an earlier process of this project submitted, and that still wait or run. */
import type { ClusterFolder } from './clusterFolder'
import { elementState, isLive, recordOf } from './queue'
import type { QueueRecord } from './queue'
import { saveSubmission } from './submissions'
import type { ElementPlace, Submission } from './submissions'

/**
 * By `KIND FINGERPRINT`. Found by the name in the queue: a number may be forgotten and given out again, and a
 * process may have died between the submission and writing its number down.
 */
export async function liveElements(
  { project, folder }: { project: string; folder: Pick<ClusterFolder, 'project'> },
  submissions: readonly Submission[],
  queue: ReadonlyMap<string, QueueRecord>
): Promise<Map<string, ElementPlace>> {
  const live = new Map<string, ElementPlace>()
  for (const submission of submissions) {
    // The jobs of the project that this is a copy of work there.
    if (submission.project !== folder.project) continue
    for (const [index, { runs }] of submission.elements.entries()) {
      const record = recordOf(queue, submission.key, index)
      if (!record || !isLive(elementState(record))) continue
      if (submission.array !== record.array) {
        submission.array = record.array
        await saveSubmission(project, submission)
      }
      for (const run of runs) {
        const name = `${submission.kind} ${run}`
        if (!live.has(name)) live.set(name, { submission, index })
      }
    }
  }
  return live
}
