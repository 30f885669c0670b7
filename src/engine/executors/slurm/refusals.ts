/** What went wrong with a cluster, in words. */
import { WorkbenchError, toPlain } from '#shared/errors'
import type { SlurmSettings } from '#shared/executors'
import { optionFault } from '#shared/sbatchOptions'
import { textBehind } from '#engine/storage/traces'
import type { Called, SubmitHost } from './clients'
import { loggedState } from './elementEnd'
import type { ElementEnd } from './elementEnd'
import { slurmWordsOf, wordsOf } from './queue'
import { CLAIMED, NOT_SEEN, TRY_AGAIN } from './script'

/** The controller may answer the next time. A call that was cut off may have been heard. */
const MAY_PASS =
  /unable to contact slurm controller|connect failure|connection refused|timed out|temporarily|try again|zero bytes were transmitted/i

/** Slurm's names of limits of how much may be in the queue, and of any other limit. */
const QUEUE_LIMIT = /\b(QOS|Assoc)(Max|Grp)Submit/
const OTHER_LIMIT = /\b(QOS|Assoc)(Max|Min|Grp)[A-Z]/

/** What of a study's settings a sentence of Slurm is about. */
const ABOUT: [RegExp, string][] = [
  [
    /^(PartitionDown|PartitionInactive)$/,
    'Set `partition` to one that takes jobs, or wait for it.'
  ],
  [/^PartitionNodeLimit$/, 'Set `partition` to one that allows a job of one node.'],
  [
    QUEUE_LIMIT,
    'So few elements may be in the queue that not one of this study fits: have your other jobs leave it, or set another `qos` or `account`.'
  ],
  [
    /(Partition|QOS|Association)TimeLimit|MaxWallDurationPerJob/,
    'Set `timeMinutes` to less than the partition, the QOS and your account allow.'
  ],
  [/^QOSMin/, 'Ask for as many `cpus` or as much `gres` as a job of this QOS needs at least.'],
  [/(Max|Min)(Mem|Memory)Per|MaxMemPerLimit/i, 'Set `memoryMegabytes` to what a job may have.'],
  [/MaxGRESPer/i, 'Set `gres` to what a job may have.'],
  [/MaxCpu\w*Per(Job|Node)/i, 'Set `cpus`, or `timeMinutes`, to what a job may have.'],
  [/Max(Node|Billing|BB|Energy|License)\w*Per(Job|Node)/i, 'Ask for less, or set another `qos`.'],
  [
    /^Batch job submission failed: .*job submit limit/,
    'Not one element is taken: you may have too many jobs in the queue, or ask for more time or resources than `qos` and `account` allow.'
  ],
  [/qos/i, 'Set `qos` to one that your account has, or leave it out, or another `partition`.'],
  [/account|association/i, 'Set `account` and `partition` to what you may use together.'],
  [/partition/i, 'Set `partition` to one that the cluster has.'],
  [/time ?limit|time specification/i, 'Set `timeMinutes` to less than the partition allows.'],
  [/memory/i, 'Set `memoryMegabytes` to what a node has.'],
  [/gres|gpu/i, 'Set `gres` to what a node has, or leave it out.'],
  [
    /node configuration|cpu|feature|constraints/i,
    'Ask for no more `cpus`, memory or `gres` than a node has.'
  ],
  [/submit|limit|quota/i, 'Wait until some of your jobs have ended.']
]

/** Statuses of ssh where it does not come through, and of `timeout` where it ended what took too long. */
const CUT_OFF = [255, 124, 137]

/** True where asking again may do. */
export function mayPass({ status, stderr, isMissing }: Called): boolean {
  if (isMissing) return false
  return status === null || CUT_OFF.includes(status) || MAY_PASS.test(slurmWordsOf(stderr))
}

/** True where Slurm takes no more elements for now: fewer, or later, may do. */
export function isQueueFull({ stderr }: Called): boolean {
  const words = slurmWordsOf(stderr)
  if (QUEUE_LIMIT.test(words)) return true
  // The sentence of several limits, which some versions say alone.
  return /job submit limit/.test(words) && !OTHER_LIMIT.test(words)
}

/** Of a submission that Slurm refuses: its own sentence, and which setting it is about. */
export function refusedError({ stderr }: Called): WorkbenchError {
  const words = wordsOf(stderr) || 'it said nothing'
  const advice = adviceOn(words)
  return new WorkbenchError(
    'executor/refused',
    `Slurm refuses the job: "${words}" ${advice} They are the study's executor settings.`,
    { found: words }
  )
}

/** @throws WorkbenchError `executor/refused` where lines of a study's options would set what they cannot */
export function assertOptions(settings: SlurmSettings): void {
  for (const line of settings.options) {
    const fault = optionFault(line, settings)
    if (fault === null) continue
    const message = `The option "${line}" of the study's executor settings is not taken: ${fault}`
    throw new WorkbenchError('executor/refused', message, { found: line })
  }
}

/** Of an element that was taken, and never starts as it is: a cluster may leave a refusal for then. */
export function vainWords(reason: string): string {
  return `Slurm does not start it: "${reason}" ${adviceOn(reason)} They are the study's executor settings.`
}

function adviceOn(words: string): string {
  return ABOUT.find(([pattern]) => pattern.test(words))?.[1] ?? 'Change the settings.'
}

/** Where there is nobody to submit to. */
export function unavailableError({ host }: SubmitHost, called: Called): WorkbenchError {
  const found = wordsOf(called.stderr)
  const message =
    host === undefined
      ? 'Slurm is not on this machine: there is no program sbatch. Run the study on a submit host of the cluster, name one as `host` of its executor settings, or run it on this machine.'
      : `Slurm cannot be reached by ssh on ${host}${found === '' ? '' : `: "${found}"`}. ssh must come through without asking anything, and sbatch must be there.`
  return new WorkbenchError('executor/unavailable', message, { host: host ?? null, found })
}

/** An element that ended without a result. */
export interface LostElement {
  label: string
  /** Slurm's id of it. */
  job: string
  /** The queue's last word of it; null: it is not listed any more. */
  state: string | null
  end: ElementEnd | null
  /** The name of who cancelled it, where that is known. */
  cancelledBy: string | null
  logFile: string | null
}

/**
 * Why an element gave no result. `executor/lost` for what another try may not meet: it was ended by the time
 * limit, by a signal, with its node, or nobody knows how.
 */
export async function endError(lost: LostElement): Promise<WorkbenchError> {
  const { label, job, end, cancelledBy, logFile } = lost
  const log = logFile === null ? '' : await tailOf(logFile, 12)
  const state = end?.state ?? lost.state ?? loggedState(log) ?? 'GONE'
  const told = log === '' ? ' It wrote no log.' : ` Its log ends:\n${log}`
  const where = end?.node ? ` on ${end.node}` : ''
  const isLost = isInterruption(state, end)
  const how = howItEnded(state, end, cancelledBy)
  const what = `The cluster's job ${job} of ${label} ended${where} without a result: ${how}.`
  return new WorkbenchError(isLost ? 'executor/lost' : 'executor/failed', what + told, {
    job,
    state,
    exitStatus: end?.exitStatus ?? null,
    signal: end?.signal ?? null,
    node: end?.node ?? null,
    memoryMegabytes: end?.memory.asked ?? null,
    log: logFile
  })
}

function isInterruption(state: string, end: ElementEnd | null): boolean {
  if (state === 'CANCELLED' || state === 'OUT_OF_MEMORY') return false
  if ([TRY_AGAIN, CLAIMED].includes(end?.exitStatus ?? 0) || (end?.signal ?? 0) > 0) return true
  return ['GONE', 'TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'BOOT_FAIL', 'COMPLETED'].includes(state)
}

function howItEnded(state: string, end: ElementEnd | null, cancelledBy: string | null): string {
  if (state === 'CANCELLED') return `${cancelledBy ?? 'somebody'} cancelled it`
  if (state === 'OUT_OF_MEMORY') return outOfMemory(end?.memory ?? { asked: null, most: null })
  if (state === 'TIMEOUT') return 'its time was up'
  if (state === 'NODE_FAIL') return 'the node was lost'
  if (state === 'PREEMPTED') return 'another job took its place'
  if (state === 'GONE') return 'it left the queue, and Slurm remembers no more of it'
  if (end?.exitStatus === NOT_SEEN) return 'the node does not see the project'
  if (end?.exitStatus === CLAIMED) return 'another process was training the run'
  if (end?.exitStatus === 127 || end?.exitStatus === 126) {
    return 'the node could not start Assay by the command that it was given'
  }
  if (end && end.signal > 0) return `signal ${end.signal} ended it (${state})`
  return end && end.exitStatus > 0 ? `exit status ${end.exitStatus} (${state})` : state
}

/** What was taken is only looked at now and then: the last look may be far below what was asked for in the end. */
function outOfMemory({ asked, most }: ElementEnd['memory']): string {
  const given = asked === null ? 'it was given' : `the ${asked} MiB that it was given`
  const seen = most === null ? '' : ` (it was last seen with ${most} MiB)`
  return `it wanted more memory than ${given}${seen}, and would again: give elements more (\`memoryMegabytes\`), or a smaller batch to the recipe`
}

/** Lines that are told are at the end of so many bytes: a log may be larger than memory. */
const TAIL_BYTES = 1 << 16

/** The last lines of a text file; empty where there is none, in words where it cannot be read. */
export async function tailOf(path: string, lines: number): Promise<string> {
  try {
    const text = await textBehind(path, (size) => Math.max(0, size - TAIL_BYTES))
    return (text ?? '').trimEnd().split('\n').slice(-lines).join('\n').trim()
  } catch (error) {
    return `(${path} could not be read: ${toPlain(error).message})`
  }
}
