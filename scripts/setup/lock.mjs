/** One set-up at a time in a clone: two at once would each undo the other's work. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Takes the lock, waiting while the living process that wrote it holds it.
 *
 * The lock names a process by number and start time, since numbers are given out again.
 *
 * @param {string} path
 * @param {(pid: number) => void} onWait told once when there is somebody to wait for
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(path, onWait) {
  mkdirSync(dirname(path), { recursive: true })
  let hasTold = false
  for (;;) {
    try {
      writeFileSync(path, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    }
    const holder = readHolder(path)
    if (holder && startOf(holder.pid) !== holder.start) {
      rmSync(path, { force: true })
      continue
    }
    if (holder && !hasTold) onWait(holder.pid)
    hasTold ||= holder !== null
    await sleep(500)
  }
}

/**
 * @param {string} path
 * @returns {{ pid: number, start: string | null } | null} null while it is being written or given back
 */
function readHolder(path) {
  try {
    const [pid, start] = readFileSync(path, 'utf8').split(' ')
    const isBeingWritten = !start && Date.now() - statSync(path).mtimeMs < 10_000
    return isBeingWritten ? null : { pid: Number(pid), start: start ?? '' }
  } catch {
    // Given back between our look and our reading: the next turn takes it.
    return null
  }
}

/**
 * When a process started, in the kernel's ticks; null when it is gone, or dead and not yet buried.
 *
 * @param {number} pid
 * @returns {string | null}
 */
export function startOf(pid) {
  try {
    // After the name, which stands in brackets and may hold anything: state, then numbers.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}
