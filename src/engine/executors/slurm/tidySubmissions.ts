/** Clears away what is left of arrays that are over. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeTree } from '#engine/storage/files'
import { isPassing } from '#engine/storage/readErrors'
import { projectPaths } from '#engine/storage/paths'
import { isRunFinished } from '#engine/storage/runs'
import type { Cluster } from './cluster'
import { liveElements } from './liveElements'
import { readQueue } from './queue'
import { isSamePlace, queuePlace } from './queuePlace'
import type { QueuePlace } from './queuePlace'
import { readSubmissions, removeSubmission, saveSubmission } from './submissions'
import type { Submission } from './submissions'

/** An element that has left its result ends soon: so many looks. */
const LOOKS = 20

/**
 * Removes the folders of arrays that nothing waits or runs of any more. Of those with elements that failed
 * the logs of these stay, until the project is cleaned.
 *
 * A queue says that only of arrays that are in it: those of another cluster, of another user or of another folder there stay,
 * since their elements read what lies in theirs. Only what is trained altogether needs no queue to say so.
 *
 * @param everyMs looks again so often while some are still live; once only when left out
 */
export async function tidySubmissions(cluster: Cluster, everyMs?: number): Promise<void> {
  const { project } = cluster
  let here: QueuePlace | null = null
  for (let looks = 1; ; looks++) {
    const all = await readSubmissions(project).catch((error: unknown) => {
      if (isPassing(error)) return []
      throw error
    })
    if (all.length === 0) return
    const queue = await readQueue(cluster.settings)
    if (!queue.isKnown) return
    here ??= await queuePlace(cluster.settings)
    const live = await liveElements(cluster, all, queue.elements)
    const busy = new Set([...live.values()].map(({ submission }) => submission.key))
    for (const one of all.filter(({ key }) => !busy.has(key))) {
      const isHere = isSamePlace(one.asked, here) && one.project === cluster.folder.project
      if (isHere) await cluster.folder.forget(one.key)
      if (isHere || isTrained(project, one)) await tidy(project, one)
    }
    if (busy.size === 0 || everyMs === undefined || looks >= LOOKS) return
    await sleep(everyMs)
  }
}

/** True where all of it is trained, by whichever element. */
function isTrained(project: string, submission: Submission): boolean {
  return submission.elements.every((_, index) => isElementTrained(project, submission, index))
}

function isElementTrained(project: string, { kind, elements }: Submission, index: number): boolean {
  return kind === 'train' && elements[index]!.runs.every((run) => isRunFinished(project, run))
}

async function tidy(project: string, submission: Submission): Promise<void> {
  const { key, array, ...rest } = submission
  // What was done by another element since is no failure any more.
  const failed = rest.failed.filter((index) => !isElementTrained(project, submission, index))
  if (failed.length === 0) return removeSubmission(project, key)
  if (!rest.isOver) await saveSubmission(project, { ...submission, failed, isOver: true })
  const folder = projectPaths.submission(project, key)
  const kept = new Set(failed.map((index) => `${array}_${index}.log`))
  for (const name of await readdir(folder)) {
    if (name.endsWith('.log') && !kept.has(name)) await removeTree(join(folder, name))
  }
}
