import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until a process listens to a signal: one that comes before ends it.
 *
 * @param signal not SIGINT or SIGTERM, which every Node catches for a word of its own at its end
 */
export async function untilListening(pid: number, signal: 'SIGHUP' | 'SIGUSR2'): Promise<void> {
  const bit = 1n << BigInt(constants.signals[signal] - 1)
  for (let heard = 0n; heard === 0n; await sleep(5)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    heard = BigInt(`0x${/^SigCgt:\s+(\w+)/m.exec(status)![1]}`) & bit
  }
}
