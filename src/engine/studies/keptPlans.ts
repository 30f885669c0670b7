/** Plans that were made lately: screens ask for them at every change. */
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { SeedCheckpoint } from '#engine/workers/jobs'
import type { Study } from '#shared/records'
import { planStudy } from './plan'
import type { PlanHistory, PlannedText, StudyPlan } from './plan'

/** Of a study as it is, as it is edited, and of single mixtures evaluated beside it. */
const MOST = 8

/** Plans are made anew only when something that they depend on has changed. */
export class KeptPlans {
  /** By what they depend on, the one asked for last behind all others. */
  readonly #kept = new Map<string, StudyPlan>()

  /** As {@link planStudy}. */
  plan(
    study: Study,
    prepared: PlannedText,
    checkpoint: SeedCheckpoint | null,
    history: PlanHistory
  ): StudyPlan {
    const key = fingerprintOf({
      study,
      tokenizer: prepared.tokenizer,
      units: prepared.partitions.flatMap((partition) => partition.baseUnits),
      seed: prepared.seed?.baseUnits ?? [],
      checkpoint,
      members: history.members,
      trained: [...history.trained].sort(),
      sequentials: [...history.sequentials].sort()
    })
    const plan = this.#kept.get(key) ?? planStudy(study, prepared, checkpoint, history)
    this.#kept.delete(key)
    this.#kept.set(key, plan)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST) break
      this.#kept.delete(oldest)
    }
    return plan
  }
}
