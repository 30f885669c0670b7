/** Puts the element that this process is back into its queue, unless it got nowhere again and again. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { jsonValue } from '#shared/jsonText'
import { ownElement } from '#engine/storage/claims'
import { removeTree, writeFileAtomic } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { readText } from '#engine/storage/reading'
import { callClient } from './clients'
import { minutesOf } from './timeLimit'

/** What came of an element's jobs before it was told to leave. */
export interface ElementWork {
  key: string
  /** True of a job that is done; its result is taken away by and by. */
  isDone: boolean
  /** True where more of it is saved than before. */
  isFurther: boolean
}

/** `in-vain`: not put back, since it would get nowhere again. `refused`: Slurm does not do it, or this is no element. */
export type PutBack = 'put-back' | 'in-vain' | 'refused'

/** It is put back so often without having got any further: what is slow at first may be quicker once. */
export const MOST_IN_VAIN = 2

/** One that is told to leave so many minutes before its time is up makes place for another job: that is not in vain. */
const EARLY_MINUTES = 3

const TriesSchema = z.object({
  /** Tries in a row that got nowhere. */
  inVain: z.int().nonnegative(),
  /** Jobs that were done in any of its tries: done again they are no progress. */
  done: z.array(z.string())
})
type Tries = z.infer<typeof TriesSchema>

/**
 * Puts this element back by its place in the array: the last element to start has the array's own number, by which all of
 * them would be put back.
 *
 * How often that was in vain is counted in the folder of its submission. Slurm's own count of restarts has those too that
 * got further, and those after a node was lost.
 */
export async function putBack(project: string, work: readonly ElementWork[]): Promise<PutBack> {
  const element = ownElement()
  if (element === null) return 'refused'
  const path = triesPath(project)
  const before = await readTries(path)
  const isNew = ({ key, isDone }: ElementWork) => isDone && !before.done.includes(key)
  const hasGotFurther = work.some((one) => isNew(one) || (!one.isDone && one.isFurther))
  const inVain = hasGotFurther ? 0 : before.inVain + ((await isEarly(element)) ? 0 : 1)
  if (inVain > MOST_IN_VAIN) {
    // Whoever puts it back by hand gives it as many tries anew.
    if (path !== null) await removeTree(path).catch(() => undefined)
    return 'in-vain'
  }
  const done = [...before.done, ...work.filter(isNew).map(({ key }) => key)]
  if (path !== null) await writeTries(path, { inVain, done })
  const called = await callClient({}, 'scontrol', ['requeue', element])
  if (called.status !== 0) process.stderr.write(`not put back into the queue: ${called.stderr}\n`)
  return called.status === 0 ? 'put-back' : 'refused'
}

/** Null where it was not Assay that submitted it: then Slurm's count has to do. */
function triesPath(project: string): string | null {
  const { SLURM_JOB_NAME: key = '', SLURM_ARRAY_TASK_ID: index } = process.env
  if (!key.startsWith('assay-') || basename(key) !== key) return null
  const folder = projectPaths.submission(project, key)
  return existsSync(folder) ? join(folder, `tries-${Number(index)}.json`) : null
}

async function readTries(path: string | null): Promise<Tries> {
  if (path === null) return { inVain: Number(process.env['SLURM_RESTART_COUNT'] ?? 0), done: [] }
  const text = await readText(path).catch(() => '')
  return TriesSchema.safeParse(jsonValue(text)).data ?? { inVain: 0, done: [] }
}

/** What cannot be written is counted the next time: an element's place is worth more than its count. */
async function writeTries(path: string, tries: Tries): Promise<void> {
  await writeFileAtomic(path, JSON.stringify(tries)).catch(() => undefined)
}

/** True where the queue says that much of its time is left. */
async function isEarly(element: string): Promise<boolean> {
  const { status, stdout } = await callClient({}, 'squeue', ['-h', '-j', element, '-o', '%L'])
  if (status !== 0) return false
  const left = stdout.trim()
  return left === 'UNLIMITED' || (minutesOf(left) ?? 0) >= EARLY_MINUTES
}
