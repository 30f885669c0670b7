/** How fast something goes: the rate over the last seconds, not since the start. */
import type { JobHooks } from './jobs'

const WINDOW_MS = 10_000

/**
 * Counts amounts as they come; `add` returns units per second over the last ten seconds.
 *
 * @param now in ms; a clock that nobody sets, and that stands still while the machine sleeps
 */
export function rateMeter(now = (): number => performance.now()): { add(amount: number): number } {
  const marks: { at: number; total: number }[] = [{ at: now(), total: 0 }]
  return {
    add: (amount) => {
      const at = now()
      marks.push({ at, total: marks.at(-1)!.total + amount })
      while (marks.length > 2 && at - marks[1]!.at > WINDOW_MS) marks.shift()
      const first = marks[0]!
      const elapsed = Math.max(1, at - first.at)
      return ((marks.at(-1)!.total - first.total) / elapsed) * 1000
    }
  }
}

/**
 * Tells how far a job is that moves bytes: what it did, its rate and the time left.
 *
 * @returns to be called with the bytes just moved, and what they are of
 */
export function byteProgress(
  activity: string,
  total: number,
  hooks: Pick<JobHooks, 'onProgress'>
): (bytes: number, label: string) => void {
  const meter = rateMeter()
  let done = 0
  return (bytes, label) => {
    done += bytes
    const rate = meter.add(bytes)
    const secondsLeft = (total - done) / rate
    hooks.onProgress({ activity, label, done, total, unit: 'bytes', rate, secondsLeft })
  }
}
