/** One tiny element that looks around on a node, before anybody relies on the cluster. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterFinding } from '#shared/clusterView'
import { toPlain } from '#shared/errors'
import { makeFolder, removeTree, writeFileAtomic } from '#engine/storage/files'
import { projectPaths } from '#engine/storage/paths'
import { readText } from '#engine/storage/reading'
import { cancelJobs } from './cancelling'
import { callSubmit, jobNumber } from './clients'
import type { Cluster } from './cluster'
import { readEnd } from './elementEnd'
import { nodesFolder } from './nodesFolder'
import { paceOf } from './pace'
import { elementState, readQueue, waitsInVain, wordsOf } from './queue'
import {
  assertOptions,
  mayPass,
  refusedError,
  tailOf,
  unavailableError,
  vainWords
} from './refusals'
import { ANSWER, NOT_WRITTEN, findingsOf, probeScript } from './probeAnswer'
import { submitArguments } from './script'
import type { ArrayJob } from './script'
import { timeFindings } from './timeLimit'

/** A queue may be long: so long is waited for the element, ms. */
const PATIENCE_MS = 120_000

export interface ProbeOptions {
  signal?: AbortSignal
  /** How long it may wait in the queue. */
  patienceMs?: number
  /** Told what the element waits for, in words, and how long it was waited of how long it may, s. */
  onWait?: (words: string, seconds: number, patience: number) => void
}

/**
 * Submits an element that says what it sees, and waits for it.
 *
 * @throws the signal's reason when aborted; the element is taken out of the queue then
 */
export async function probeCluster(
  cluster: Cluster,
  options: ProbeOptions = {}
): Promise<ClusterFinding[]> {
  const { project, settings, folder } = cluster
  const key = `probe-${randomBytes(6).toString('hex')}`
  const own = projectPaths.submission(project, key)
  const job = probeJob(cluster, key)
  await makeFolder(own)
  await writeFileAtomic(join(own, 'elements.txt'), 'probe\n')
  try {
    assertOptions(settings)
    await folder.push({ key, kind: 'measure' })
    const submittedAt = Date.now()
    const called = await callSubmit(settings, submitArguments(job), probeScript(job))
    if (called.status !== 0) {
      const error = called.isMissing
        ? unavailableError(settings, called)
        : mayPass(called)
          ? null
          : refusedError(called)
      const words = error?.message ?? `The cluster does not answer: "${wordsOf(called.stderr)}"`
      return [{ what: 'submit', state: error ? 'bad' : 'unknown', words }]
    }
    const array = jobNumber(called.stdout)
    if (array === null) {
      const words = `sbatch named no job; it said "${called.stdout.trim()}"`
      return [{ what: 'submit', state: 'unknown', words }]
    }
    const submitted = { what: 'submit', state: 'good' as const, words: `Slurm took job ${array}.` }
    // The element itself asks for less time than a run does.
    const late = await timeFindings(settings)
    const found = await awaitAnswer(cluster, { key, array, submittedAt }, options)
    return [submitted, ...late, ...found]
  } catch (error) {
    if (options.signal?.aborted) throw error
    const { message } = toPlain(error)
    return [{ what: 'submit', state: 'bad', words: message }]
  } finally {
    await folder.forget(key)
    await removeTree(own).catch(() => undefined)
  }
}

function probeJob({ study, settings, program, folder }: Cluster, key: string): ArrayJob {
  const place = { project: folder.project, folder: nodesFolder(folder.project, key) }
  // As a run would be submitted, but for the time.
  const short = { ...settings, timeMinutes: Math.min(settings.timeMinutes, 5) }
  return { key, study, ...place, elements: 1, atOnce: 1, settings: short, program }
}

async function awaitAnswer(
  cluster: Cluster,
  { key, array, submittedAt }: { key: string; array: string; submittedAt: number },
  { signal, patienceMs = PATIENCE_MS, onWait }: ProbeOptions
): Promise<ClusterFinding[]> {
  const { project, settings, folder } = cluster
  const own = projectPaths.submission(project, key)
  const pace = paceOf(settings)
  const begun = performance.now()
  const until = begun + patienceMs
  let endedAt: number | null = null
  let words = 'it was just submitted'
  try {
    while (performance.now() < until) {
      onWait?.(`job ${array}: ${words}`, (performance.now() - begun) / 1000, patienceMs / 1000)
      await sleep(Math.min(1000, pace.pollMs), undefined, signal ? { signal } : {})
      await folder.pull([])
      const text = await readText(join(own, ANSWER)).catch(() => null)
      if (text !== null) return findingsOf(text, cluster, submittedAt)
      const queue = await readQueue(settings)
      if (!queue.isKnown) continue
      const record = queue.elements.get(`${key}.0`) ?? null
      const state = elementState(record)
      words = record ? `${record.state} (${record.reason})` : 'it left the queue'
      if (record && waitsInVain(record)) {
        return [{ what: 'queue', state: 'bad', words: vainWords(record.reason) }]
      }
      if (['waiting', 'running', 'stuck'].includes(state)) continue
      endedAt ??= performance.now()
      if (performance.now() - endedAt > Math.min(pace.graceMs, 20_000)) {
        return [await unseen(cluster, key, array)]
      }
    }
  } finally {
    await cancelJobs(settings, [{ word: array, elements: 1 }])
  }
  const waits = `The element did not begin within ${Math.round(patienceMs / 1000)} s: ${words}. The settings are accepted; nothing is known of the nodes.`
  return [{ what: 'queue', state: 'unknown', words: waits }]
}

/** It ended, and its answer is nowhere to be seen. */
async function unseen(
  { project, folder, settings }: Cluster,
  key: string,
  array: string
): Promise<ClusterFinding> {
  const log = await tailOf(join(projectPaths.submission(project, key), `${array}_0.log`), 8)
  const end = await readEnd(settings, `${array}_0`)
  const node = end?.node ?? 'the node'
  if (end?.exitStatus === NOT_WRITTEN) {
    const words = `${node} sees the project but cannot write into it: look at its rights, its quota and its free space. The element's log: ${log || 'empty, too'}`
    return { what: 'write', state: 'bad', words }
  }
  const words =
    log === ''
      ? `The element ended on ${node}, and neither its log nor its answer is in ${folder.project}: the node writes elsewhere, or sees no such folder. The project must lie on storage that every node shares, at the same path.`
      : `The element ended on ${node} without an answer. Its log: ${log}`
  return { what: 'folder', state: 'bad', words }
}
