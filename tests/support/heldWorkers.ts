/** Worker processes that stand still while a test looks on: a study cannot end meanwhile, however slow the test is. */
import { readFileSync, readdirSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { soon } from './soon'

function childrenOf(parent: number): number[] {
  const threads = `/proc/${parent}/task`
  try {
    return readdirSync(threads).flatMap((thread) =>
      readFileSync(`${threads}/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    )
  } catch {
    return []
  }
}

function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('workerProcess.cjs')
  } catch {
    return false
  }
}

/**
 * Stops every worker process of an engine, and each that it starts meanwhile; comes back once there is one.
 *
 * @param parent process of the engine
 * @returns lets them go on, as the end of the test does
 */
export async function holdWorkers(parent: number): Promise<() => void> {
  const held = new Set<number>()
  const hold = () => {
    for (const pid of childrenOf(parent).filter((one) => !held.has(one) && isWorker(one))) {
      process.kill(pid, 'SIGSTOP')
      held.add(pid)
    }
  }
  hold()
  const holding = setInterval(hold, 20)
  const letGo = () => {
    clearInterval(holding)
    // One that ended meanwhile is none.
    for (const pid of [...held].filter(isWorker)) process.kill(pid, 'SIGCONT')
    held.clear()
  }
  onTestFinished(letGo)
  await soon(() => {
    if (held.size === 0) throw new Error(`process ${parent} has no worker`)
  })
  return letGo
}
