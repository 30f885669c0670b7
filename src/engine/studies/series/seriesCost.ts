/** What the studies of a series would cost together: what several share is counted once. Pure. */
import type { Study } from '#shared/records'
import type { SeriesCost, SeriesDemand, SeriesStudyCost, SettingDemand } from '#shared/seriesView'
import { sumOrNull, trainingSeconds } from '../cost'
import type { MeasuredRate } from '../cost'
import { distinctModels } from '../measureModels'
import { distinctRuns, runsOf } from '../plan'
import type { StudyPlan } from '../plan'

/** One study of a series as it is planned. */
interface DemandedSetting {
  study: Study
  plan: StudyPlan
}

/** The same where what is measured is known too. */
export interface PlannedSetting extends DemandedSetting {
  /** Predicted tokens of all domains together. */
  tokensEach: number
  /** True for a model that lacks no measurement. */
  isMeasured: (fingerprint: string) => boolean
}

/**
 * Adds up the runs of a series, setting by setting.
 *
 * @param isDone whether a run's checkpoint is there
 */
export function seriesDemand(
  settings: readonly DemandedSetting[],
  isDone: (fingerprint: string) => boolean
): SeriesDemand {
  const trained = new Set<string>()
  const studies = settings.map(({ study, plan }): SettingDemand => {
    const runs = distinctRuns(runsOf(plan))
    const left = runs.filter(({ fingerprint }) => !isDone(fingerprint) && !trained.has(fingerprint))
    for (const { fingerprint } of left) trained.add(fingerprint)
    return {
      study: study.name,
      setting: study.series?.value ?? null,
      mixtures: plan.mixtures.length,
      runs: runs.length,
      runsLeft: left.length,
      tokensLeft: left.reduce((sum, run) => sum + run.tokens, 0)
    }
  })
  return {
    studies,
    runsLeft: studies.reduce((sum, one) => sum + one.runsLeft, 0),
    tokensLeft: studies.reduce((sum, one) => sum + one.tokensLeft, 0)
  }
}

/** Adds up a series with its measurements and time; `isDone` as {@link seriesDemand} has it. */
export function seriesCost(
  settings: readonly PlannedSetting[],
  rate: MeasuredRate,
  isDone: (fingerprint: string) => boolean
): SeriesCost {
  const demand = seriesDemand(settings, isDone)
  const measured = new Set<string>()
  const studies = settings.map(({ plan, tokensEach, isMeasured }, place): SeriesStudyCost => {
    const asked = demand.studies[place]!
    const models = distinctModels(plan).filter((one) => !isMeasured(one) && !measured.has(one))
    for (const model of models) measured.add(model)
    const atOnce = Math.min(rate.workers, Math.max(1, asked.runsLeft))
    return {
      ...asked,
      modelsLeft: models.length,
      seconds: sumOrNull([
        trainingSeconds(asked.tokensLeft, rate, atOnce),
        (models.length * tokensEach) / (rate.evaluateTokensPerSecond * rate.workers)
      ])
    }
  })
  return { ...demand, studies, seconds: sumOrNull(studies.map((one) => one.seconds)) }
}
