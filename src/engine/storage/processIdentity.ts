/** Which process of which machine this is, so that another can tell whether it still lives. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonValue } from '#shared/jsonText'
import { readText } from './reading'

export interface ProcessIdentity {
  host: string
  /** Tells machines of one name apart, that share a disk; absent in locks of earlier versions. */
  machine?: string
  bootId: string
  /** Which numbers its `pid` is one of: a container may have its own. Absent in locks of earlier versions. */
  pids?: string
  pid: number
  /** Start of the process in clock ticks since boot: tells a reused pid apart. */
  processStart: string
}

/** The start of a process of which no more is known than that it is there. */
const HIDDEN = 'alive'

/** What cannot change while this process lives. */
const BOOT = said(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
const MACHINE = said(() => readFileSync('/etc/machine-id', 'utf8'))
const PIDS = said(() => readlinkSync('/proc/self/ns/pid'))

function said(read: () => string): string {
  try {
    return read().trim()
  } catch {
    return 'unknown'
  }
}

/** A process of this machine: this one unless another is named. */
export function identityOf(pid = process.pid): ProcessIdentity {
  return {
    host: hostname(),
    machine: MACHINE,
    bootId: BOOT,
    pids: PIDS,
    pid,
    processStart: processStart(pid) ?? HIDDEN
  }
}

/**
 * True for a process of this machine of which can be known whether it lives: one of an earlier boot, or one that has
 * its number where this process has its own.
 */
export function isOfThisMachine(process: ProcessIdentity): boolean {
  const { host, machine = MACHINE, pids = PIDS } = process
  if (host !== hostname() || machine !== MACHINE) return false
  return process.bootId !== BOOT || pids === PIDS
}

/** Whether a process of this machine still lives; one that is there and hides its start counts as living. */
export function isAlive({ bootId: boot, pid, processStart: start }: ProcessIdentity): boolean {
  const now = processStart(pid)
  return boot === BOOT && now !== null && (now === start || now === HIDDEN || start === HIDDEN)
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
      const record = jsonValue(await readText(path))
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

/** @returns null where there is no such process, or none that does anything any more */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
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
