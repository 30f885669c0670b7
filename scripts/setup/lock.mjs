/** One set-up at a time in a clone: two at once would each undo the other's work. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Takes the lock, waiting while a living process holds it.
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
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    }
    const holder = readHolder(path)
    if (holder !== null && !isAlive(holder)) rmSync(path, { force: true })
    else {
      if (!hasTold && holder !== null) onWait(holder)
      hasTold = true
      await sleep(500)
    }
  }
}

/** @param {string} path */
function readHolder(path) {
  try {
    const text = readFileSync(path, 'utf8')
    const isBeingWritten = text === '' && Date.now() - statSync(path).mtimeMs < 10_000
    return isBeingWritten ? null : Number(text)
  } catch {
    // Given back between our look and our reading: the next turn takes it.
    return null
  }
}

/**
 * Whether a process of this number runs.
 *
 * @param {number} pid
 */
export function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
