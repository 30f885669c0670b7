/** What the queue says of elements, and what that means. */
import type { ClusterNode, ElementState } from '#shared/clusterView'
import { callClient } from './clients'
import type { SubmitHost } from './clients'

/** One element as the queue has it. */
export interface QueueRecord {
  /** The array's name: the key of a submission. */
  name: string
  /** Slurm's number of the array, and the element's place in it. */
  array: string
  index: number
  state: string
  reason: string
  node: string | null
  /** Seconds since 1970; null before it began. */
  startedAt: number | null
  submittedAt: number | null
}

/** The queue by `NAME.INDEX`; or why it is not known, in the client's words. */
export type Queue =
  { isKnown: true; elements: Map<string, QueueRecord> } | { isKnown: false; words: string }

const FIELDS = ['%F', '%K', '%T', '%r', '%N', '%S', '%V', '%j']

/** Finished elements stay listed for a while, 300 s by default, and go one by one. */
export async function readQueue(host: SubmitHost): Promise<Queue> {
  const variables = { SLURM_TIME_FORMAT: '%s', SLURM_BITSTR_LEN: '0' }
  const args = ['-h', '-a', '-r', '-t', 'all', '--me', '-o', FIELDS.join('|')]
  const called = await callClient(host, 'squeue', args, { variables })
  if (called.status !== 0) {
    const silent = called.isMissing ? 'there is no program squeue' : 'squeue did not answer in time'
    return { isKnown: false, words: wordsOf(called.stderr) || silent }
  }
  return { isKnown: true, elements: parsedQueue(called.stdout) }
}

/**
 * Lines of `squeue`. Of two arrays of one name, where a submission was heard twice, the element that still waits or
 * runs counts.
 */
export function parsedQueue(lines: string): Map<string, QueueRecord> {
  const elements = new Map<string, QueueRecord>()
  for (const record of lines.split('\n').flatMap(parsedRecord)) {
    const name = `${record.name}.${record.index}`
    const other = elements.get(name)
    if (other && isLive(elementState(other))) continue
    elements.set(name, record)
  }
  return elements
}

/** Elements that are cancelled before they begin lose their indexes: one line stands for all of an array. */
const NEVER_BEGUN = -1

/** What the queue says of an element; null where it says nothing. */
export function recordOf(
  elements: ReadonlyMap<string, QueueRecord>,
  key: string,
  index: number
): QueueRecord | null {
  return elements.get(`${key}.${index}`) ?? elements.get(`${key}.${NEVER_BEGUN}`) ?? null
}

/** A line of `squeue`; nothing for one that is no element of an array. */
export function parsedRecord(line: string): QueueRecord[] {
  const [array, index, state, reason, node, start, submitted, ...name] = line.split('|')
  const isElement = /^\d+$/.test(index ?? '')
  if (array === undefined || name.length === 0) return []
  if (!isElement && state !== 'CANCELLED') return []
  return [
    {
      name: name.join('|'),
      array,
      index: isElement ? Number(index) : NEVER_BEGUN,
      state: state!,
      reason: reason!,
      node: node === '' ? null : node!,
      startedAt: Number(start) || null,
      submittedAt: Number(submitted) || null
    }
  ]
}

const WAITING = ['PENDING', 'CONFIGURING', 'REQUEUED', 'REQUEUE_HOLD', 'REQUEUE_FED']
const RUNNING = ['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'SIGNALING', 'STAGE_OUT']
const INTERRUPTED = ['PREEMPTED', 'NODE_FAIL', 'BOOT_FAIL', 'TIMEOUT', 'DEADLINE', 'RESIZING']

/** Reasons that no waiting takes away: the job asks for what it may not have, or its partition takes none. */
const IN_VAIN = new RegExp(
  [
    '^(AccountNotAllowed|InvalidAccount|QOSNotAllowed|InvalidQOS|BadConstraints|PartitionNodeLimit)$',
    '^(PartitionTimeLimit|AssociationTimeLimit|QOSTimeLimit|PartitionDown|PartitionInactive)$',
    '^(DependencyNeverSatisfied|MaxMemPerLimit)$',
    // One job asks for more than a job, or what it has of a node, may have; or for less than the least.
    '^(QOS|Assoc)Max[A-Za-z]*Per(Job|Node)(Limit)?$',
    '^QOSMin[A-Za-z]*$',
    "^Job's (account|QOS) "
  ].join('|')
)

/** True where an element that waits never starts as things are. */
export function waitsInVain({ state, reason }: Pick<QueueRecord, 'state' | 'reason'>): boolean {
  return WAITING.includes(state) && IN_VAIN.test(reason)
}

/**
 * Slurm's states, folded to what is done about them. One that is held, or that may not start as it is, never
 * starts by itself: it is stuck until somebody does something.
 */
export function elementState(record: Pick<QueueRecord, 'state' | 'reason'> | null): ElementState {
  if (!record) return 'gone'
  const { state, reason } = record
  const isHeld = /held/i.test(reason) || IN_VAIN.test(reason)
  if ((isHeld && WAITING.includes(state)) || state === 'SPECIAL_EXIT') return 'stuck'
  if (WAITING.includes(state)) return 'waiting'
  if (RUNNING.includes(state)) return 'running'
  if (state === 'COMPLETED') return 'done'
  if (state === 'CANCELLED') return 'cancelled'
  return INTERRUPTED.includes(state) ? 'interrupted' : 'failed'
}

/** True while something still comes of an element. */
export function isLive(state: ElementState): boolean {
  return ['waiting', 'running', 'stuck'].includes(state)
}

/** Slurm's usual limit where it does not say. */
const USUAL_ARRAY_SIZE = 1001

/** Elements that one array may have: the highest index is one less. */
export async function readArraySize(host: SubmitHost): Promise<number> {
  const found = Number(await readConfigured(host, 'MaxArraySize'))
  return found > 0 ? found : USUAL_ARRAY_SIZE
}

/** What a cluster is configured with; null where it does not say. */
export async function readConfigured(host: SubmitHost, name: string): Promise<string | null> {
  const { stdout } = await callClient(host, 'scontrol', ['show', 'config'])
  return new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(stdout)?.[1] ?? null
}

/** Nodes of all partitions; none where the cluster does not answer. */
export async function readNodes(host: SubmitHost): Promise<ClusterNode[]> {
  const format = ['%N', '%P', '%T', '%C', '%m', '%G', '%E'].join('|')
  const { status, stdout } = await callClient(host, 'sinfo', ['-h', '-N', '-o', format])
  return status === 0 ? stdout.split('\n').flatMap(parsedNode) : []
}

/** A line of `sinfo`, one for each node of each partition. */
export function parsedNode(line: string): ClusterNode[] {
  const [name, partition, state, cpus, memory, gres, ...reason] = line.split('|')
  if (name === undefined || reason.length === 0) return []
  const [allocated = 0, idle = 0, , total = 0] = cpus!.split('/').map(Number)
  const why = reason.join('|')
  return [
    {
      name,
      partition: partition!.replace(/\*$/, ''),
      isDefaultPartition: partition!.endsWith('*'),
      state: state!,
      cpus: { allocated, idle, total },
      memoryMegabytes: Number(memory) || null,
      gres: gres === '(null)' || gres === '' ? null : gres!,
      reason: why === 'none' || why === '' ? null : why,
      use: null
    }
  ]
}

/** A line of Slurm's own programs: a host may say a lot else, to whoever logs in. */
const SLURMS_OWN = /^(sbatch|squeue|scontrol|scancel|sinfo|sacct|slurm\w*)( error)?: /

/** What Slurm's own programs said; empty where it is somebody else who speaks. */
export function slurmWordsOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => SLURMS_OWN.test(line))
  return lines.map((line) => line.replace(/^\w+: (error: |fatal: )?/, '').trim()).join(' ')
}

/** What a client said, without its name ahead of each line; of others, such as ssh, where Slurm says nothing. */
export function wordsOf(stderr: string): string {
  const others = stderr.split('\n').map((line) => line.replace(/^\w+: /, '').trim())
  return slurmWordsOf(stderr) || others.filter((line) => line !== '').join(' ')
}
