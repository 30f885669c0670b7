/** Branches as they were earlier in their training, and their merges for the mixtures that are trained. Pure. */
import type { Study } from '#shared/records'
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { WeightedBranch } from '#engine/workers/jobs'
import type { ModelToMeasure } from './measureModels'
import { mergeFingerprint } from './plannedMerges'
import type { PlannedRun, StudyPlan } from './plan'

/** A merge of branches as they were at one step. */
export interface EarlierMerge {
  mixture: string
  step: number
  fingerprint: string
  branches: WeightedBranch[]
}

/**
 * Steps after which a branch's weights are kept besides those of its end: the same for all branches
 * of a study, so that they can be merged. Those that are trained again are asked about at their end
 * alone.
 *
 * They follow from a study's field that no fingerprint holds, since what is trained does not depend
 * on what is kept.
 */
export function keptSteps(study: Study, { role, repeat }: PlannedRun): number[] {
  if (role !== 'branch' || repeat !== null) return []
  const steps = shortestBranch(study)
  const wanted = study.evaluation.branchCheckpoints.map((share) => Math.round(share * steps))
  return [...new Set(wanted)].filter((step) => step > 0 && step < steps).sort((a, b) => a - b)
}

/** Steps of the shortest branch: parts of a base unit differ by one where they do not divide it. */
export function shortestBranch({ unit, branch }: Study): number {
  return Math.floor(Math.floor(unit.sequences / branch.batchSize) / unit.parts)
}

/**
 * Merges of earlier branches, of the kind that is diagnosed, for every mixture of several branches
 * that is also trained for real.
 */
export function planEarlier(study: Study, plan: StudyPlan): EarlierMerge[] {
  const [kind] = study.merges
  const trained = new Set(plan.sequentialMixtures)
  const merges = plan.merges.filter((one) => one.merge === kind && trained.has(one.mixture))
  const steps = plan.branches[0] ? keptSteps(study, plan.branches[0]) : []
  return steps.flatMap((step) =>
    merges.map(({ mixture, branches }) => ({
      mixture,
      step,
      fingerprint: mergeFingerprint(
        branches.map(({ fingerprint, weight }) => ({
          fingerprint: fingerprintOf({ run: fingerprint, step }),
          weight
        }))
      ),
      branches
    }))
  )
}

/** Earlier merges as models to be measured. */
export function earlierModels(merges: readonly EarlierMerge[]): ModelToMeasure[] {
  return merges.map(({ mixture, step, fingerprint, branches }) => ({
    label: `merge ${mixture} at step ${step}`,
    role: 'merge',
    fingerprint,
    model: { kind: 'merge', branches, step },
    isProbe: true
  }))
}
