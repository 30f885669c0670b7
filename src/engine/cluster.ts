/** What a project has on a Slurm cluster, for whoever looks: elements, nodes, scripts, logs, a check. */
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import type {
  ClusterCheck,
  ClusterElement,
  ClusterLog,
  ClusterScript,
  ClusterView,
  SubmittedScript
} from '#shared/clusterView'
import { WorkbenchError, toPlain } from '#shared/errors'
import type { Study } from '#shared/records'
import { clusterOf } from './executors/chooseExecutor'
import { cancelJobs, cancelWords } from './executors/slurm/cancelling'
import type { Cluster } from './executors/slurm/cluster'
import { probeCluster } from './executors/slurm/probe'
import type { ProbeOptions } from './executors/slurm/probe'
import { elementState, isLive, readQueue, recordOf } from './executors/slurm/queue'
import type { Queue, QueueRecord } from './executors/slurm/queue'
import { readNodesInUse } from './executors/slurm/nodeUse'
import { elementScript, submitArguments, typedCall } from './executors/slurm/script'
import { logPath, readSubmissions, submittedScript } from './executors/slurm/submissions'
import type { ElementPlace, Submission } from './executors/slurm/submissions'
import { arrayJobOf } from './executors/slurm/submitArray'
import type { ProjectSession } from './projectSession'
import { isRunFinished } from './storage/runs'
import { assertCommandsConfirmed } from './confirmedCommands'
import { lastPoint, textBehind } from './storage/traces'
import { modelsOf, unmeasured } from './studies/measureModels'
import { distinctRuns, runsOf } from './studies/plan'
import { missingRuns } from './studies/run'

/** Of a log so much is read from its end, bytes. */
const LOG_BYTES = 1 << 16

/**
 * Elements of the project, of all its studies, and the nodes of the study's cluster.
 *
 * @throws WorkbenchError `executor/invalid` for a study that runs on this machine
 */
export async function readCluster(session: ProjectSession, study: Study): Promise<ClusterView> {
  const { settings } = clusterOfStudy(session, study)
  const queue = await queueOf(session, study)
  return {
    study: study.name,
    host: settings.host ?? null,
    elements: await elementsOf(session, study, queue),
    nodes: queue.isKnown ? await readNodesInUse(settings) : [],
    unreachable: queue.isKnown ? null : queue.words,
    askedAt: new Date().toISOString()
  }
}

async function elementsOf(
  session: ProjectSession,
  study: Study,
  queue: Queue
): Promise<ClusterElement[]> {
  const submissions = await readSubmissions(session.folder)
  const cluster = clusterOfStudy(session, study)
  const all = submissions.map((submission) => {
    const mayList = isAskedHere(submission, cluster)
    const { elements } = submission
    return elements.map((_, index) => describe(session, submission, index, { queue, mayList }))
  })
  return Promise.all(all.flat())
}

/**
 * False where the study's queue lists none of an array in any case: it is on another cluster or in another folder, as another
 * study has it, or somebody else's.
 */
function isAskedHere({ asked, project }: Submission, { settings, folder }: Cluster): boolean {
  if (asked === null || project !== folder.project) return false
  const { host = null } = settings
  // Who one is on another machine is not asked for this.
  return asked.host === host && (host !== null || asked.user === userInfo().username)
}

/** The queue, unless nobody confirmed whom it is asked of: then these words take the place of its own. */
async function queueOf(session: ProjectSession, study: Study): ReturnType<typeof readQueue> {
  try {
    const { settings } = await clusterFor(session, study)
    return await readQueue(settings)
  } catch (error) {
    const { code, message } = toPlain(error)
    if (code !== 'study/unconfirmed') throw error
    return { isKnown: false, words: message }
  }
}

/** True where something was submitted that is not known to be over. */
export async function hasElements(session: ProjectSession): Promise<boolean> {
  return (await readSubmissions(session.folder)).some(({ isOver }) => !isOver)
}

/**
 * Takes elements out of the queue; those that run save their state and leave.
 *
 * @param ids of elements; all that wait or run when left out
 * @returns how many were taken out
 * @throws WorkbenchError `executor/invalid` for an element that is not there; `executor/unavailable` where the
 *   cluster does not answer
 */
export async function cancelElements(
  session: ProjectSession,
  study: Study,
  ids?: readonly string[]
): Promise<number> {
  const { settings } = await clusterFor(session, study)
  const queue = await readQueue(settings)
  if (!queue.isKnown) throw notCancelled(queue.words, 'Nothing was cancelled')
  const elements = await elementsOf(session, study, queue)
  const chosen = ids?.map((id) => found(elements, id)) ?? elements
  const live = chosen.flatMap(({ state, job, index }) =>
    isLive(state) && job !== null ? [{ array: job.split('_')[0]!, index }] : []
  )
  const left = await cancelJobs(settings, cancelWords(live, queue.elements.values()))
  if (!left) return live.length
  const { words, said } = left
  const remaining = words.reduce((sum, one) => sum + one.elements, 0)
  const which = words.map(({ word }) => word).join(' ')
  throw notCancelled(said, `${remaining} of ${live.length} stay in the queue (${which})`)
}

function notCancelled(said: string, what: string): WorkbenchError {
  return new WorkbenchError(
    'executor/unavailable',
    `The cluster does not do it: "${said}" ${what}; try it again.`,
    { found: said }
  )
}

/**
 * The end of an element's log.
 *
 * @throws WorkbenchError `executor/invalid` for an element that is not there
 */
export async function readElementLog(
  session: ProjectSession,
  study: Study,
  id: string
): Promise<ClusterLog> {
  const { folder } = await clusterFor(session, study)
  const place = await submittedPlace(session, id)
  await folder.pullLog(place)
  const path = logPath(session.folder, place) ?? ''
  const size = (await stat(path).catch(() => null))?.size ?? 0
  const text = await textBehind(path, (bytes) => Math.max(0, bytes - LOG_BYTES))
  return { path, text: text ?? '', isWhole: size <= LOG_BYTES }
}

/**
 * What was submitted for an element: its script as it was stored then, whichever version of the program asks now, and the
 * call by the settings of then.
 *
 * @throws WorkbenchError `executor/invalid` for an element that is not there
 */
export async function readElementScript(
  session: ProjectSession,
  study: Study,
  id: string
): Promise<SubmittedScript> {
  const { submission } = await submittedPlace(session, id)
  const { program } = clusterOfStudy(session, study)
  const job = arrayJobOf({ folder: submission, program }, submission)
  const script = await submittedScript(session.folder, submission.key)
  return { call: typedCall(submitArguments(job)), script: script ?? elementScript(job) }
}

/**
 * What would be submitted for the study as it is: its first array of runs, or of models where all runs are
 * trained.
 *
 * @throws WorkbenchError `executor/invalid`, `study/not-prepared`
 */
export async function clusterScript(session: ProjectSession, study: Study): Promise<ClusterScript> {
  const { settings } = clusterOfStudy(session, study)
  const context = await session.workOn(study)
  const runs = missingRuns(session.folder, distinctRuns(runsOf(context.plan)))
  const next = runs.filter(({ start }) =>
    start?.kind === 'run' ? isRunFinished(session.folder, start.fingerprint) : true
  )
  const models = unmeasured(modelsOf(context.plan), context)
  const kind = next.length > 0 ? 'train' : 'measure'
  const count = next.length || Math.ceil(models.length / settings.modelsPerElement)
  return scriptOf(session, study, kind, count)
}

/**
 * As {@link clusterScript}, of a study whose text is not prepared: one element stands for as many as there will
 * be.
 *
 * @throws WorkbenchError `executor/invalid`
 */
export function foreseenScript(session: ProjectSession, study: Study): ClusterScript {
  return scriptOf(session, study, 'train', 1)
}

function scriptOf(
  session: ProjectSession,
  study: Study,
  kind: ClusterScript['kind'],
  count: number
): ClusterScript {
  const cluster = clusterOfStudy(session, study)
  const { settings } = cluster
  const elements = Array.from({ length: Math.max(1, count) }, () => ({ runs: [], labels: [] }))
  const job = arrayJobOf(cluster, { key: 'assay-KEY', study: study.name, settings, elements })
  const call = typedCall(submitArguments(job))
  return { call, script: elementScript(job), elements: count, kind }
}

/**
 * Submits one tiny element and says in words what it found: whether it is accepted, the project is seen and may
 * be written, clocks and versions agree, tensors are computed, and which GPUs there are.
 *
 * @throws WorkbenchError `executor/invalid`; the signal's reason when aborted
 */
export async function checkCluster(
  session: ProjectSession,
  study: Study,
  options: ProbeOptions = {}
): Promise<ClusterCheck> {
  const findings = await probeCluster(await clusterFor(session, study), options)
  return { study: study.name, findings, isGood: findings.every(({ state }) => state !== 'bad') }
}

/** @throws WorkbenchError `study/unconfirmed`, `executor/invalid`, `executor/unavailable` */
async function clusterFor(session: ProjectSession, study: Study): Promise<Cluster> {
  // Whom it asks, and how, the study says.
  await assertCommandsConfirmed(session.folder, { name: study.name, executor: study.executor })
  return clusterOfStudy(session, study)
}

/** @throws WorkbenchError `executor/invalid`, `executor/unavailable` */
function clusterOfStudy({ folder, program }: ProjectSession, study: Study): Cluster {
  const { executor } = study
  if (executor?.kind !== 'slurm') {
    throw new WorkbenchError(
      'executor/invalid',
      `The study "${study.name}" runs on this machine. Set its executor to a Slurm cluster, or choose another study.`,
      { study: study.name, expected: 'slurm', found: executor?.kind ?? 'local' }
    )
  }
  const graceSeconds = study.trainer?.graceSeconds
  return clusterOf(executor, { project: folder, study: study.name, program, graceSeconds })
}

async function describe(
  session: ProjectSession,
  submission: Submission,
  index: number,
  { queue, mayList }: { queue: Queue; mayList: boolean }
): Promise<ClusterElement> {
  const { key, study, kind, submittedAt } = submission
  const { runs, labels } = submission.elements[index]!
  const record = queue.isKnown ? recordOf(queue.elements, key, index) : null
  const array = record?.array ?? submission.array
  const left = queue.isKnown ? stateOf(submission, index, record, session) : 'unknown'
  const state = left === 'gone' && !mayList ? 'unknown' : left
  const began = beganAt(state, record)
  return {
    id: `${key}.${index}`,
    submission: key,
    index,
    study,
    kind,
    labels,
    runs,
    job: array === null ? null : `${array}_${index}`,
    state,
    queueWords: record ? `${record.state} (${record.reason})` : null,
    node: record?.node ?? null,
    since: began === null ? submittedAt : new Date(began * 1000).toISOString(),
    share: kind === 'train' ? await shareOf(session, runs[0]!) : null,
    log: logPath(session.folder, { submission, index })
  }
}

/** Seconds since 1970; null of one that waits: what the queue says then is when it may begin. */
function beganAt(state: ClusterElement['state'], record: QueueRecord | null): number | null {
  return state === 'waiting' || state === 'stuck' ? null : (record?.startedAt ?? null)
}

/** What the queue has forgotten is known by what it left. */
function stateOf(
  { kind, elements, failed }: Submission,
  index: number,
  record: QueueRecord | null,
  session: ProjectSession
): ClusterElement['state'] {
  if (record) return elementState(record)
  if (failed.includes(index)) return 'failed'
  const { runs } = elements[index]!
  const isDone = kind === 'train' && runs.every((run) => isRunFinished(session.folder, run))
  return isDone ? 'done' : 'gone'
}

async function shareOf({ folder, runs }: ProjectSession, run: string): Promise<number | null> {
  if (isRunFinished(folder, run)) return 1
  const tokens = runs.find(({ fingerprint }) => fingerprint === run)?.tokens ?? 0
  const point = await lastPoint(folder, run)
  return point && tokens > 0 ? Math.min(1, point.tokens / tokens) : null
}

async function submittedPlace({ folder }: ProjectSession, id: string): Promise<ElementPlace> {
  const submissions = await readSubmissions(folder)
  const [key, index] = placeOf(id)
  const submission = submissions.find((one) => one.key === key && one.elements[index])
  if (!submission) throw unknownElement(id)
  return { submission, index }
}

function placeOf(id: string): [string, number] {
  const dot = id.lastIndexOf('.')
  return [id.slice(0, dot), Number(id.slice(dot + 1))]
}

/** By its id, by Slurm's, or by a name that only one has. */
function found(elements: readonly ClusterElement[], id: string): ClusterElement {
  const one = elements.find((element) => element.id === id || element.job === id)
  if (!one) throw unknownElement(id)
  return one
}

function unknownElement(id: string): WorkbenchError {
  return new WorkbenchError(
    'executor/invalid',
    `The project has no element ${id} on a cluster. Elements are named SUBMISSION.INDEX; look which there are.`,
    { found: id }
  )
}
