/** What was said of a study's proxies last, as long as nothing new was measured. */
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { ReportJob } from '#engine/workers/jobs'
import type { WorkerPool } from '#engine/workers/pool'
import type { Belief } from '#shared/contract'

/**
 * Asks a worker for beliefs, and keeps the last of each study.
 *
 * Both, since each alone falls short. A belief is 2,000 resamples per statistic: with 26 mixtures on
 * eight domains and six means it kept the host's thread from answering anybody for 2.2 s. Computed by a
 * worker, in a lane where nothing trains, it keeps the host busy for 0.03 s at a time. And the same
 * belief is asked for by every window opened and every study compared (2.8 s each, 0.04 s when kept),
 * so it is kept until something is measured.
 */
export class StoredBeliefs {
  readonly #pool: WorkerPool
  readonly #byStudy = new Map<string, { key: string; belief: Promise<Belief> }>()

  constructor(pool: WorkerPool) {
    this.#pool = pool
  }

  /**
   * The belief of what a report is about.
   *
   * @param measured how many measurements the project has: they are only ever added
   */
  read(report: ReportJob, measured: number): Promise<Belief> {
    const { study, prepared, mixtures, sequentialMixtures } = report
    const domains = prepared.domains.map(({ fingerprint }) => fingerprint)
    const models = report.models.map(({ fingerprint }) => fingerprint)
    const names = mixtures.map(({ name }) => name)
    const key = fingerprintOf({ study, domains, models, names, sequentialMixtures, measured })
    const known = this.#byStudy.get(study.name)
    if (known?.key === key) return known.belief
    const belief = this.#pool.run('belief', report, { lane: 'aside' })
    this.#byStudy.set(study.name, { key, belief })
    // What failed is asked again the next time.
    belief.catch(() => {
      if (this.#byStudy.get(study.name)?.key === key) this.#byStudy.delete(study.name)
    })
    return belief
  }
}
