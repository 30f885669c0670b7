/** How an element ended, as the controller tells it for some minutes. */
import { callClient } from './clients'
import type { SubmitHost } from './clients'
import { fieldOf } from './fields'

/** How an element ended. */
export interface ElementEnd {
  state: string
  exitStatus: number
  /** 0: none ended it. */
  signal: number
  node: string | null
  /** Number of the user who cancelled it; null where nobody did, or nobody wrote down who. */
  cancelledBy: number | null
  /** MiB that it was given, and the most that it was seen to take; null where nobody knows. */
  memory: { asked: number | null; most: number | null }
}

/** @returns null where Slurm does not remember, or does not answer */
export async function readEnd(host: SubmitHost, job: string): Promise<ElementEnd | null> {
  const { status, stdout } = await callClient(host, 'scontrol', ['-o', 'show', 'job', job])
  return status === 0 ? toldEnd(stdout) : null
}

/** A line of `scontrol -o show job`. */
export function toldEnd(text: string): ElementEnd {
  const [exit = 0, signal = 0] = (fieldOf(text, 'ExitCode') ?? '0:0').split(':').map(Number)
  const node = fieldOf(text, 'NodeList') ?? null
  const given = /(?:^|,)mem=([^,]+)/.exec(fieldOf(text, 'TRES') ?? '')?.[1]
  return {
    state: fieldOf(text, 'JobState') ?? 'UNKNOWN',
    exitStatus: exit,
    signal,
    node: node === '(null)' ? null : node,
    cancelledBy: null,
    memory: { asked: megabytesOf(given ?? ''), most: null }
  }
}

const MEGABYTES: Record<string, number> = { K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2, P: 1024 ** 3 }

/**
 * An amount of memory as Slurm writes it, such as `136296K`; before 21.08 with an `n` or a `c` behind it: for a node,
 * or for a CPU.
 *
 * @returns MiB; null where it says nothing
 */
export function megabytesOf(amount: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGTP]?)[nc]?$/.exec(amount) ?? []
  if (number === undefined) return null
  // A bare number is of bytes.
  return Math.round(Number(number) * (MEGABYTES[unit!] ?? 1 / 1024 ** 2))
}

const LOGGED: Record<string, string> = {
  'TIME LIMIT': 'TIMEOUT',
  PREEMPTION: 'PREEMPTED',
  'NODE FAILURE': 'NODE_FAIL'
}

/**
 * Why an element ended, as Slurm's daemon on the node wrote into its log: that is there when the controller has
 * forgotten it. Of a log that goes on after a restart the last try counts.
 *
 * @returns a state of Slurm's; null where the log says nothing
 */
export function loggedState(log: string): string | null {
  const lastTry = log.slice(log.lastIndexOf('\nAssay: ') + 1)
  const words = [...lastTry.matchAll(/^slurmstepd\S*: error: \*\*\* .* DUE TO ([A-Z ]+) \*\*\*/gm)]
  return LOGGED[words.at(-1)?.[1] ?? ''] ?? null
}
