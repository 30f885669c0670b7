/** Worker processes of pretended devices, found and killed from outside. */
import { readFileSync, readdirSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** Process ids of a device's workers that a process started; this one by default. */
export function workersOn(device: string, parent = process.pid): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0')
      // The name of the program, in parentheses, may hold anything; the parent comes second after it.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
      const isIt = Number(fields[1]) === parent && environment.includes(`ASSAY_DEVICE=${device}`)
      return isIt ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

/**
 * Kills every worker of devices until the test ends.
 *
 * @returns ends it before
 */
export function breakDevices(names: string[], parent = process.pid): () => void {
  const killing = setInterval(() => {
    for (const pid of names.flatMap((name) => workersOn(name, parent))) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended meanwhile.
      }
    }
  }, 50)
  const end = () => clearInterval(killing)
  onTestFinished(end)
  return end
}
