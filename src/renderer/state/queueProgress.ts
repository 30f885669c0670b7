/** How far the runs of a queue are, together. Pure. */
import type { Progress } from '#shared/records'
import type { QueuedRun } from '#shared/trainingView'

/** Runs that are done, of how many; predicted tokens trained on, of how many. */
export interface QueueProgress {
  done: number
  runs: number
  trained: number
  tokens: number
}

/** Tokens that a run was trained on: as it tells while it trains, else to the end of its curve. */
export function trainedTokens(run: QueuedRun, progress: Progress | undefined): number {
  if (run.isDone) return run.tokens
  // A run that goes on from its resume point tells less than its curve had.
  return Math.min(run.tokens, progress ? progress.done : run.trained)
}

/** @param progress of runs that train, by fingerprint */
export function queueProgress(
  runs: readonly QueuedRun[],
  progress: Readonly<Record<string, Progress>>
): QueueProgress {
  const sum = (of: (run: QueuedRun) => number) => runs.reduce((total, run) => total + of(run), 0)
  return {
    done: sum((run) => Number(run.isDone)),
    runs: runs.length,
    trained: sum((run) => trainedTokens(run, progress[run.fingerprint])),
    tokens: sum((run) => run.tokens)
  }
}

/** Tokens per second of all runs that train. */
export function trainingRate(progress: Readonly<Record<string, Progress>>): number {
  return Object.values(progress)
    .filter((one) => one.activity === 'train')
    .reduce((total, one) => total + (one.rate ?? 0), 0)
}
