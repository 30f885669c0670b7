/** The unit size as a slider has it, and what it would give, in words. Pure. */
import type { UnitPreview } from '#shared/storedText'
import { counted, grouped } from '../format'

/** Places of the slider. */
export const SLIDER_STEPS = 1000

/** Unit sizes span orders of magnitude: the slider is logarithmic, from 1 to `most`. */
export function sizeAt(step: number, most: number): number {
  if (most <= 1) return 1
  return Math.max(1, Math.min(most, Math.round(most ** (step / SLIDER_STEPS))))
}

/** Where a unit size stands on the slider. */
export function stepOf(sequences: number, most: number): number {
  if (most <= 1 || sequences <= 1) return 0
  return Math.round((SLIDER_STEPS * Math.log(Math.min(sequences, most))) / Math.log(most))
}

/** What a unit size would give. */
export function unitWords({ partitions }: UnitPreview): string {
  const units = partitions.reduce((sum, one) => sum + one.units.length, 0)
  const with_ = partitions.filter((one) => one.units.length > 0).length
  const leftOver = partitions.reduce((sum, one) => sum + one.leftOverTokens, 0)
  return (
    `${counted(units, 'base unit')} from ${with_ === partitions.length ? '' : `${with_} of `}` +
    `${counted(partitions.length, 'partition')}, ${grouped(leftOver)} tokens left over`
  )
}

/** Partitions that would stop the study, with the reason. */
export function unitProblems({ partitions }: UnitPreview): { partition: string; why: string }[] {
  return partitions.flatMap(({ partition, tokens, problem }) =>
    problem === null || tokens === null ? [] : [{ partition, why: problem }]
  )
}

/** What becomes of finished runs; null when all keep their use. */
export function lostRunsWords({ finishedRuns, unusedRuns }: UnitPreview): string | null {
  if (unusedRuns === 0) return null
  return (
    `${grouped(unusedRuns)} of ${counted(finishedRuns, 'finished run')} would not be used any more. ` +
    `They stay stored, and are used again when the size is set back.`
  )
}
