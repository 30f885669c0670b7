/** How fast something goes: the rate over the last seconds, not since the start. */

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
