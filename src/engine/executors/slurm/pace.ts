/** How often a cluster is asked, and how long something may take to be seen. */
import type { SlurmSettings } from '#shared/executors'

export interface Pace {
  /** The queue is asked so often, ms. */
  pollMs: number
  /** So often it is looked whether a result lies there, ms. */
  watchMs: number
  /** What left the queue may have written a result that this machine does not see yet: so long, ms. */
  graceMs: number
}

/** Asks more often than a study may: for tests. */
const POLL_VARIABLE = 'ASSAY_CLUSTER_POLL_SECONDS'

/** A network file system shows another machine's files after up to a minute. */
const SHARED_DELAY_MS = 60_000

/** As a study asks for, or as this process's environment does. */
export function paceOf({ pollSeconds }: Pick<SlurmSettings, 'pollSeconds'>): Pace {
  const asked = Number(process.env[POLL_VARIABLE])
  if (asked > 0) {
    const pollMs = asked * 1000
    return { pollMs, watchMs: Math.min(pollMs, 250), graceMs: 2 * pollMs + 2000 }
  }
  const pollMs = pollSeconds * 1000
  return { pollMs, watchMs: 2000, graceMs: Math.max(SHARED_DELAY_MS, 2 * pollMs) }
}
