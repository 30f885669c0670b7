/** A study's cost as a screen is told it: counts at once, times only where a rate was measured. */
import type { Cost } from '#shared/trainingView'
import type { Study } from '#shared/records'
import { naiveTraining } from './cost'
import type { PlanSummary } from './cost'
import { distinctRuns, runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'

/** Of a cost, what the plan says: its disk is asked apart. */
type PlannedCost = Omit<Cost, 'disk'>

/**
 * Counts runs and tokens of a plan beside the naive way.
 *
 * @param isDone whether a run's checkpoint is there
 * @param summary with times, where they were asked for
 */
export function studyCost(
  study: Study,
  plan: StudyPlan,
  isDone: (fingerprint: string) => boolean,
  summary: PlanSummary | null
): PlannedCost {
  const distinct = distinctRuns(runsOf(plan))
  const isEvidence = (run: PlannedRun) => run.role === 'sequential' || run.repeat !== null
  const total = (runs: readonly { tokens: number }[]) => ({
    runs: runs.length,
    tokens: runs.reduce((sum, run) => sum + run.tokens, 0)
  })
  return {
    modular: total(distinct.filter((run) => !isEvidence(run))),
    evidence: total(distinct.filter(isEvidence)),
    left: total(distinct.filter((run) => !isDone(run.fingerprint))),
    naive: naiveTraining(study, plan),
    mixtures: plan.mixtures.length,
    estimate: summary && {
      trainingSeconds: summary.trainingSeconds,
      evaluationSeconds: summary.evaluationSeconds,
      naiveSeconds: summary.naive.seconds,
      diskBytes: summary.diskBytes,
      memoryBytes: summary.memoryBytes,
      trainTokensPerSecond: summary.rate.trainTokensPerSecond,
      workers: summary.rate.workers,
      device: summary.device
    }
  }
}
