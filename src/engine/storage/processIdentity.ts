/** Which process of which machine this is, so that another can tell whether it still lives. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

export interface ProcessIdentity {
  host: string
  /** Tells machines of one name apart, that share a disk; absent in locks of earlier versions. */
  machine?: string
  bootId: string
  pid: number
  /** Start of the process in clock ticks since boot: tells a reused pid apart. */
  processStart: string
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    machine: machineId(),
    bootId: bootId(),
    pid: process.pid,
    processStart: processStart(process.pid) ?? 'alive'
  }
}

/** True for a process of this machine, in whichever boot: whether it lives can be known. */
export function isOfThisMachine({ host, machine = machineId() }: ProcessIdentity): boolean {
  return host === hostname() && machine === machineId()
}

/** Whether a process of this machine still lives. */
export function isAlive({ bootId: boot, pid, processStart: start }: ProcessIdentity): boolean {
  return boot === bootId() && processStart(pid) === start
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

function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    try {
      process.kill(pid, 0)
      return 'alive'
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : null
    }
  }
}
