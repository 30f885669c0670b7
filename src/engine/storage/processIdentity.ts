/** Which process of which machine this is, so that another can tell whether it still lives. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonValue } from '#shared/jsonText'

export interface ProcessIdentity {
  host: string
  /** Tells machines of one name apart, that share a disk; absent in locks of earlier versions. */
  machine?: string
  bootId: string
  pid: number
  /** Start of the process in clock ticks since boot: tells a reused pid apart. */
  processStart: string
}

/** The start of a process of which no more is known than that it is there. */
const HIDDEN = 'alive'

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    machine: machineId(),
    bootId: bootId(),
    pid: process.pid,
    processStart: processStart(process.pid) ?? HIDDEN
  }
}

/** True for a process of this machine, in whichever boot: whether it lives can be known. */
export function isOfThisMachine({ host, machine = machineId() }: ProcessIdentity): boolean {
  return host === hostname() && machine === machineId()
}

/** Whether a process of this machine still lives; one that is there and hides its start counts as living. */
export function isAlive({ bootId: boot, pid, processStart: start }: ProcessIdentity): boolean {
  const now = processStart(pid)
  return boot === bootId() && now !== null && (now === start || now === HIDDEN || start === HIDDEN)
}

/** A file that names a process is looked at so often where it does not make sense, */
const LOOKS = 5
/** so many ms apart: where a disk knows no links it is not written in one stroke. */
const LOOKS_APART_MS = 100

/**
 * Reads which process a lock or a claim names.
 *
 * @returns null where there is no such file; `damaged` where it says nothing, as after a power cut; `unreadable`
 *   where it may not be read (another user's), or the way to the disk fails: its process may well live
 */
export async function readIdentified<T extends ProcessIdentity>(
  path: string
): Promise<T | 'damaged' | 'unreadable' | null> {
  let found: 'damaged' | 'unreadable' = 'damaged'
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await sleep(LOOKS_APART_MS)
    try {
      const record = jsonValue(await readFile(path, 'utf8'))
      if (namesProcess(record)) return record as T
      found = 'damaged'
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      found = 'unreadable'
    }
  }
  return found
}

function namesProcess(record: unknown): record is ProcessIdentity {
  const { pid, host } = (record ?? {}) as Record<string, unknown>
  return Number.isInteger(pid) && typeof host === 'string'
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown'
  }
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim()
  } catch {
    return 'unknown'
  }
}

/** @returns null where there is no such process */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    // Not Linux, a machine that hides other users' processes, or no file may be opened any more.
    try {
      process.kill(pid, 0)
      return HIDDEN
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM' ? HIDDEN : null
    }
  }
}
