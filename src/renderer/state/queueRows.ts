/** The queue as rows: groups by role, errors below their runs, places from top to bottom. Pure. */
import type { QueuedRun } from '#shared/trainingView'

/** Heights in px: every row of a kind is as high as any other, so that places are known. */
export const HEIGHTS = { group: 30, run: 28, error: 46 } as const

/** From so many rows on only those in sight are drawn. */
export const MANY_ROWS = 100

export type QueueRow = { top: number; height: number } & (
  | { kind: 'group'; role: QueuedRun['role']; done: number; total: number }
  | { kind: 'run'; run: QueuedRun }
  | { kind: 'error'; run: QueuedRun }
)

export type RunStateWord =
  'done' | 'training' | 'queued' | 'stopping' | 'held' | 'failed' | 'stopped' | 'waiting'

/** What a run is doing, in a word. */
export function stateOf(run: QueuedRun, isProgressing: boolean): RunStateWord {
  if (run.isDone) return 'done'
  if (run.isTraining || isProgressing) {
    if (run.isHeld) return 'stopping'
    return run.isQueued ? 'queued' : 'training'
  }
  if (run.isHeld) return 'held'
  if (run.head?.state === 'failed') return 'failed'
  return run.head ? 'stopped' : 'waiting'
}

/**
 * A run as it tells of itself, which is newer than the queue that was read.
 *
 * @param told runs that tell of themselves, and those of them that wait in a cluster's queue
 */
export function asTold(
  run: QueuedRun,
  told: { active: Readonly<Record<string, true>>; queued: Readonly<Record<string, true>> }
): QueuedRun {
  const { fingerprint } = run
  if (!(fingerprint in told.active)) return run
  return { ...run, isTraining: true, isQueued: fingerprint in told.queued }
}

/** Rows of a queue that comes in order of roles. */
export function queueRows(runs: readonly QueuedRun[]): QueueRow[] {
  const rows: QueueRow[] = []
  let top = 0
  const add = (row: QueueRow) => {
    rows.push(row)
    top += row.height
  }
  let role: QueuedRun['role'] | null = null
  for (const run of runs) {
    if (run.role !== role) {
      role = run.role
      const peers = runs.filter((one) => one.role === role)
      const done = peers.filter((one) => one.isDone).length
      add({ kind: 'group', role, done, total: peers.length, top, height: HEIGHTS.group })
    }
    add({ kind: 'run', run, top, height: HEIGHTS.run })
    if (hasFailed(run)) add({ kind: 'error', run, top, height: HEIGHTS.error })
  }
  return rows
}

/** True for a run that failed, also while it is tried again. */
function hasFailed(run: QueuedRun): boolean {
  if (run.isDone || !run.head) return false
  return run.isTraining ? run.head.error !== null : run.head.state === 'failed'
}

/**
 * Rows in sight, and the room above and below them, in px.
 *
 * @param extra px drawn beyond either edge
 */
export function rowsInSight(
  rows: readonly QueueRow[],
  scrolled: number,
  height: number,
  extra = 200
): { rows: readonly QueueRow[]; above: number; below: number } {
  const last = rows.at(-1)
  if (!last || rows.length <= MANY_ROWS) return { rows, above: 0, below: 0 }
  const seen = rows.filter(
    (row) => row.top + row.height > scrolled - extra && row.top < scrolled + height + extra
  )
  const end = seen.at(-1)
  return {
    rows: seen,
    above: seen[0]?.top ?? 0,
    below: last.top + last.height - (end ? end.top + end.height : 0)
  }
}

/**
 * Before which run one must be put to come one place sooner or later among those that wait.
 *
 * @returns a fingerprint; null: last of its role; undefined: it cannot go further
 */
export function moveTarget(
  runs: readonly QueuedRun[],
  run: QueuedRun,
  by: -1 | 1
): string | null | undefined {
  const peers = runs.filter((one) => one.role === run.role && !one.isDone && !one.isTraining)
  const at = peers.findIndex((one) => one.fingerprint === run.fingerprint)
  if (at < 0 || at + by < 0 || at + by >= peers.length) return undefined
  return by < 0 ? peers[at - 1]!.fingerprint : (peers[at + 2]?.fingerprint ?? null)
}
