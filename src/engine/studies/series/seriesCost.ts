/** What the studies of a series would cost together: what several share is counted once. Pure. */
import type { Study } from '#shared/records'
import type { SeriesCost, SeriesStudyCost } from '#shared/seriesView'
import type { MeasuredRate } from '../cost'
import { distinctModels } from '../measureModels'
import { distinctRuns, runsOf } from '../plan'
import type { StudyPlan } from '../plan'

/** One study of a series as it is planned. */
export interface PlannedSetting {
  study: Study
  plan: StudyPlan
  /** Predicted tokens of all domains together. */
  tokensEach: number
  /** True for a model that lacks no measurement. */
  isMeasured: (fingerprint: string) => boolean
}

/**
 * Adds up a series, setting by setting.
 *
 * @param isDone whether a run's checkpoint is there
 */
export function seriesCost(
  settings: readonly PlannedSetting[],
  rate: MeasuredRate,
  isDone: (fingerprint: string) => boolean
): SeriesCost {
  const trained = new Set<string>()
  const measured = new Set<string>()
  const studies = settings.map(({ study, plan, tokensEach, isMeasured }): SeriesStudyCost => {
    const runs = distinctRuns(runsOf(plan))
    const left = runs.filter(({ fingerprint }) => !isDone(fingerprint) && !trained.has(fingerprint))
    const models = distinctModels(plan).filter((one) => !isMeasured(one) && !measured.has(one))
    for (const { fingerprint } of left) trained.add(fingerprint)
    for (const model of models) measured.add(model)
    const tokensLeft = left.reduce((sum, run) => sum + run.tokens, 0)
    const atOnce = Math.min(rate.workers, Math.max(1, left.length))
    return {
      study: study.name,
      setting: study.series?.value ?? null,
      mixtures: plan.mixtures.length,
      runs: runs.length,
      runsLeft: left.length,
      tokensLeft,
      modelsLeft: models.length,
      seconds:
        tokensLeft / (rate.trainTokensPerSecond * atOnce) +
        (models.length * tokensEach) / (rate.evaluateTokensPerSecond * rate.workers)
    }
  })
  const sum = (of: (one: SeriesStudyCost) => number) =>
    studies.reduce((total, one) => total + of(one), 0)
  return {
    studies,
    runsLeft: sum((one) => one.runsLeft),
    tokensLeft: sum((one) => one.tokensLeft),
    seconds: sum((one) => one.seconds)
  }
}
