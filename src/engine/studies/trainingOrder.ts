/** In which order runs that may come in any are begun, so that all of them are done early. Pure. */
import type { StudyPlan } from './plan'

/** So many runs for each that trains at once are kept for the end, the shortest ones. */
const KEPT_EACH = 4

/**
 * Puts the shortest runs last, longest first among them: a long one that is begun last keeps one machine
 * busy while all others wait.
 *
 * All else stays as it stands: that order is spread over sizes, so that stopping early leaves a fair
 * sample, which longest first throughout would not. Kept back are four runs for each that trains at once,
 * which does nearly as well as sorting all of them, and half of the runs at most. Where one trains at a
 * time, or all runs are as long, nothing changes.
 *
 * @param runs of one phase, in the order of training
 * @param atOnce how many train at once
 * @param plan names the mixtures whose models somebody waits for: these keep their place
 * @see Graham 1969, Bounds on multiprocessing timing anomalies: longest processing time first
 */
export function shortestLast<Run extends { tokens: number; mixture: string | null }>(
  runs: readonly Run[],
  atOnce: number,
  { awaitedMixtures }: Pick<StudyPlan, 'awaitedMixtures'>
): Run[] {
  const awaited = new Set(awaitedMixtures)
  const movable = runs.filter(({ mixture }) => mixture === null || !awaited.has(mixture))
  const most = atOnce < 2 ? 0 : Math.min(KEPT_EACH * atOnce, movable.length >> 1)
  // Sorting is stable: runs that are as long stay in their order.
  const last = movable.sort((a, b) => b.tokens - a.tokens).slice(movable.length - most)
  const isLast = new Set(last)
  return [...runs.filter((run) => !isLast.has(run)), ...last]
}
